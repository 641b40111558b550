package twiml

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// writer is a document in the making. It goes by value from call to call: behind
// a pointer it would escape through the interfaces and cost an allocation.
type writer struct {
	buf   []byte
	check *checker // nil when rendering only
}

// open begins a start tag.
func (w writer) open(tag string, c classID, n Node) writer {
	if w.check != nil {
		w.check.open(c, n)
	}
	w.buf = append(w.buf, tag...)
	return w
}

// body ends a start tag, after the attributes outside of the schema. The mark
// tells close whether anything came between.
func (w writer) body(attrs []Attr) (writer, int) {
	for _, a := range attrs {
		w = w.extra(a)
	}
	if w.check != nil {
		w.check.attrsDone()
	}
	w.buf = append(w.buf, '>')
	return w, len(w.buf)
}

// close writes the end tag, or makes the start tag an empty one.
func (w writer) close(mark int, tag string) writer {
	if w.check != nil {
		w.check.close()
	}
	if len(w.buf) == mark {
		w.buf = append(w.buf[:mark-1], "/>"...)
		return w
	}
	w.buf = append(w.buf, tag...)
	return w
}

// extra writes an attribute outside of the schema, unless its name is no name or
// is already there.
func (w writer) extra(a Attr) writer {
	if w.check != nil {
		w.check.extra(a)
	}
	// A value holds neither < nor ", so that what is searched cannot be in one.
	tag := w.buf[bytes.LastIndexByte(w.buf, '<'):]
	if !isName(a.Name) || bytes.Contains(tag, []byte(" "+a.Name+`="`)) {
		return w
	}
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, a.Name...)
	w.buf = append(w.buf, `="`...)
	w.buf = appendEscaped(w.buf, a.Value, inAttr)
	w.buf = append(w.buf, '"')
	return w
}

// The prefix of an attribute is ` name="`.

func (w writer) str(prefix, v string) writer {
	if v == "" {
		return w
	}
	return w.attr(prefix, v)
}

func (w writer) attr(prefix, v string) writer {
	if w.check != nil {
		w.check.attr(prefix, v)
	}
	w.buf = append(w.buf, prefix...)
	w.buf = appendEscaped(w.buf, v, inAttr)
	w.buf = append(w.buf, '"')
	return w
}

func (w writer) num(prefix string, v int) writer {
	if v == 0 {
		return w
	}
	return w.number(prefix, int64(v), `"`)
}

func (w writer) seconds(prefix string, d time.Duration) writer {
	if d == 0 {
		return w
	}
	return w.units(prefix, d, time.Second, `"`)
}

func (w writer) milliseconds(prefix string, d time.Duration) writer {
	if d == 0 {
		return w
	}
	return w.units(prefix, d, time.Millisecond, `"`)
}

// duration writes the time of SSML.
func (w writer) duration(prefix string, d time.Duration) writer {
	switch {
	case d == 0:
		return w
	case d == Zero, d%time.Second == 0:
		return w.units(prefix, d, time.Second, `s"`)
	}
	return w.units(prefix, d, time.Millisecond, `ms"`)
}

// units writes a duration as a number of units, rounded up.
func (w writer) units(prefix string, d, unit time.Duration, end string) writer {
	if d == Zero {
		return w.number(prefix, Zero, end)
	}
	if w.check != nil && d%unit != 0 {
		w.check.fraction(prefix, d, unit)
	}
	n := int64(d / unit)
	if d%unit > 0 {
		n++
	}
	if n == 0 {
		n = Zero
	}
	return w.number(prefix, n, end)
}

func (w writer) number(prefix string, n int64, end string) writer {
	if n == Zero {
		n = 0
	}
	if w.check != nil {
		w.check.number(prefix, n, end)
	}
	w.buf = append(w.buf, prefix...)
	w.buf = strconv.AppendInt(w.buf, n, 10)
	w.buf = append(w.buf, end...)
	return w
}

func (w writer) nums(prefix string, ns []int) writer {
	if ns == nil {
		return w
	}
	if w.check != nil {
		w.check.list(prefix, len(ns), func(i int) string { return strconv.Itoa(ns[i]) })
	}
	w.buf = append(w.buf, prefix...)
	for i, n := range ns {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	}
	w.buf = append(w.buf, '"')
	return w
}

// writeList writes values with spaces between them.
func writeList[T ~string](w writer, prefix string, vs []T) writer {
	if vs == nil {
		return w
	}
	if w.check != nil {
		w.check.list(prefix, len(vs), func(i int) string { return string(vs[i]) })
	}
	w.buf = append(w.buf, prefix...)
	for i, v := range vs {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		w.buf = appendEscaped(w.buf, string(v), inAttr)
	}
	w.buf = append(w.buf, '"')
	return w
}

func (w writer) text(s string) writer {
	if s == "" {
		return w
	}
	if w.check != nil {
		w.check.text(s)
	}
	w.buf = appendEscaped(w.buf, s, inText)
	return w
}

// comment writes a comment. Two hyphens cannot be in one: the second becomes a
// space, as does one at the end.
func (w writer) comment(s string) writer {
	if w.check != nil {
		w.check.comment(s)
	}
	w.buf = append(w.buf, "<!--"...)
	mark := len(w.buf)
	w.buf = appendEscaped(w.buf, s, inComment)
	c := w.buf[mark:]
	for i := range c {
		if c[i] == '-' && (i+1 == len(c) || i > 0 && c[i-1] == '-') {
			c[i] = ' '
		}
	}
	w.buf = append(w.buf, "-->"...)
	return w
}

// nodes writes children outside of the schema.
func (w writer) nodes(ns []Node) writer {
	for _, n := range ns {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w
}

// element writes an element outside of the schema; without a proper name only
// what is in it.
func (w writer) element(x *Element) writer {
	named := isName(x.Name)
	if w.check != nil {
		w.check.open(classElement, x)
	}
	if !named {
		w = w.nodes(x.Children)
		if w.check != nil {
			w.check.close()
		}
		return w
	}
	w.buf = append(append(w.buf, '<'), x.Name...)
	w, mark := w.body(x.Attrs)
	w = w.nodes(x.Children)
	empty := len(w.buf) == mark
	w = w.close(mark, "</")
	if !empty {
		w.buf = append(append(w.buf, x.Name...), '>')
	}
	return w
}

// missing stands for a nil pointer.
func (w writer) missing() writer {
	if w.check != nil {
		w.check.missing()
	}
	return w
}

// place is where a string is written; it decides what is escaped.
type place uint8

const (
	inText place = 1 << iota
	inAttr
	inComment
)

// special holds, for each byte, the places where it cannot stand as it is.
var special = func() (t [256]place) {
	for c := range t {
		if c < ' ' || c >= utf8.RuneSelf {
			t[c] = inText | inAttr | inComment
		}
	}
	t['<'], t['>'], t['&'], t['"'] = inText|inAttr, inText|inAttr, inText|inAttr, inAttr
	t['\t'], t['\n'] = inAttr, inAttr
	return t
}()

// appendEscaped appends s without the characters that XML 1.0 does not have.
func appendEscaped(dst []byte, s string, p place) []byte {
	start := 0
	for i := 0; i < len(s); {
		if special[s[i]]&p == 0 {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && isChar(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		i += size
		start = i
		switch r {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\t':
			dst = append(dst, "&#9;"...)
		case '\n':
			dst = append(dst, "&#10;"...)
		case '\r':
			if p != inComment {
				dst = append(dst, "&#13;"...)
			}
		}
	}
	return append(dst, s[start:]...)
}

// isChar tells whether XML 1.0 has the character (section 2.2).
func isChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// isName tells whether s can name an element or an attribute. Of the characters
// beyond ASCII it takes all letters, which is what documents use.
func isName(s string) bool {
	for i, r := range s {
		if !isNameChar(r, i == 0) {
			return false
		}
	}
	return s != ""
}
