package twiml

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// source holds the details of the parsed document that an element's fields cannot hold.
// An element has one only where there are such details, and after Parse nothing writes
// to it: copies of the element share it.
type source struct {
	attrs   []spelled // by name, where their fields are written otherwise
	content []entry   // the order of text and children, where it is not that of the fields
	outside []outside // processing instructions outside of the root element
}

// spelled is an attribute as it was written, in double quotes.
type spelled struct {
	name, raw string
	fit       fit // respelled, or fits when there are only line ends in it
}

// entry is a text or one child in the content of an element.
type entry struct {
	slot slot
	text string
}

// outside is a processing instruction among the comments before or after the root.
type outside struct {
	after bool // the root
	at    int  // how many of the comments come first
	inst  ProcInst
}

// slot is the field that a part of an element's content is in.
type slot uint8

const (
	slotText   slot = iota // the text
	slotFields             // the first field for children; the others follow
	slotsEnd   slot = 4    // more than an element has fields
	slotNodes  slot = 255  // Extra.Nodes
)

// origin returns the source of an element, to write to.
func origin(s **source) *source {
	if *s == nil {
		*s = new(source)
	}
	return *s
}

// keep notes how an attribute was written.
func (s *source) keep(name, raw string, f fit) {
	i, _ := slices.BinarySearchFunc(s.attrs, name, func(a spelled, name string) int { return strings.Compare(a.name, name) })
	s.attrs = slices.Insert(s.attrs, i, spelled{name, strings.ReplaceAll(raw, `"`, "&quot;"), f})
}

// canonical reports whether a content is in the order in which fields are written: one
// text, the children by field, the other nodes. Where blanks do not count, a text of
// blanks may stand anywhere.
func canonical(content []entry, f form) bool {
	last, texts := slotText, 0
	for _, e := range content {
		if e.slot == slotText {
			if f != formSpoken && isSpace(e.text) {
				continue
			}
			texts++
		}
		if e.slot < last || texts > 1 {
			return false
		}
		last = e.slot
	}
	return true
}

// outside writes the comments before or after the root element, and the processing
// instructions that were among them.
func (w writer) outside(comments []Comment, from *source, after bool) writer {
	n := 0
	if from != nil {
		for _, o := range from.outside {
			if o.after != after {
				continue
			}
			for ; n < min(o.at, len(comments)); n++ {
				w = comments[n].write(w)
			}
			w = o.inst.write(w)
		}
	}
	for _, c := range comments[n:] {
		w = c.write(w)
	}
	return w
}

// content writes the content of an element: children that Parse read, in the order of
// the document, and the rest in the order of the fields.
func (w writer) content(x element, own *Extra, text string) writer {
	var content []entry
	if own.source != nil {
		content = own.source.content
	}
	whole, places := texts(content)
	asRead := text == whole || x.form() != formSpoken && text == trimSpace(whole)
	if places == 0 {
		w = w.text(text)
	}
	var next [slotsEnd]int
	nodes := own.Nodes
	for _, e := range content {
		switch e.slot {
		case slotText:
			if asRead {
				w = w.text(e.text)
			} else {
				w, text = w.text(text), "" // at the first place
			}
		case slotNodes:
			if len(nodes) != 0 {
				w, nodes = w.node(nodes[0]), nodes[1:]
			}
		default:
			if n, ok := x.child(e.slot, next[e.slot]); ok {
				w = w.node(n)
				next[e.slot]++
			}
		}
	}
	for s := slotFields; s < slotsEnd; s++ {
		for i := next[s]; ; i++ {
			n, ok := x.child(s, i)
			if !ok {
				break
			}
			w = w.node(n)
		}
	}
	return w.rest(nodes)
}

// texts returns the texts in a content as one, and how many there are.
func texts(content []entry) (whole string, n int) {
	var b strings.Builder
	for _, e := range content {
		if e.slot == slotText {
			b.WriteString(e.text)
			n++
		}
	}
	return b.String(), n
}

// verbatim writes an attribute of the last start tag as Parse found it, unless its
// field holds something else since.
func (w writer) verbatim(a spelled) writer {
	tag := bytes.LastIndexByte(w.buf, '<')
	prefix := " " + a.name + `="`
	i := bytes.Index(w.buf[tag:], []byte(prefix))
	if i < 0 {
		return w
	}
	from := tag + i + len(prefix)
	to := from + bytes.IndexByte(w.buf[from:], '"')
	var s scanner
	read, f := s.unescape(a.raw, 0, true)
	written, g := s.unescape(string(w.buf[from:to]), 0, true)
	if f != nil || g != nil || read != written && (a.fit != respelled || !sameValue(read, written)) {
		return w
	}
	rest := bytes.Clone(w.buf[to:])
	w.buf = append(append(w.buf[:from], a.raw...), rest...)
	return w
}

// sameValue reports whether a boolean, a list, a time or a number that was read from one
// value is written as the other.
func sameValue(read, written string) bool {
	words := strings.FieldsFunc(read, isWhite)
	if string(Bool(read).lower()) == written || strings.Join(words, " ") == written {
		return true
	}
	var a, b time.Duration
	if readDuration(&a, read) != unfit && readDuration(&b, written) != unfit && a == b {
		return true
	}
	for i, word := range words {
		n, f := readNumber(word)
		if f == unfit {
			return false
		}
		words[i] = strconv.Itoa(n)
	}
	return len(words) != 0 && strings.Join(words, " ") == written
}
