// Package gen writes the Go code of package twiml from its schema.
package gen

import (
	"bytes"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"
)

// Generate returns the generated files of package twiml by name.
func Generate(schema []byte) (map[string][]byte, error) {
	s, err := Parse(schema)
	if err != nil {
		return nil, err
	}
	files := map[string]func(*file){
		"enums_gen.go":    s.enums,
		"children_gen.go": s.interfaces,
		"rules_gen.go":    s.rules,
	}
	for kind, name := range map[string]string{
		"verb": "verbs", "dial": "dial_nouns", "connect": "connect_nouns", "ssml": "ssml",
	} {
		files[name+"_gen.go"] = func(f *file) { s.types(f, kind) }
		files[name+"_write_gen.go"] = func(f *file) { s.writers(f, kind) }
		files[name+"_read_gen.go"] = func(f *file) { s.readers(f, kind) }
	}
	out := make(map[string][]byte)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := new(file)
		files[name](f)
		src, err := f.source()
		if err != nil {
			return nil, fmt.Errorf("gen: %s: %w", name, err)
		}
		out[name] = src
	}
	return out, nil
}

// file is Go source in the making.
type file struct{ bytes.Buffer }

func (f *file) line(format string, args ...any) { fmt.Fprintf(f, format+"\n", args...) }

func (f *file) doc(text string) {
	for l := range strings.SplitSeq(text, "\n") {
		f.line("// %s", l)
	}
}

// source returns the formatted file, with the header and the import it needs.
func (f *file) source() ([]byte, error) {
	head := "// Code generated from schema.json by go generate; DO NOT EDIT.\n\npackage twiml\n\n"
	if bytes.Contains(f.Bytes(), []byte("time.")) {
		head += "import \"time\"\n\n"
	}
	return format.Source(append([]byte(head), f.Bytes()...))
}

func (s *Schema) enums(f *file) {
	for _, e := range s.Enums {
		f.doc(e.Doc)
		f.line("type %s string\n", e.Name)
		f.line("// Values of [%s].", e.Name)
		f.line("const (")
		for _, v := range e.Values {
			f.line("%s %s = %q", v[0], e.Name, v[1])
		}
		f.line(")\n")
	}
}

func (s *Schema) interfaces(f *file) {
	for _, c := range s.Children {
		f.doc(c.Doc)
		f.doc("Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are")
		f.doc(wrap("["+strings.Join(c.Members, "], [")+"].", 76))
		f.line("type %s interface {", c.Name)
		f.line("Node")
		f.line("%s()", marker(c.Name))
		f.line("}\n")
	}
	for _, c := range s.Children {
		for _, m := range c.Members {
			f.line("func (*%s) %s() {}", m, marker(c.Name))
		}
		f.line("func (*Element) %s() {}", marker(c.Name))
		f.line("func (Comment) %s() {}", marker(c.Name))
		f.line("func (ProcInst) %s() {}", marker(c.Name))
		f.line("func (Text) %s() {}\n", marker(c.Name))
	}
	for _, c := range s.Children {
		f.line("// new%s returns an empty element, or nil when none has that name.", c.Name)
		f.line("func new%s(name string) %s {", c.Name, c.Name)
		f.line("switch name {")
		for _, m := range c.Members {
			f.line("case %q:\nreturn new(%s)", s.Element(m).Name, m)
		}
		f.line("}\nreturn nil\n}\n")
	}
}

// marker returns the method that makes a type a member of an interface.
func marker(iface string) string { return "is" + iface }

func (s *Schema) types(f *file, kind string) {
	for e := range s.kind(kind) {
		f.doc(e.Doc)
		f.line("type %s struct {", e.Type)
		if e.Text != "" {
			f.line("%s string %s", e.Text, comment(e.TextDoc))
		}
		if e.Content != nil {
			if e.one() {
				f.line("%s %s", e.Content.Field, e.Content.Of)
			} else {
				f.line("%s []%s", e.Content.Field, e.Content.Of)
			}
		}
		for _, c := range e.Children {
			if c.One {
				f.line("%s *%s", c.Field, c.Type)
			} else {
				f.line("%s []%s", c.Field, c.Type)
			}
		}
		if e.Text != "" || e.Content != nil || len(e.Children) != 0 {
			f.line("")
		}
		for _, a := range e.Attrs {
			f.line("%s %s %s", a.field(), a.goType(), comment(a.Doc))
		}
		f.line("\nExtra")
		f.line("}\n")
	}
}

func comment(doc string) string {
	if doc == "" {
		return ""
	}
	return "// " + doc
}

// kind yields the elements of one kind, by type.
func (s *Schema) kind(kind string) func(func(*Element) bool) {
	return func(yield func(*Element) bool) {
		types := make([]string, 0, len(s.Elements))
		for _, e := range s.Elements {
			if e.Kind == kind {
				types = append(types, e.Type)
			}
		}
		slices.Sort(types)
		for _, t := range types {
			if !yield(s.Element(t)) {
				return
			}
		}
	}
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) string {
	var b strings.Builder
	n := 0
	for i, w := range strings.Fields(text) {
		if n+1+len(w) > width {
			b.WriteByte('\n')
			n = 0
		} else if i > 0 {
			b.WriteByte(' ')
			n++
		}
		b.WriteString(w)
		n += len(w)
	}
	return b.String()
}
