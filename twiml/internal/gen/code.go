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
		if e.Text == "" && e.Content == nil && len(e.Children) == 0 {
			f.line("return w.leaf(&x.Extra, \"</%s>\")\n}\n", e.Name)
			continue
		}
		text := "\"\""
		if e.Text != "" {
			text = "x." + e.Text
		}
		f.line("if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {")
		f.line("return w.rare(x, &x.Extra, %s, \"</%s>\")\n}", text, e.Name)
		f.line("w.buf = append(w.buf, '>')\nmark := len(w.buf)")
		if e.Text != "" {
			f.line("w = w.text(x.%s)", e.Text)
		}
		if e.Content != nil {
			if e.one() {
				f.line("if x.Noun != nil {\nw = x.Noun.write(w)\n}")
			} else {
				f.line("for _, n := range x.%s {\nif n == nil {\nw = w.missing()\n} else {\nw = n.write(w)\n}\n}", e.Content.Field)
			}
		}
		for _, c := range e.Children {
			if c.One {
				f.line("if x.%s != nil {\nw = x.%s.write(w)\n}", c.Field, c.Field)
			} else {
				f.line("for i := range x.%s {\nw = x.%s[i].write(w)\n}", c.Field, c.Field)
			}
		}
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

// readers generates the methods of an element that Parse needs and Extra does not have.
func (s *Schema) readers(f *file, kind string) {
	for e := range s.kind(kind) {
		if form := e.form(); form != "formMixed" {
			f.line("func (x *%s) form() form { return %s }\n", e.Type, form)
		}
		s.child(f, e)
		s.set(f, e)
		s.add(f, e)
		s.chars(f, e)
		s.foreign(f, e)
	}
}

// set generates the method that sets a field from an attribute.
func (s *Schema) set(f *file, e *Element) {
	if len(e.Attrs) == 0 {
		return
	}
	f.line("func (x *%s) set(name, value string) fit {", e.Type)
	f.line("switch name {")
	for _, a := range e.Attrs {
		f.line("case %q:\nreturn %s", a.Name, s.readAttr(a))
	}
	f.line("}\nreturn unfit\n}\n")
}

func (s *Schema) readAttr(a Attr) string {
	field := "&x." + a.field()
	switch a.Type {
	case "Bool":
		return fmt.Sprintf("readBool(%s, value)", field)
	case "int":
		return fmt.Sprintf("readUnits(%s, value, 1)", field)
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
	if e.Content == nil && len(e.Children) == 0 {
		return
	}
	f.line("func (x *%s) add(name string) (element, slot) {", e.Type)
	switch {
	case e.one():
		f.line("if x.Noun != nil {\nreturn nil, slotNodes\n}")
		f.line("n := new%s(name)\nif n == nil {\nreturn nil, slotNodes\n}", e.Content.Of)
		f.line("x.Noun = n\nreturn n.(element), slotFields\n}\n")
	case e.Content != nil:
		f.line("n := new%s(name)\nif n == nil {\nreturn nil, slotFields\n}", e.Content.Of)
		f.line("x.%s = grow(x.%s, n)\nreturn n.(element), slotFields\n}\n", e.Content.Field, e.Content.Field)
	default:
		f.line("switch name {")
		for i, c := range e.Children {
			f.line("case %q:", s.Element(c.Type).Name)
			if c.One {
				f.line("if x.%s == nil {\nx.%s = new(%s)\nreturn x.%s, %s\n}", c.Field, c.Field, c.Type, c.Field, slotOf(i))
			} else {
				f.line("x.%s = grow(x.%s, %s{})\nreturn &x.%s[len(x.%s)-1], %s", c.Field, c.Field, c.Type, c.Field, c.Field, slotOf(i))
			}
		}
		f.line("}\nreturn nil, slotNodes\n}\n")
	}
}

// slotOf returns the slot of the i-th field for children.
func slotOf(i int) string {
	if i == 0 {
		return "slotFields"
	}
	return fmt.Sprintf("slotFields + %d", i)
}

// child generates the method that returns a child by its place.
func (s *Schema) child(f *file, e *Element) {
	if e.Content == nil && len(e.Children) == 0 {
		return
	}
	f.line("func (x *%s) child(s slot, i int) (Node, bool) {", e.Type)
	f.line("switch {")
	if e.one() {
		f.line("case s == slotFields && i == 0 && x.Noun != nil:\nreturn x.Noun, true")
	} else if e.Content != nil {
		f.line("case s == slotFields && i < len(x.%s):\nreturn x.%s[i], true", e.Content.Field, e.Content.Field)
	}
	for i, c := range e.Children {
		if c.One {
			f.line("case s == %s && i == 0 && x.%s != nil:\nreturn x.%s, true", slotOf(i), c.Field, c.Field)
		} else {
			f.line("case s == %s && i < len(x.%s):\nreturn &x.%s[i], true", slotOf(i), c.Field, c.Field)
		}
	}
	f.line("}\nreturn nil, false\n}\n")
}

// chars generates the method that takes character data.
func (s *Schema) chars(f *file, e *Element) {
	if e.Text == "" && e.Content == nil || e.form() == "formFields" {
		return
	}
	f.line("func (x *%s) chars(s string) {", e.Type)
	switch {
	case e.Spoken && e.Content != nil:
		f.line("if len(x.%s) != 0 {\nx.%s = append(x.%s, Text(s))\n} else {\nx.%s += s\n}", e.Content.Field, e.Content.Field, e.Content.Field, e.Text)
	case e.Spoken:
		f.line("x.%s = s", e.Text)
	case e.Text != "":
		f.line("x.%s = trimSpace(s)", e.Text)
	default:
		f.line("if !isSpace(s) {\nx.foreign(Text(s))\n}")
	}
	f.line("}\n")
}

// foreign generates the method that takes an element outside of the schema where it has
// a place among the children; elsewhere Extra takes it.
func (s *Schema) foreign(f *file, e *Element) {
	if e.Content != nil && e.form() != "formFields" {
		f.line("func (x *%s) foreign(n Node) slot {\nx.%s = append(x.%s, n.(%s))\nreturn slotFields\n}\n", e.Type, e.Content.Field, e.Content.Field, e.Content.Of)
	}
}

// form returns where the element keeps its content.
func (e *Element) form() string {
	switch {
	case e.Spoken && e.Content == nil:
		return "formSpoken"
	case e.Text != "" && !e.Spoken:
		return "formName"
	case len(e.Children) != 0 || e.one():
		return "formFields"
	}
	return "formMixed"
}
