package twiml

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// characters checks that all bytes are characters of XML.
func (p *parser) characters() *failure {
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

// declaration reads <?xml version encoding? standalone?>, if it is there, and returns
// the encoding.
func (p *parser) declaration() (encoding string, f *failure) {
	at := p.pos
	if !p.take("<?xml") || !p.space() && !strings.HasPrefix(p.src[p.pos:], "?>") {
		p.pos = at
		return "", nil
	}
	decl, f := p.until("?>", "XML declaration")
	if f != nil {
		return "", f
	}
	const malformed = "malformed XML declaration"
	s, names := scanner{src: decl}, []string{"version", "encoding", "standalone"}
	for s.space(); !s.done(); s.space() {
		name, f := s.name()
		i := slices.Index(names, name)
		if f != nil || i < 0 || name != "version" && len(names) == 3 {
			return "", p.fail(at, malformed)
		}
		names = names[i+1:]
		s.space()
		if !s.take("=") {
			return "", p.fail(at, malformed)
		}
		s.space()
		value, _, f := s.value()
		if f != nil {
			return "", p.fail(at, malformed)
		}
		switch {
		case name == "version" && !strings.HasPrefix(value, "1."):
			return "", &failure{at, 12101, "XML version " + clip(value)}
		case name == "encoding" && value == "":
			return "", p.fail(at, malformed)
		case name == "encoding":
			encoding = value
		}
	}
	if len(names) == 3 {
		return "", p.fail(at, malformed)
	}
	return encoding, nil
}

// misc reads comments, processing instructions, white space and, before the root,
// the document type.
func (p *parser) misc(root *Response, comments *[]Comment, after bool) *failure {
	doctype := !after
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
			inst, f := p.instruction(!after)
			if f != nil {
				return f
			}
			src := root.origin()
			src.outside = append(src.outside, outside{after, len(*comments), inst})
		case doctype && p.take("<!DOCTYPE"):
			if f := p.doctype(); f != nil {
				return f
			}
			doctype = false
		default:
			return nil
		}
	}
}

// doctype skips a document type that declares nothing.
func (p *parser) doctype() *failure {
	at := p.pos
	for !p.done() {
		c := p.src[p.pos]
		p.pos++
		switch c {
		case '>':
			return nil
		case '[':
			return p.fail(at, "document type with declarations")
		case '"', '\'':
			if _, f := p.until(string(rune(c)), "document type"); f != nil {
				return p.fail(at, "document type without end")
			}
		}
	}
	return p.fail(at, "document type without end")
}

// instruction reads the rest of a processing instruction. In the prolog, the XML
// declaration gets here when something stands before it.
func (p *parser) instruction(prolog bool) (ProcInst, *failure) {
	at := p.pos
	inst, f := p.until("?>", "processing instruction")
	if f != nil {
		return "", f
	}
	if target(inst) == "xml" && prolog {
		return "", p.fail(p.start(), "the XML declaration is not at the start: not even white space may come before it")
	}
	if !isTarget(target(inst)) {
		return "", p.fail(at, "processing instruction without a name of its own")
	}
	return ProcInst(lineEnds(inst)), nil
}

// target returns the name at the beginning of a processing instruction.
func target(inst string) string {
	if i := strings.IndexFunc(inst, isWhite); i >= 0 {
		return inst[:i]
	}
	return inst
}

// isTarget reports whether a processing instruction can have the target.
func isTarget(s string) bool { return isName(s) && !strings.EqualFold(s, "xml") }

// start returns the position of the first character.
func (p *parser) start() int {
	if strings.HasPrefix(p.src, "\ufeff") {
		return len("\ufeff")
	}
	return 0
}

// decodeLatin1 returns a text of ISO-8859-1 in UTF-8.
func decodeLatin1(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// encodeLatin1 is the inverse.
func encodeLatin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
