package twiml

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of Parse.
const (
	maxInput = 1 << 20 // bytes
	maxDepth = 64      // elements within each other
	maxAttrs = 128     // attributes of an element
)

// SyntaxError is the failure of [Parse].
type SyntaxError struct {
	Line, Column int    // of the first wrong character, from 1; a column is a byte
	Offset       int    // the same in bytes, from 0
	Path         string // elements open there, such as Response/Gather
	Code         int    // Twilio's error: 12100 not XML, 12102 root is not Response
	Msg          string
}

// Error names the place and the mistake.
func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("twiml: %d:%d: %s", e.Line, e.Column, e.Msg)
	}
	return fmt.Sprintf("twiml: %d:%d: %s: %s", e.Line, e.Column, e.Path, e.Msg)
}

// Parse reads a document. It is the inverse of [Response.AppendXML].
//
// Elements and attributes outside of the schema are kept: a child as *[Element], an
// attribute in [Extra], as is a value that its field cannot hold (length="soon").
// Comments and processing instructions are kept, and everything keeps its place: the
// element remembers the order of text and children where its fields have none, and an
// attribute that its field writes in another way (007, or two blanks in a list), as
// long as the field holds the same value. White space between verbs and around names,
// numbers and URLs is not kept, CDATA becomes text, and a document type is skipped;
// one that declares anything is an error.
//
// A document is in UTF-8, with a byte order mark or without, or in ISO-8859-1 if its
// XML declaration says so. Nothing else may stand before that declaration.
//
// Parse reads up to 1 MiB, 64 elements deep, and fails with a *[SyntaxError] or the
// error of r. [Response.Validate] checks the result.
func Parse(r io.Reader) (*Response, error) {
	src, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("twiml: %w", err)
	}
	p, root := &parser{scanner: scanner{src: src}}, new(Response)
	p.names, p.order = p.room.names[:0], p.room.order[:0]
	var fail *failure
	if len(src) > maxInput {
		fail = p.fail(maxInput, "document over 1 MiB")
	} else if fail = p.document(root); fail == nil {
		return root, nil
	}
	before := p.src[:fail.pos]
	if p.latin1 {
		before = encodeLatin1(before)
	}
	return nil, &SyntaxError{
		Line:   1 + strings.Count(before, "\n"),
		Column: len(before) - strings.LastIndexByte(before, '\n'),
		Offset: len(before),
		Path:   strings.Join(p.path, "/"),
		Code:   fail.code,
		Msg:    fail.msg,
	}
}

// readAll reads up to one byte more than the limit. The strings of the tree are parts
// of its result.
func readAll(r io.Reader) (string, error) {
	size := 512
	if l, ok := r.(interface{ Len() int }); ok {
		size = min(l.Len(), maxInput) + 1 // one more byte than there is, to see the end
	}
	buf := make([]byte, 0, size)
	for idle := 0; len(buf) <= maxInput; idle++ {
		n, err := r.Read(buf[len(buf):min(cap(buf), maxInput+1)])
		if buf = buf[:len(buf)+n]; n != 0 {
			idle = 0
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if idle == 100 {
			return "", io.ErrNoProgress
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
	}
	return string(buf), nil
}

// parser builds the tree of a document.
type parser struct {
	scanner
	depth  int
	path   []string // of a failure, outermost first
	names  []string // of the attributes of a start tag
	order  []entry  // of what is in the elements that are open, outermost first
	latin1 bool     // the document was in ISO-8859-1

	room struct { // what most documents need
		names [12]string
		order [4]entry
	}
}

// document reads the prolog, the root element and the rest.
func (p *parser) document(root *Response) *failure {
	mark := p.take("\ufeff")
	start := p.pos
	encoding, f := p.declaration()
	switch {
	case f != nil:
		return f
	case encoding == "", strings.EqualFold(encoding, "utf-8"), strings.EqualFold(encoding, "us-ascii"):
	case strings.EqualFold(encoding, "iso-8859-1") && !mark:
		p.latin1, p.src, p.pos = true, decodeLatin1(p.src), len(decodeLatin1(p.src[:p.pos]))
	default:
		return p.fail(start, "encoding "+clip(encoding)+" is not UTF-8")
	}
	if f := p.characters(); f != nil {
		return f
	}
	if f := p.misc(root, &root.Before, false); f != nil {
		return f
	}
	at := p.pos
	if !p.take("<") {
		if p.done() {
			return p.fail(at, "no root element")
		}
		return p.fail(at, "text outside of the root element")
	}
	name, f := p.name()
	if f != nil {
		return f
	}
	if name != "Response" {
		return &failure{at, 12102, "root element is " + clip(name) + ", not Response"}
	}
	if f := p.element(root, name); f != nil {
		return f
	}
	if f := p.misc(root, &root.After, true); f != nil {
		return f
	}
	if !p.done() {
		return p.fail(p.pos, "something after the root element")
	}
	return nil
}

func (p *parser) comment() (Comment, *failure) {
	at := p.pos
	c, f := p.until("-->", "comment")
	if f == nil && (strings.Contains(c, "--") || strings.HasSuffix(c, "-")) {
		f = p.fail(at, "-- in a comment")
	}
	return Comment(lineEnds(c)), f
}

// element reads an element whose name has been read.
func (p *parser) element(x element, name string) *failure {
	if p.depth == maxDepth {
		return p.fail(p.pos, "elements nested too deeply")
	}
	p.depth++
	empty, f := p.attrs(x)
	if f == nil && !empty {
		f = p.content(x, name)
	}
	p.depth--
	if f != nil {
		p.path = slices.Insert(p.path, 0, clip(name))
	}
	return f
}

// attrs reads the rest of a start tag.
func (p *parser) attrs(x element) (empty bool, f *failure) {
	p.names = p.names[:0]
	for {
		space := p.space()
		switch {
		case p.take(">"):
			return false, nil
		case p.take("/>"):
			return true, nil
		}
		at := p.pos
		if p.done() {
			return false, p.fail(at, "tag without end")
		}
		if !space {
			return false, p.fail(at, "space expected before an attribute")
		}
		name, f := p.name()
		if f != nil {
			return false, f
		}
		p.space()
		if !p.take("=") {
			return false, p.fail(p.pos, "= expected after attribute "+clip(name))
		}
		p.space()
		value, raw, f := p.value()
		if f != nil {
			return false, f
		}
		if len(p.names) == maxAttrs {
			return false, p.fail(at, "too many attributes")
		}
		if slices.Contains(p.names, name) {
			return false, p.fail(at, "attribute "+clip(name)+" twice")
		}
		p.names = append(p.names, name)
		fit := x.set(name, value)
		if fit == unfit {
			x.attr(name, value)
		}
		if fit == respelled || raw != "" && strings.ContainsAny(raw, "\t\r\n") {
			if raw == "" {
				raw = value
			}
			x.origin().keep(name, raw, fit)
		}
	}
}

// content reads children up to the end tag.
func (p *parser) content(x element, name string) *failure {
	form, mark := x.form(), len(p.order)
	var run, whole pieces // text up to the next tag, with CDATA; all the text, if it has a field
	for {
		at := p.pos
		switch {
		case p.done():
			return p.fail(at, "<"+clip(name)+"> without end")
		case p.src[p.pos] != '<':
			s, f := p.chars()
			if f != nil {
				return f
			}
			run.add(s)
			continue
		case p.take("<![CDATA["):
			s, f := p.until("]]>", "CDATA section")
			if f != nil {
				return f
			}
			run.add(lineEnds(s))
			continue
		}
		if s := run.take(); s != "" {
			switch form {
			case formMixed:
				x.chars(s)
			case formFields:
				if !isSpace(s) {
					p.place(form, x.foreign(Text(s)), "")
				}
			default:
				p.place(form, slotText, s)
				whole.add(s)
			}
		}
		switch {
		case p.take("</"):
			ended, f := p.name()
			if f != nil {
				return f
			}
			if ended != name {
				return p.fail(at, "</"+clip(ended)+"> ends <"+clip(name)+">")
			}
			p.space()
			if !p.take(">") {
				return p.fail(p.pos, "> expected")
			}
			if s := whole.take(); s != "" {
				x.chars(s)
			}
			if form != formMixed {
				p.settle(x, form, mark)
			}
			return nil
		case p.take("<!--"):
			c, f := p.comment()
			if f != nil {
				return f
			}
			p.place(form, x.foreign(c), "")
		case p.take("<?"):
			inst, f := p.instruction(false)
			if f != nil {
				return f
			}
			p.place(form, x.foreign(inst), "")
		default:
			p.pos++
			if f := p.child(x, form); f != nil {
				return f
			}
		}
	}
}

// settle notes the order of an element's content, which begins at the mark, where it
// is not that of the fields.
func (p *parser) settle(x element, f form, mark int) {
	order := p.order[mark:]
	p.order = p.order[:mark]
	if c, ok := x.(*Connect); ok && c.Noun == nil {
		c.promote(order)
	}
	if !canonical(order, f) {
		x.origin().content = slices.Clone(order)
	}
}

// promote makes a noun of an element outside of the schema when there is no other noun.
func (x *Connect) promote(order []entry) {
	i := slices.IndexFunc(x.Nodes, func(n Node) bool { _, ok := n.(*Element); return ok })
	if i < 0 {
		return
	}
	order[i].slot = slotFields // without a noun each entry is a node
	x.Noun = x.Nodes[i].(*Element)
	if x.Nodes = slices.Delete(x.Nodes, i, i+1); len(x.Nodes) == 0 {
		x.Nodes = nil
	}
}

// place notes where the next part of an element's content went.
func (p *parser) place(f form, s slot, text string) {
	if f != formMixed {
		p.order = append(p.order, entry{s, text})
	}
}

// child reads a child element.
func (p *parser) child(x element, f form) *failure {
	name, fail := p.name()
	if fail != nil {
		return fail
	}
	c, s := x.add(name)
	if c == nil {
		e := &Element{Name: name}
		c, s = e, x.foreign(e)
	}
	p.place(f, s, "")
	return p.element(c, name)
}
