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
	Children []*tree  // elements, text, comments and processing instructions in order
	Text     string   // of these
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
			} else if len(stack) > 1 && len(tok) != 0 { // <![CDATA[]]> is nothing
				top.Children = append(top.Children, &tree{Name: "#text", Text: string(tok)})
			}
		case xml.Comment:
			top.Children = append(top.Children, &tree{Name: "#comment", Text: string(tok)})
		case xml.ProcInst:
			if tok.Target != "xml" {
				top.Children = append(top.Children, &tree{Name: "?" + tok.Target, Text: string(tok.Inst)})
			}
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
// between verbs and nouns and at the ends of names, numbers and URLs.
func (t *tree) normal() *tree {
	n := &tree{Name: t.Name, Attrs: t.Attrs, Text: t.Text}
	for _, c := range t.Children {
		c = c.normal()
		if c.Name == "#text" && !isSpoken(t.Name) && similarElement(t.Name) == t.Name {
			if isSpace(c.Text) {
				continue
			}
			if hasText(t.Name) {
				c.Text = trimSpace(c.Text)
			}
		}
		n.Children = append(n.Children, c)
	}
	return n
}

// isSpoken tells whether the white space in an element of the schema counts.
func isSpoken(name string) bool {
	return slices.Contains([]string{"Say", "Sms", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}, name)
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
