package twiml

import (
	"bytes"
	"strconv"
	"time"
)

// writer is a document in the making. It goes by value from call to call: behind
// a pointer it would escape through the interfaces and cost an allocation.
type writer struct {
	buf   []byte
	check *checker // nil when rendering only
}

// open begins a start tag.
func (w writer) open(tag string, c classID, n Node) writer {
	w.buf = append(w.buf, tag...)
	if w.check != nil {
		w.check.open(c, n)
	}
	return w
}

// rare writes the rest of an element that is checked or is unusual: with attributes or
// children outside of the schema, or an order or a spelling of its own.
func (w writer) rare(x element, own *Extra, text, tag string) writer {
	w = w.extras(own.Attrs, own.source)
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	return w.content(x, own, text).close(mark, tag)
}

// close writes the end tag, or makes the start tag an empty one when nothing has
// been written since its end, the mark. The compiler stores a constant in place
// where it knows which one; a variable it would leave to a call.
func (w writer) close(mark int, tag string) writer {
	if len(w.buf) == mark {
		w.buf[mark-1] = '/'
		w.buf = append(w.buf, '>')
	} else {
		w.buf = append(w.buf, tag...)
	}
	return w
}

// leaf ends an element that the schema knows no content of.
func (w writer) leaf(x *Extra, tag string) writer {
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		w = w.extras(x.Attrs, x.source)
		w.buf = append(w.buf, '>')
		mark := len(w.buf)
		return w.rest(x.Nodes).close(mark, tag)
	}
	w.buf = append(w.buf, "/>"...)
	return w
}

// extras writes attributes outside of the schema, except those whose name is invalid or
// already there, in the form in which they were read.
func (w writer) extras(attrs []Attr, from *source) writer {
	check := w.check
	w.check = nil // attr asks for a rule, and there is none
	for _, a := range attrs {
		if check != nil {
			check.extra(a)
		}
		// A value holds neither < nor ", so that what is searched cannot be in one.
		tag := w.buf[bytes.LastIndexByte(w.buf, '<'):]
		if prefix := " " + a.Name + `="`; isName(a.Name) && !bytes.Contains(tag, []byte(prefix)) {
			w.buf = append(w.buf, prefix...)
			w = w.value(a.Value)
		}
	}
	w.check = check
	if from != nil {
		for _, a := range from.attrs {
			w = w.verbatim(a)
		}
	}
	return w
}

// str writes an attribute, unless it is unset. The prefix of an attribute is
// ` name="`.
func (w writer) str(prefix, v string) writer {
	if v != "" {
		w.buf = append(w.buf, prefix...)
		w = w.value(v)
	}
	return w
}

// value writes the value of an attribute and the quote after it.
func (w writer) value(v string) writer {
	// What is seldom needed is in a function of its own: it would cost registers here.
	start := len(w.buf)
	if w.check == nil && len(v) < cap(w.buf)-start {
		if b := w.buf[start:][:len(v)+1]; copyPlain(b, v) {
			w.buf = append(w.buf[:start+len(v)], '"')
			return w
		}
	}
	return w.anyValue(v)
}

// anyValue is value where something is to be checked or escaped, or room is to be made.
func (w writer) anyValue(v string) writer {
	if w.check != nil {
		w.check.attr(w.name(), v)
	}
	w.buf = append(escape(w.buf, v, inAttr), '"')
	return w
}

// name returns the attribute whose prefix has just been written.
func (w writer) name() string {
	tag := w.buf[:len(w.buf)-len(`="`)]
	return string(tag[bytes.LastIndexByte(tag, ' ')+1:])
}

func (w writer) num(prefix string, v int) writer {
	if v != 0 {
		w.buf = append(w.buf, prefix...)
		w = w.number(int64(v))
	}
	return w
}

func (w writer) seconds(prefix string, d time.Duration) writer {
	if d != 0 {
		w.buf = append(w.buf, prefix...)
		w = w.units(d, d/time.Second, time.Second)
	}
	return w
}

func (w writer) milliseconds(prefix string, d time.Duration) writer {
	if d != 0 {
		w.buf = append(w.buf, prefix...)
		w = w.units(d, d/time.Millisecond, time.Millisecond)
	}
	return w
}

// units writes the duration d as n units, and one more for a rest.
func (w writer) units(d, n, unit time.Duration) writer {
	switch rest := d - n*unit; {
	case d == Zero:
		n = Zero
	case rest != 0:
		if rest > 0 {
			n++
		}
		if w.check != nil {
			w.check.fraction(w.name(), d, unit)
		}
	}
	return w.number(int64(n))
}

// number writes a number and the quote after it.
func (w writer) number(n int64) writer {
	if w.check == nil && 0 < n && n <= 9 {
		w.buf = append(w.buf, byte('0'+n), '"')
		return w
	}
	if n == Zero {
		n = 0
	}
	if w.check != nil {
		w.check.number(w.name(), n)
	}
	w.buf = append(strconv.AppendInt(w.buf, n, 10), '"')
	return w
}

// duration writes the time of SSML.
func (w writer) duration(prefix string, d time.Duration) writer {
	if d == 0 {
		return w
	}
	w.buf = append(w.buf, prefix...)
	if d == Zero {
		d = 0
	}
	ms := d.Milliseconds()
	if d%time.Millisecond > 0 {
		ms++
	}
	if w.check != nil {
		if d%time.Millisecond != 0 {
			w.check.fraction(w.name(), d, time.Millisecond)
		}
		w.check.number(w.name(), ms)
	}
	if ms%1000 == 0 {
		w.buf = append(strconv.AppendInt(w.buf, ms/1000, 10), `s"`...)
	} else {
		w.buf = append(strconv.AppendInt(w.buf, ms, 10), `ms"`...)
	}
	return w
}

func (w writer) nums(prefix string, ns []int) writer {
	if ns == nil {
		return w
	}
	w.buf = append(w.buf, prefix...)
	if w.check != nil {
		w.check.list(w.name(), len(ns), func(i int) string { return strconv.Itoa(ns[i]) })
	}
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
	w.buf = append(w.buf, prefix...)
	if w.check != nil {
		w.check.list(w.name(), len(vs), func(i int) string { return string(vs[i]) })
	}
	for i, v := range vs {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		w.buf = escape(w.buf, string(v), inAttr)
	}
	w.buf = append(w.buf, '"')
	return w
}

func (w writer) text(s string) writer {
	if s == "" {
		return w
	}
	start := len(w.buf)
	end := start + len(s)
	if w.check == nil && end <= cap(w.buf) {
		if copyPlain(w.buf[start:end], s) {
			w.buf = w.buf[:end]
			return w
		}
	}
	return w.anyText(s)
}

// anyText is text where something is to be checked or escaped, or room is to be made.
func (w writer) anyText(s string) writer {
	if w.check != nil {
		w.check.text(s)
	}
	w.buf = escape(w.buf, s, inText)
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
	w.buf = escape(w.buf, s, inComment)
	c := w.buf[mark:]
	for i := range c {
		if c[i] == '-' && (i+1 == len(c) || i > 0 && c[i-1] == '-') {
			c[i] = ' '
		}
	}
	w.buf = append(w.buf, "-->"...)
	return w
}

// instruction writes a processing instruction. What would end it early becomes a
// space; one without a proper target is left out.
func (w writer) instruction(s string) writer {
	if w.check != nil {
		w.check.instruction(s)
	}
	start := len(w.buf)
	w.buf = append(w.buf, "<?"...)
	mark := len(w.buf)
	w.buf = escape(w.buf, s, inComment)
	if !isTarget(target(string(w.buf[mark:]))) {
		w.buf = w.buf[:start]
		return w
	}
	for i := mark + 1; i < len(w.buf); i++ {
		if w.buf[i] == '>' && w.buf[i-1] == '?' {
			w.buf[i] = ' '
		}
	}
	w.buf = append(w.buf, "?>"...)
	return w
}

// rest ends the content of an element with the children outside of the schema.
func (w writer) rest(ns []Node) writer {
	if w.check != nil || len(ns) != 0 {
		w = w.nodes(ns)
	}
	return w
}

func (w writer) nodes(ns []Node) writer {
	for _, n := range ns {
		w = w.node(n)
	}
	if w.check != nil {
		w.check.close()
	}
	return w
}

func (w writer) node(n Node) writer {
	if n == nil {
		return w.missing()
	}
	return n.write(w)
}

// element writes an element outside of the schema; without a proper name only its
// content.
func (w writer) element(x *Element) writer {
	if w.check != nil {
		w.check.open(classElement, x)
	}
	if !isName(x.Name) {
		return w.rest(x.Children)
	}
	w.buf = append(append(w.buf, '<'), x.Name...)
	w = w.extras(x.Attrs, x.source)
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	if w = w.rest(x.Children); len(w.buf) == mark {
		return w.close(mark, "")
	}
	w = w.close(mark, "</")
	w.buf = append(append(w.buf, x.Name...), '>')
	return w
}

// missing stands for a nil pointer.
func (w writer) missing() writer {
	if w.check != nil {
		w.check.missing()
	}
	return w
}
