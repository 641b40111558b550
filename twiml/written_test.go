package twiml

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWrittenDocuments reads documents as people and programs write them: children of
// all types in any order, comments, instructions and CDATA anywhere, numbers and lists
// in all their spellings, what the schema does not have. encoding/xml finds the same in
// what is written again, and reading that yields the same tree.
func TestWrittenDocuments(t *testing.T) {
	n := 5000
	if testing.Short() {
		n = 500
	}
	for seed := range n {
		w := &hand{generator: generator{Rand: rand.New(rand.NewPCG(2, uint64(seed)))}}
		doc := w.document()
		r, err := Parse(strings.NewReader(doc))
		require.NoError(t, err, doc)
		requireSame(t, doc, r)
	}
}

// requireSame checks that nothing of a document is lost when it is written again.
func requireSame(t *testing.T, doc string, r *Response) {
	t.Helper()
	want, err := readTree(doc)
	require.NoError(t, err, doc)
	out := r.String()
	got, err := readTree(out)
	require.NoError(t, err, out)
	require.Equal(t, want.normal().String(), got.normal().String(), "%s\n%s", doc, out)
	again, err := Parse(strings.NewReader(out))
	require.NoError(t, err, out)
	require.Equal(t, r, again, "%s\n%s", doc, out)
	require.Equal(t, out, again.String())
}

// hand writes XML.
type hand struct {
	generator
	strings.Builder
	open int
}

func (h *hand) document() string {
	h.WriteString(pick(&h.generator, "", header, `<?xml version='1.0'?>`+"\r\n", "\ufeff"+header+"\n"))
	h.misc()
	h.element(classResponse, "Response")
	h.misc()
	return h.String()
}

// misc writes what may stand outside of the root element.
func (h *hand) misc() {
	for range h.IntN(3) {
		h.WriteString(pick(&h.generator, "<!-- c -->", "<?p i?>", "\n", " ", "<!---->"))
	}
}

// element writes an element of the class, or one that is in no schema.
func (h *hand) element(id classID, name string) {
	h.open++
	defer func() { h.open-- }()
	h.WriteString("<" + name)
	c := classes[id]
	for _, i := range h.Perm(len(c.attrs)) {
		if h.IntN(4) == 0 {
			h.attr(c.attrs[i].name, h.spell(&c.attrs[i]))
		}
	}
	if h.IntN(6) == 0 {
		h.attr(pick(&h.generator, "newer", "x:y", "é"), h.escaped(true))
	}
	if h.IntN(6) == 0 {
		h.WriteString(pick(&h.generator, "/>", " />", "\n/>"))
		return
	}
	h.WriteString(pick(&h.generator, ">", " >", "\n>"))
	for range h.IntN(6) {
		h.piece(id)
	}
	h.WriteString("</" + name + pick(&h.generator, ">", " >"))
}

func (h *hand) attr(name, value string) {
	quote := pick(&h.generator, `"`, "'")
	value = strings.ReplaceAll(value, quote, map[string]string{`"`: "&quot;", "'": "&apos;"}[quote])
	h.WriteString(pick(&h.generator, " ", "  ", "\n\t", " ") + name + pick(&h.generator, "=", "=", " = ") + quote + value + quote)
}

// piece writes one thing that is in an element.
func (h *hand) piece(id classID) {
	kids := classes[id].children
	switch n := h.IntN(12); {
	case n < 5 && len(kids) != 0 && h.open < 6:
		kid := kids[h.IntN(len(kids))]
		h.element(kid, classes[kid].name)
	case n == 5 && h.open < 6:
		h.element(classElement, pick(&h.generator, "Newer", "say", "x:y", "é"))
	case n == 6:
		h.WriteString(pick(&h.generator, "<!-- why? -->", "<!---->", "<!--\n<Say>off</Say>\n-->"))
	case n == 7:
		h.WriteString(pick(&h.generator, "<?php echo?>", "<?a?>", "<?a  b > c?>"))
	case n == 8:
		h.WriteString("<![CDATA[" + pick(&h.generator, "", " ", "a < b & c", "]]", "\n", "x]]") + "]]>")
	case n == 9:
		h.WriteString(pick(&h.generator, " ", "\n", "\r\n\t", "  "))
	default:
		h.WriteString(h.escaped(false))
	}
}

// escaped returns a text as it is written. encoding/xml does not turn a line end in an
// attribute that is written as one into the blank that it stands for, so that a
// program of Twilio's finds another value there than that of a reference.
func (h *hand) escaped(attr bool) string {
	var b strings.Builder
	for range 1 + h.IntN(4) {
		b.WriteString(pick(&h.generator, "a", "plain words", " ", "&lt;", "&amp;", "&#x20AC;", "&#10;", "é", "😀", "'", ">", "\n", "\t", "0", "TRUE"))
	}
	if s := b.String(); attr || !strings.Contains(s, "]]>") {
		return s
	}
	return "x"
}

// spell returns a value for an attribute in one of the ways it can be written.
func (h *hand) spell(r *rule) string {
	value := h.escaped(true)
	switch r.kind {
	case kindEnum:
		value = r.enum[h.IntN(len(r.enum))]
	case kindInt, kindSeconds, kindMilliseconds:
		value = pick(&h.generator, "0", "1", "30", "2500", "-1", "+5", "007", "00", "-0", "1.5", "soon", " 3 ", "&#49;2")
	case kindDuration:
		value = pick(&h.generator, "3s", "500ms", "1000ms", "0ms", "0s", "1.5s", ".250s", "05s", "fast", " 1s")
	}
	if r.list {
		values := make([]string, h.IntN(4))
		for i := range values {
			values[i] = value
			if r.kind == kindInt {
				values[i] = pick(&h.generator, "1", "02", "+3", "x")
			}
		}
		value = strings.Join(values, pick(&h.generator, " ", "  ", "\n\t", " "))
	}
	if h.IntN(5) == 0 {
		value = pick(&h.generator, strings.ToUpper(value), " "+value, value+"\n", "")
		value = strings.NewReplacer("&LT;", "&lt;", "&AMP;", "&amp;", "&#X", "&#x").Replace(value)
	}
	return value
}

// TestWrittenCoverage counts that the generator writes each element of the schema.
func TestWrittenCoverage(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range 2000 {
		w := &hand{generator: generator{Rand: rand.New(rand.NewPCG(3, uint64(seed)))}}
		doc := w.document()
		for _, c := range classes[1:] {
			if strings.Contains(doc, "<"+c.name) {
				seen[c.name] = true
			}
		}
	}
	for _, c := range classes[1:] {
		require.True(t, seen[c.name], c.name)
	}
}
