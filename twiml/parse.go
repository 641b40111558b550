package twiml

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
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
	Path         string // elements open there, such as Response/Gather
	Code         int    // Twilio's error: 12100 not XML, 12102 root is not Response
	Msg          string
}

// Error names the place and what is wrong there.
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
// Comments are kept. Processing instructions, white space between verbs and around
// names, numbers and URLs are not. Where a struct has no order for it the text comes
// first, then the children by type, then the rest. A document type declaration is
// skipped, and one that declares anything is an error.
//
// Parse reads up to 1 MiB, 64 elements deep, and fails with a *[SyntaxError] or the
// error of r. [Response.Validate] tells whether what it read is right.
func Parse(r io.Reader) (*Response, error) {
	src, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("twiml: %w", err)
	}
	var names [16]string
	p, root := parser{scanner: scanner{src: src}, names: names[:0]}, new(Response)
	var fail *failure
	if len(src) > maxInput {
		fail = p.fail(maxInput, "document over 1 MiB")
	} else if fail = p.document(root); fail == nil {
		return root, nil
	}
	before := p.src[:fail.pos]
	return nil, &SyntaxError{
		Line:   1 + strings.Count(before, "\n"),
		Column: fail.pos - strings.LastIndexByte(before, '\n'),
		Path:   strings.Join(p.path, "/"),
		Code:   fail.code,
		Msg:    fail.msg,
	}
}

// readAll reads up to one byte more than the limit. The strings of the tree are parts
// of what it returns.
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
	depth int
	path  []string // of a failure, outermost first
	names []string // of the attributes of a start tag
}

// document reads the prolog, the root element and what comes after.
func (p *parser) document(root *Response) *failure {
	if f := p.encoding(); f != nil {
		return f
	}
	p.take("\ufeff")
	if f := p.declaration(); f != nil {
		return f
	}
	if f := p.misc(&root.Before, true); f != nil {
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
	if f := p.misc(&root.After, false); f != nil {
		return f
	}
	if !p.done() {
		return p.fail(p.pos, "something after the root element")
	}
	return nil
}

// encoding checks that all bytes are characters of XML.
func (p *parser) encoding() *failure {
	for i := 0; i < len(p.src); {
		if i = skipASCII(p.src, i); i == len(p.src) {
			break
		}
		r, size := utf8.DecodeRuneInString(p.src[i:])
		if r == utf8.RuneError && size == 1 {
			return p.fail(i, "not UTF-8")
		}
		if !isChar(r) {
			return p.fail(i, fmt.Sprintf("character %U", r))
		}
		i += size
	}
	return nil
}

// declaration reads <?xml version encoding?>.
func (p *parser) declaration() *failure {
	at := p.pos
	if !p.take("<?xml") || !p.space() {
		p.pos = at
		return nil
	}
	decl, f := p.until("?>", "XML declaration")
	if f != nil {
		return f
	}
	s := scanner{src: decl}
	for s.space(); !s.done(); s.space() {
		name, f := s.name()
		if f != nil {
			return p.fail(at, "malformed XML declaration")
		}
		s.space()
		if !s.take("=") {
			return p.fail(at, "malformed XML declaration")
		}
		s.space()
		value, f := s.value()
		if f != nil {
			return p.fail(at, "malformed XML declaration")
		}
		switch {
		case name == "version" && !strings.HasPrefix(value, "1."):
			return &failure{at, 12101, "XML version " + clip(value)}
		case name == "encoding" && !strings.EqualFold(value, "utf-8") && !strings.EqualFold(value, "us-ascii"):
			return p.fail(at, "encoding "+clip(value)+" is not UTF-8")
		}
	}
	return nil
}

// misc reads comments, processing instructions, white space and, before the root,
// the document type.
func (p *parser) misc(comments *[]Comment, doctype bool) *failure {
	for {
		p.space()
		switch {
		case p.take("<!--"):
			c, f := p.comment()
			if f != nil {
				return f
			}
			*comments = append(*comments, c)
		case p.take("<?"):
			if _, f := p.until("?>", "processing instruction"); f != nil {
				return f
			}
		case doctype && p.take("<!DOCTYPE"):
			at := p.pos
			decl, f := p.until(">", "document type")
			if f != nil {
				return f
			}
			if strings.Contains(decl, "[") {
				return p.fail(at, "document type with declarations")
			}
			doctype = false
		default:
			return nil
		}
	}
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
		value, f := p.value()
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
		if !x.set(name, value) {
			x.attr(name, value)
		}
	}
}

// content reads children up to the end tag.
func (p *parser) content(x element, name string) *failure {
	var text pieces // not yet given to x: CDATA joins its neighbours
	apart, texts := x.apart(), 0
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
			text.add(s)
			continue
		case p.take("<![CDATA["):
			s, f := p.until("]]>", "CDATA section")
			if f != nil {
				return f
			}
			text.add(lineEnds(s))
			continue
		case p.take("<?"):
			if _, f := p.until("?>", "processing instruction"); f != nil {
				return f
			}
			continue
		}
		end := p.take("</")
		if end || !apart {
			if s := text.take(); s != "" {
				x.chars(s)
				texts++
			}
		}
		switch {
		case end:
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
			if texts > 1 {
				x.join()
			}
			return nil
		case p.take("<!--"):
			c, f := p.comment()
			if f != nil {
				return f
			}
			x.foreign(c)
		default:
			p.pos++
			if f := p.child(x); f != nil {
				return f
			}
		}
	}
}

// child reads a child element.
func (p *parser) child(x element) *failure {
	name, f := p.name()
	if f != nil {
		return f
	}
	c := x.add(name)
	if c == nil {
		e := &Element{Name: name}
		x.foreign(e)
		c = e
	}
	return p.element(c, name)
}
