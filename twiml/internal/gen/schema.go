package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Schema is the content of schema.json: every element of TwiML for voice.
type Schema struct {
	Enums    []Enum     // sets of attribute values
	Children []Children // one Go interface for each set of children
	Elements []Element
	Retired  []string // elements that Twilio had once
}

// Enum is a string type with constants.
type Enum struct {
	Name    string
	Doc     string
	Values  [][2]string // constant, value
	Aliases []string    // accepted values without a constant
	Open    bool        // Twilio adds values: one that is not here is a warning
}

// All returns the values, those without a constant last.
func (e *Enum) All() []string {
	all := make([]string, 0, len(e.Values)+len(e.Aliases))
	for _, v := range e.Values {
		all = append(all, v[1])
	}
	return append(all, e.Aliases...)
}

// Children is an interface that its members implement, so that only they can
// be written where it is asked for.
type Children struct {
	Name    string
	Doc     string
	Members []string // types
}

// Element is a verb, a noun or a piece of SSML.
type Element struct {
	Type     string // in Go
	Name     string // in TwiML
	Kind     string // root, verb, ssml, or dial and connect for the nouns of these
	Doc      string
	Text     string // the field for the text content
	TextDoc  string
	Spoken   bool     // white space in the text counts
	Open     bool     // Twilio documents neither its attributes nor its children
	Content  *Content // mixed children
	Children []Child  // children with a field for each type
	Attrs    []Attr
}

// Content is the field of mixed children.
type Content struct {
	Field string
	Of    string // the interface of its members
	One   bool   // at most one
}

// Child is a typed child.
type Child struct {
	Type  string
	Field string
	One   bool // at most one
}

// Attr is an attribute.
type Attr struct {
	Name     string
	Type     string // string, url, absoluteURL, wss, int, seconds, milliseconds, duration, an enum or a list ([]) of one
	Field    string // in Go, when it does not follow from Name
	Doc      string
	Required bool
	Min, Max int    // of a number; 0: no limit
	MaxLen   int    // in characters
	Chars    string // the only characters allowed
	Code     int    // Twilio's error when it is wrong
}

// maxFields is how many fields for children an element can have; see slot in package
// twiml.
const maxFields = 3

// Parse reads a schema and checks the assumptions of the generator.
func Parse(data []byte) (*Schema, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	s := new(Schema)
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("gen: schema: %w", err)
	}
	for _, e := range s.Elements {
		if len(e.Children) > maxFields {
			return nil, fmt.Errorf("gen: schema: %s: more than %d types of children", e.Type, maxFields)
		}
		for _, a := range e.Attrs {
			if !s.known(strings.TrimPrefix(a.Type, "[]")) {
				return nil, fmt.Errorf("gen: schema: %s.%s: unknown type %q", e.Type, a.Name, a.Type)
			}
		}
		for _, c := range e.Children {
			if s.Element(c.Type) == nil {
				return nil, fmt.Errorf("gen: schema: %s: unknown child %q", e.Type, c.Type)
			}
		}
		if e.Content != nil && s.children(e.Content.Of) == nil {
			return nil, fmt.Errorf("gen: schema: %s: unknown children %q", e.Type, e.Content.Of)
		}
	}
	for _, c := range s.Children {
		for _, m := range c.Members {
			if s.Element(m) == nil {
				return nil, fmt.Errorf("gen: schema: %s: unknown member %q", c.Name, m)
			}
		}
	}
	return s, nil
}

func (s *Schema) known(typ string) bool {
	switch typ {
	case "string", "url", "absoluteURL", "wss", "int", "seconds", "milliseconds", "duration":
		return true
	}
	return s.Enum(typ) != nil
}

// Enum returns the set of values with a name in Go, or nil.
func (s *Schema) Enum(name string) *Enum {
	if i := slices.IndexFunc(s.Enums, func(e Enum) bool { return e.Name == name }); i >= 0 {
		return &s.Enums[i]
	}
	return nil
}

// Element returns the element with a type in Go, or nil.
func (s *Schema) Element(typ string) *Element {
	if i := slices.IndexFunc(s.Elements, func(e Element) bool { return e.Type == typ }); i >= 0 {
		return &s.Elements[i]
	}
	return nil
}

// one reports whether an element has a single child of mixed kinds.
func (e *Element) one() bool { return e.Content != nil && e.Content.One }

// Kids returns the types of an element's children.
func (s *Schema) Kids(e *Element) []string {
	var kids []string
	if e.Content != nil {
		kids = s.children(e.Content.Of).Members
	}
	for _, c := range e.Children {
		kids = append(kids, c.Type)
	}
	return kids
}

func (s *Schema) children(name string) *Children {
	if i := slices.IndexFunc(s.Children, func(c Children) bool { return c.Name == name }); i >= 0 {
		return &s.Children[i]
	}
	return nil
}

// field returns the attribute's name in Go.
func (a Attr) field() string {
	if a.Field != "" {
		return a.Field
	}
	var b strings.Builder
	for _, word := range words(a.Name) {
		if u := strings.ToUpper(word); slices.Contains(initialisms, u) {
			b.WriteString(u)
		} else {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// words splits a camelCase or hyphenated name.
func words(name string) []string {
	var ws []string
	start := 0
	for i := 1; i <= len(name); i++ {
		if i == len(name) || name[i] == '-' || name[i] >= 'A' && name[i] <= 'Z' {
			ws = append(ws, name[start:i])
			start = i
			if i < len(name) && name[i] == '-' {
				start++
			}
		}
	}
	return ws
}

// initialisms are words that Go writes in capitals.
var initialisms = []string{"AI", "AMD", "ASR", "BYOC", "DTMF", "EOT", "ID", "PH", "SID", "TTS", "URL"}

// goType returns the type of the attribute's field.
func (a Attr) goType() string {
	switch a.Type {
	case "url", "absoluteURL", "wss":
		return "string"
	case "seconds", "milliseconds", "duration":
		return "time.Duration"
	}
	return a.Type
}
