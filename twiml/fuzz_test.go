package twiml

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse reads anything. What it takes encoding/xml takes too; written and read
// again it is the same, and no text or attribute is lost.
func FuzzParse(f *testing.F) {
	for _, doc := range samples(f) {
		f.Add(doc)
	}
	for _, w := range wrongDocuments {
		f.Add("<Response>" + w.doc + "</Response>")
	}
	f.Fuzz(func(t *testing.T, doc string) {
		r, err := Parse(strings.NewReader(doc))
		if err != nil {
			var syntax *SyntaxError
			require.True(t, errors.As(err, &syntax))
			require.Positive(t, syntax.Line)
			require.Positive(t, syntax.Column)
			return
		}
		_ = r.Validate()
		_ = r.ValidateREST()
		_ = r.Warnings()
		out := r.String()
		got, err := readTree(out)
		if !ascii(doc) && err != nil {
			return // encoding/xml has the names of an older edition of XML
		}
		require.NoError(t, err, out)
		again, err := Parse(strings.NewReader(out))
		require.NoError(t, err, out)
		require.Equal(t, r, again)
		require.Equal(t, out, again.String())
		if want, err := readTree(doc); err == nil && !otherwise(doc) {
			require.Equal(t, want.normal().String(), got.normal().String(), out)
		}
	})
}

// otherwise tells whether the document has what encoding/xml reads by other rules:
// a document type.
func otherwise(doc string) bool { return strings.Contains(doc, "<!DOCTYPE") }

// FuzzRender puts any string at every kind of place. What comes out is well-formed,
// and encoding/xml reads back the string without what XML cannot hold.
func FuzzRender(f *testing.F) {
	for _, s := range []string{"", "plain", "a<b>&\"'", "\x00\x01\t\n\r", "\xff\xfe", "é€😀", "]]>", "--", "-", "\uFFFE\uFFFF\uFFFD", "12345678<", "1234567\x02"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &Response{
			Before: []Comment{Comment(s)},
			Verbs: []Verb{
				&Say{Text: s, Voice: s, SSML: []Speech{&Break{}, Text(s)}, Extra: Extra{Attrs: []Attr{{"x", s}, {s, "y"}}}},
				&Gather{Input: []Input{Input(s), Input(s)}, Hints: s, Method: Method(s), BargeIn: Bool(s)},
				&Element{Name: s, Children: []Node{Comment(s), Text(s), ProcInst(s)}},
				ProcInst("a " + s),
			},
		}
		out := r.String()
		_, err := Parse(strings.NewReader(out))
		require.NoError(t, err, out)
		_ = r.Validate()
		clean := strings.Map(func(c rune) rune {
			if isChar(c) {
				return c
			}
			return -1
		}, strings.ToValidUTF8(s, ""))
		if isName(s) && !ascii(s) || isTarget(target(clean)) && !ascii(target(clean)) {
			return // encoding/xml has the names of an older edition of XML
		}
		got, err := readTree(out)
		require.NoError(t, err, out)
		say := got.Children[1].Children[0]
		if clean != "" {
			require.Equal(t, "#text", say.Children[0].Name)
			require.Equal(t, clean, say.Children[0].Text)
		}
		if s != "" {
			require.Contains(t, say.Attrs, "voice="+clean)
		}
		require.Contains(t, say.Attrs, "x="+clean)
	})
}

func ascii(s string) bool { return skipASCII(s, 0) == len(s) }
