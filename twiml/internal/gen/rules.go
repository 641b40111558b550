package gen

import (
	"fmt"
	"strconv"
	"strings"
)

// rules generates the table that Validate works with.
func (s *Schema) rules(f *file) {
	f.line("// classes of elements: one for each type of the schema.")
	f.line("const (")
	f.line("classElement classID = iota // not in the schema")
	for _, e := range s.Elements {
		f.line("class%s", e.Type)
	}
	f.line(")\n")
	f.line("// classes holds the rules of each element. It is never written to.")
	f.line("var classes = [...]class{")
	for i := range s.Elements {
		e := &s.Elements[i]
		fmt.Fprintf(f, "class%s: {name: %q", e.Type, e.Name)
		if e.Text != "" {
			f.WriteString(", text: true")
		}
		if e.Open {
			f.WriteString(", open: true")
		}
		if kids := s.Kids(e); len(kids) != 0 {
			fmt.Fprintf(f, ", children: []classID{class%s}", strings.Join(kids, ", class"))
		}
		if len(e.Attrs) != 0 {
			f.line(", attrs: []rule{")
			for _, a := range e.Attrs {
				f.line("%s,", s.rule(a))
			}
			f.WriteString("}")
		}
		f.line("},")
	}
	f.line("}\n")
	f.line("// retired are elements that Twilio had once. It is never written to.")
	f.line("var retired = [...]string{")
	for _, name := range s.Retired {
		f.line("%q,", name)
	}
	f.line("}")
}

func (s *Schema) rule(a Attr) string {
	var b strings.Builder
	b.WriteString("{name: " + strconv.Quote(a.Name) + ", kind: ")
	base := strings.TrimPrefix(a.Type, "[]")
	if en := s.Enum(base); en != nil {
		b.WriteString("kindEnum, enum: []string{")
		for i, v := range en.All() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strconv.Quote(v))
		}
		b.WriteString("}")
		if en.Open {
			b.WriteString(", open: true")
		}
	} else {
		b.WriteString(kinds[base])
	}
	if base != a.Type {
		b.WriteString(", list: true")
	}
	if a.Required {
		b.WriteString(", required: true")
	}
	num := func(name string, v int) {
		if v != 0 {
			b.WriteString(", " + name + ": " + strconv.Itoa(v))
		}
	}
	num("min", a.Min)
	num("max", a.Max)
	num("maxLen", a.MaxLen)
	num("code", a.Code)
	if a.Chars != "" {
		b.WriteString(", chars: " + strconv.Quote(a.Chars))
	}
	return b.String() + "}"
}

// kinds holds the constant of package twiml for each plain type.
var kinds = map[string]string{
	"string": "kindString", "url": "kindURL", "absoluteURL": "kindAbsoluteURL", "wss": "kindWSS",
	"int": "kindInt", "seconds": "kindSeconds", "milliseconds": "kindMilliseconds", "duration": "kindDuration",
}
