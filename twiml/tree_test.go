package twiml

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// tree is a document as encoding/xml sees it: an independent reader, and the judge
// of what is well-formed and of what two documents have in common.
type tree struct {
	Name     string
	Attrs    []string // name=value, sorted
	Children []*tree  // elements, text and comments in order
	Text     string   // of a text or comment
}

// readTree reads a document. Text is kept as it is.
func readTree(doc string) (*tree, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	root := &tree{}
	stack := []*tree{root}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if len(stack) != 1 {
				return nil, io.ErrUnexpectedEOF
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &tree{Name: qualified(tok.Name)}
			for _, a := range tok.Attr {
				n.Attrs = append(n.Attrs, qualified(a.Name)+"="+a.Value)
			}
			slices.Sort(n.Attrs)
			top.Children = append(top.Children, n)
			stack = append(stack, n)
		case xml.EndElement:
			if top.Name != qualified(tok.Name) {
				return nil, errors.New("</" + tok.Name.Local + "> ends <" + top.Name + ">")
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if last := len(top.Children) - 1; last >= 0 && top.Children[last].Name == "#text" {
				top.Children[last].Text += string(tok)
			} else if len(stack) > 1 {
				top.Children = append(top.Children, &tree{Name: "#text", Text: string(tok)})
			}
		case xml.Comment:
			top.Children = append(top.Children, &tree{Name: "#comment", Text: string(tok)})
		}
	}
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// normal reduces a tree to what counts, as Parse documents it: no white space
// around verbs and names, a noun's text in one piece before its children, and the
// children of several types grouped, as is text that does not belong there.
func (t *tree) normal() *tree {
	mixed := map[string]bool{
		"Say": true, "Sms": true, "emphasis": true, "lang": true, "p": true, "phoneme": true, "prosody": true,
		"s": true, "say-as": true, "sub": true, "w": true,
	}
	n := &tree{Name: t.Name, Attrs: t.Attrs, Text: t.Text}
	var text strings.Builder
	for _, c := range t.Children {
		c = c.normal()
		if c.Name == "#text" && !mixed[t.Name] && similarElement(t.Name) == t.Name {
			if hasText(t.Name) {
				text.WriteString(c.Text)
				continue
			}
			if isSpace(c.Text) {
				continue
			}
		}
		n.Children = append(n.Children, c)
	}
	if s := trimSpace(text.String()); s != "" {
		n.Children = slices.Insert(n.Children, 0, &tree{Name: "#text", Text: s})
	}
	switch t.Name {
	case "Response", "Gather", "Prompt", "Dial", "Start", "Stop":
	default:
		if !mixed[t.Name] && similarElement(t.Name) == t.Name {
			slices.SortStableFunc(n.Children, func(a, b *tree) int { return strings.Compare(a.Name, b.Name) })
			var kids []*tree
			for _, c := range n.Children {
				if last := len(kids) - 1; last >= 0 && c.Name == "#text" && kids[last].Name == "#text" {
					kids[last] = &tree{Name: "#text", Text: kids[last].Text + c.Text}
				} else {
					kids = append(kids, c)
				}
			}
			n.Children = kids
		}
	}
	return n
}

// hasText tells whether an element of the schema holds a name, a number or a URL.
func hasText(name string) bool {
	return slices.ContainsFunc(classes[:], func(c class) bool { return c.name == name && c.text })
}

// String writes the tree, one node a line.
func (t *tree) String() string {
	var b strings.Builder
	var write func(t *tree, indent string)
	write = func(t *tree, indent string) {
		b.WriteString(indent + t.Name)
		for _, a := range t.Attrs {
			b.WriteString(" [" + a + "]")
		}
		if t.Text != "" {
			b.WriteString(" " + t.Text)
		}
		b.WriteByte('\n')
		for _, c := range t.Children {
			write(c, indent+"  ")
		}
	}
	write(t, "")
	return b.String()
}
