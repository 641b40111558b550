package twiml

import (
	"strings"
	"unicode/utf8"
)

// scanner reads the tokens of XML from a string that is valid UTF-8.
type scanner struct {
	src string
	pos int
}

// failure is a syntax error at a position; Parse makes a SyntaxError of it.
type failure struct {
	pos  int
	code int
	msg  string
}

func (s *scanner) fail(pos int, msg string) *failure { return &failure{pos, 12100, msg} }

func (s *scanner) done() bool { return s.pos == len(s.src) }

// take skips a token that stands here.
func (s *scanner) take(token string) bool {
	if strings.HasPrefix(s.src[s.pos:], token) {
		s.pos += len(token)
		return true
	}
	return false
}

func (s *scanner) space() bool {
	start := s.pos
	for s.pos < len(s.src) && spaces[s.src[s.pos]] {
		s.pos++
	}
	return s.pos > start
}

var spaces = [256]bool{' ': true, '\t': true, '\r': true, '\n': true}

// until returns the text before the token and skips both.
func (s *scanner) until(token, what string) (string, *failure) {
	i := strings.Index(s.src[s.pos:], token)
	if i < 0 {
		return "", s.fail(s.pos, what+" without end")
	}
	text := s.src[s.pos : s.pos+i]
	s.pos += i + len(token)
	return text, nil
}

func (s *scanner) name() (string, *failure) {
	start, i := s.pos, s.pos
	for i < len(s.src) && nameBytes[s.src[i]] {
		i++
	}
	if i > start && s.src[start] > '9' && i < len(s.src) && s.src[i] != ':' && s.src[i] < utf8.RuneSelf {
		s.pos = i
		return s.src[start:i], nil // most are ASCII, and one part
	}
	for s.pos < len(s.src) {
		if c := s.src[s.pos]; !nameBytes[c] && c != ':' && c < utf8.RuneSelf {
			break
		}
		s.pos++
	}
	if name := s.src[start:s.pos]; isName(name) {
		return name, nil
	}
	return "", s.fail(start, "name expected")
}

// value reads a quoted attribute value. It returns also how it is written, when that
// is not the value itself.
func (s *scanner) value() (value, raw string, f *failure) {
	if s.done() || s.src[s.pos] != '"' && s.src[s.pos] != '\'' {
		return "", "", s.fail(s.pos, "attribute value without quotes")
	}
	start := s.pos + 1
	n := strings.IndexByte(s.src[start:], s.src[s.pos])
	if n < 0 {
		return "", "", s.fail(start, "attribute value without end")
	}
	raw = s.src[start : start+n]
	s.pos = start + n + 1
	if plain(raw) {
		return raw, "", nil
	}
	if i := strings.IndexByte(raw, '<'); i >= 0 {
		return "", "", s.fail(start+i, "< in an attribute value")
	}
	value, f = s.unescape(raw, start, true)
	return value, raw, f
}

// chars reads character data up to the next tag.
func (s *scanner) chars() (string, *failure) {
	start := s.pos
	n := strings.IndexByte(s.src[start:], '<')
	if n < 0 {
		n = len(s.src) - start
	}
	raw := s.src[start : start+n]
	s.pos = start + n
	if plain(raw) {
		return raw, nil
	}
	if i := strings.Index(raw, "]]>"); i >= 0 {
		return "", s.fail(start+i, "]]> in text")
	}
	return s.unescape(raw, start, false)
}

// unescape resolves references and normalizes white space: line ends in text,
// all of it in an attribute (XML 1.0, sections 2.11 and 3.3.3).
func (s *scanner) unescape(raw string, at int, attr bool) (string, *failure) {
	special := "&\r"
	if attr {
		special = "&\r\n\t"
	}
	if !strings.ContainsAny(raw, special) {
		return raw, nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			end := strings.IndexByte(raw[i:], ';')
			if end < 0 {
				return "", s.fail(at+i, "& without ;")
			}
			r, ok := reference(raw[i+1 : i+end])
			if !ok {
				return "", s.fail(at+i, "unknown reference "+clip(raw[i:i+end+1]))
			}
			b.WriteRune(r)
			i += end
		case c == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
		case c == '\r' && !attr:
			b.WriteByte('\n')
		case attr && (c == '\r' || c == '\n' || c == '\t'):
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// reference resolves the text between & and ;. It knows only the five entities of XML:
// nothing can expand.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.TrimPrefix(name, "#"), rune(10)
	if digits == name {
		return 0, false
	}
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	var r rune
	for _, c := range []byte(digits) {
		d := rune(16)
		switch {
		case '0' <= c && c <= '9':
			d = rune(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = rune(c|0x20-'a') + 10
		}
		if d >= base || r > utf8.MaxRune {
			return 0, false
		}
		r = r*base + d
	}
	return r, digits != "" && isChar(r)
}

// lineEnds returns s with the line ends of XML (section 2.11).
func lineEnds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// pieces joins the pieces of a text. One alone is not copied.
type pieces struct {
	one  string
	many []byte
}

func (p *pieces) add(s string) {
	switch {
	case p.many != nil:
		p.many = append(p.many, s...)
	case p.one == "":
		p.one = s
	default:
		p.many = append([]byte(p.one), s...)
	}
}

// take returns the text and begins the next.
func (p *pieces) take() string {
	s := p.one
	if p.many != nil {
		s = string(p.many)
	}
	*p = pieces{}
	return s
}

// clip shortens a quotation in an error.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
