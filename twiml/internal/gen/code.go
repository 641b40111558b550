package gen

import (
	"fmt"
	"strings"
)

// writers generates the write methods: fields in the order of the schema.
func (s *Schema) writers(f *file, kind string) {
	for e := range s.kind(kind) {
		f.line("func (x *%s) write(w writer) writer {", e.Type)
		f.line("if x == nil {\nreturn w.missing()\n}")
		f.line("w = w.open(\"<%s\", class%s, x)", e.Name, e.Type)
		for _, a := range e.Attrs {
			f.line("w = %s", s.writeAttr(a))
		}
		if e.Text == "" && len(e.Content)+len(e.Children) == 0 {
			f.line("return w.leaf(&x.Extra, \"</%s>\")\n}\n", e.Name)
			continue
		}
		f.line("w = w.body(x.Attrs)\nmark := len(w.buf)")
		if e.Text != "" {
			f.line("w = w.text(x.%s)", e.Text)
		}
		if len(e.Content) != 0 {
			if e.Type == "Connect" {
				f.line("if x.Noun != nil {\nw = x.Noun.write(w)\n}")
			} else {
				f.line("for _, n := range x.%s {\nif n == nil {\nw = w.missing()\n} else {\nw = n.write(w)\n}\n}", e.Content[0])
			}
		}
		for _, c := range e.Children {
			if c.One {
				f.line("if x.%s != nil {\nw = x.%s.write(w)\n}", c.Field, c.Field)
			} else {
				f.line("for i := range x.%s {\nw = x.%s[i].write(w)\n}", c.Field, c.Field)
			}
		}
		f.line("w = w.rest(x.Nodes)")
		f.line("return w.close(mark, \"</%s>\")\n}\n", e.Name)
	}
}

func (s *Schema) writeAttr(a Attr) string {
	prefix, field := fmt.Sprintf("` %s=\"`", a.Name), "x."+a.field()
	switch a.Type {
	case "string", "url", "absoluteURL", "wss":
		return fmt.Sprintf("w.str(%s, %s)", prefix, field)
	case "int":
		return fmt.Sprintf("w.num(%s, %s)", prefix, field)
	case "[]int":
		return fmt.Sprintf("w.nums(%s, %s)", prefix, field)
	case "seconds", "milliseconds", "duration":
		return fmt.Sprintf("w.%s(%s, %s)", a.Type, prefix, field)
	}
	if strings.HasPrefix(a.Type, "[]") {
		return fmt.Sprintf("writeList(w, %s, %s)", prefix, field)
	}
	return fmt.Sprintf("w.str(%s, string(%s))", prefix, field)
}

// readers generates what Parse needs of an element and Extra does not have.
func (s *Schema) readers(f *file, kind string) {
	for e := range s.kind(kind) {
		s.set(f, e)
		s.add(f, e)
		s.chars(f, e)
		s.apart(f, e)
		s.foreign(f, e)
	}
}

// set generates the method that sets a field from an attribute.
func (s *Schema) set(f *file, e *Element) {
	if len(e.Attrs) == 0 {
		return
	}
	f.line("func (x *%s) set(name, value string) bool {", e.Type)
	f.line("switch name {")
	for _, a := range e.Attrs {
		f.line("case %q:\nreturn %s", a.Name, s.readAttr(a))
	}
	f.line("}\nreturn false\n}\n")
}

func (s *Schema) readAttr(a Attr) string {
	field := "&x." + a.field()
	switch a.Type {
	case "int":
		return fmt.Sprintf("readInt(%s, value)", field)
	case "[]int":
		return fmt.Sprintf("readInts(%s, value)", field)
	case "seconds":
		return fmt.Sprintf("readUnits(%s, value, time.Second)", field)
	case "milliseconds":
		return fmt.Sprintf("readUnits(%s, value, time.Millisecond)", field)
	case "duration":
		return fmt.Sprintf("readDuration(%s, value)", field)
	}
	if strings.HasPrefix(a.Type, "[]") {
		return fmt.Sprintf("readList(%s, value)", field)
	}
	return fmt.Sprintf("read(%s, value)", field)
}

// add generates the method that makes a typed child.
func (s *Schema) add(f *file, e *Element) {
	if len(e.Content)+len(e.Children) == 0 {
		return
	}
	f.line("func (x *%s) add(name string) element {", e.Type)
	switch {
	case e.Type == "Connect":
		f.line("if x.Noun != nil {\nreturn nil\n}")
		f.line("n := new%s(name)\nif n == nil {\nreturn nil\n}", e.Content[1])
		f.line("x.Noun = n\nreturn n.(element)\n}\n")
	case len(e.Content) != 0:
		f.line("n := new%s(name)\nif n == nil {\nreturn nil\n}", e.Content[1])
		f.line("x.%s = grow(x.%s, n)\nreturn n.(element)\n}\n", e.Content[0], e.Content[0])
	default:
		f.line("switch name {")
		for _, c := range e.Children {
			f.line("case %q:", s.element(c.Type).Name)
			if c.One {
				f.line("if x.%s == nil {\nx.%s = new(%s)\nreturn x.%s\n}", c.Field, c.Field, c.Type, c.Field)
			} else {
				f.line("x.%s = grow(x.%s, %s{})\nreturn &x.%s[len(x.%s)-1]", c.Field, c.Field, c.Type, c.Field, c.Field)
			}
		}
		f.line("}\nreturn nil\n}\n")
	}
}

// chars generates the method that takes character data.
func (s *Schema) chars(f *file, e *Element) {
	if e.Text == "" && len(e.Content) == 0 {
		return
	}
	f.line("func (x *%s) chars(s string) {", e.Type)
	switch {
	case e.Spoken && len(e.Content) != 0:
		f.line("if len(x.%s) != 0 {\nx.%s = append(x.%s, Text(s))\n} else {\nx.%s += s\n}", e.Content[0], e.Content[0], e.Content[0], e.Text)
	case e.Spoken:
		f.line("x.%s = s", e.Text)
	case e.Text != "":
		f.line("x.%s = trimSpace(s)", e.Text)
	default:
		f.line("if !isSpace(s) {\nx.foreign(Text(s))\n}")
	}
	f.line("}\n")
}

// apart generates the method that tells where text has no place among the children.
func (s *Schema) apart(f *file, e *Element) {
	if e.Text != "" && (len(e.Content) == 0 || !e.Spoken) {
		f.line("func (x *%s) apart() bool { return true }\n", e.Type)
	}
}

// foreign generates the method that takes what is not in the schema where it
// has a place among the children; elsewhere Extra takes it.
func (s *Schema) foreign(f *file, e *Element) {
	switch {
	case e.Type == "Connect":
		f.line("func (x *Connect) foreign(n Node) {")
		f.line("if e, ok := n.(*Element); ok && x.Noun == nil {\nx.Noun = e\nreturn\n}")
		f.line("x.Extra.foreign(n)\n}\n")
	case len(e.Content) != 0:
		f.line("func (x *%s) foreign(n Node) { x.%s = append(x.%s, n.(%s)) }\n", e.Type, e.Content[0], e.Content[0], e.Content[1])
	}
}
