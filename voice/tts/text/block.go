package text

import "unicode"

// block decides on what begins a line, which is r: the marks of headings,
// quotations, lists, tables, rules and fenced code. It returns 0 where there is
// none.
func (m *markup) block(r rune) int {
	switch r {
	case '#':
		if n := m.run(0, '#'); n <= 6 && m.blank(n) {
			m.structure = true
			return n
		}
	case '>':
		return 1
	case '`', '~':
		if n := m.run(0, r); n >= 3 {
			m.inside, m.fence, m.ticks, m.lineStart = fenceLine, r, n, false
			m.emit(paragraphBreak, m.in.cell(0))
			return n
		}
	case '-', '*', '_', '=', '+', '•', '◦', '▪', '‣', '●', '○', '–', '—', '·':
		if m.rule(r) {
			m.inside = line
			m.emit(paragraphBreak, m.in.cell(0))
			return 1
		}
		if r != '_' && r != '=' && m.blank(1) {
			return m.item(1)
		}
	case '|':
		m.structure = true
		if m.separates() {
			m.inside = line
		}
		m.lineStart = false
		return 1
	case '[':
		if n := m.definition(); n > 0 {
			m.inside = line
			return n
		}
	}
	if isDigit(r) {
		return m.numbered()
	}
	return 0
}

// blank reports whether the ith character is a space or the end of a line.
func (m *markup) blank(i int) bool {
	r := m.in.at(i)
	return r == 0 || r == ' ' || r == '\t' || r == '\n' || r == '\r'
}

// item decides on the mark of a list's item, n characters, and on a check box
// behind it.
func (m *markup) item(n int) int {
	m.lineStart = false
	if m.last != 0 {
		m.emit(itemBreak, m.in.cell(0))
	}
	for m.in.at(n) == ' ' {
		n++
	}
	if m.in.at(n) == '[' && m.in.at(n+2) == ']' && m.blank(n+3) {
		switch m.in.at(n + 1) {
		case ' ', 'x', 'X':
			n += 3
		}
	}
	return n
}

// numbered decides on the number of an item, as "2." or "2)": it is said, with a
// pause behind it.
func (m *markup) numbered() int {
	n := 1
	for n < 4 && isDigit(m.in.at(n)) {
		n++
	}
	if r := m.in.at(n); n == 4 || r != '.' && r != ')' || m.in.at(n+1) != ' ' && m.in.at(n+1) != '\t' {
		return 0
	}
	m.lineStart = false
	if m.last != 0 {
		m.emit(itemBreak, m.in.cell(0))
	}
	for i := range n {
		m.emit(m.in.at(i), m.in.cell(i))
	}
	m.emit(',', m.in.cell(n))
	m.emit(' ', m.in.cell(n))
	return n + 2
}

// rule reports whether the line consists of three or more r: a horizontal rule or
// the underline of a heading.
func (m *markup) rule(r rune) bool {
	count := 0
	for i := 0; ; i++ {
		switch c := m.in.at(i); {
		case c == r:
			count++
		case c == '\n' || c == '\r' || c == 0:
			return count >= 3 || count >= 1 && r == '=' && m.last == lineBreak
		case c != ' ' && c != '\t':
			return false
		}
	}
}

// separates reports whether the line is what separates a table's head from its
// body.
func (m *markup) separates() bool {
	dash := false
	for i := 0; ; i++ {
		switch r := m.in.at(i); r {
		case '-':
			dash = true
		case '|', ':', ' ', '\t':
		case '\n', '\r', 0:
			return dash
		default:
			return false
		}
	}
}

// definition returns the length of the mark of a definition of a link, as
// "[name]: https://...", whose line is not read.
func (m *markup) definition() int {
	n := 1
	for r := m.in.at(n); n < 64 && r != ']' && r != '\n' && r != 0; r = m.in.at(n) {
		n++
	}
	if n == 1 || m.in.at(n) != ']' || m.in.at(n+1) != ':' {
		return 0
	}
	n += 2
	for m.in.at(n) == ' ' {
		n++
	}
	if m.in.at(n) == '<' || m.in.at(n) == '/' || m.follows(n, "http://") || m.follows(n, "https://") || m.follows(n, "mailto:") {
		return n
	}
	return 0
}

// tag decides on the tag of HTML or SSML, or the comment, at the front. It
// returns 0 where there is none: a "<" is not always one.
func (m *markup) tag() int {
	if m.follows(1, "!--") {
		m.inside, m.element = hidden, "!--"
		return 4
	}
	if m.in.at(1) == '!' || m.in.at(1) == '?' {
		if n := m.until(2, '>'); n > 0 {
			return n
		}
		return 0
	}
	n, closing := 1, false
	if m.in.at(n) == '/' {
		n, closing = 2, true
	}
	var name []rune
	for r := m.in.at(n); len(name) < 24 && r < 128 && (isLetter(r) || len(name) > 0 && (isDigit(r) || r == '-' || r == '_' || r == ':')); r = m.in.at(n) {
		name = append(name, unicode.ToLower(r))
		n++
	}
	switch r := m.in.at(n); {
	case len(name) == 0:
		return 0
	case r == ':' || r == '@' || r == '.': // <https://example.com>, <anna@example.com>
		return 0
	case r != '>' && r != '/' && r != ' ' && r != '\t' && r != '\n':
		return 0
	}
	end := m.attributes(n)
	if end == 0 {
		return 0
	}
	element := string(name)
	switch {
	case !closing && left[element] && m.in.at(end-2) != '/':
		m.inside, m.element = hidden, element
		m.space()
	case blocks[element]:
		m.emit(paragraphBreak, m.in.cell(0))
	case element == "break":
		m.emit(',', m.in.cell(0))
		m.emit(' ', m.in.cell(0))
	case element == "br":
		m.emit(itemBreak, m.in.cell(0))
	}
	return end
}

// left are the elements whose content is not read.
var left = map[string]bool{"script": true, "style": true, "pre": true, "code": true, "think": true, "thinking": true,
	"tool_call": true, "svg": true, "math": true, "head": true, "iframe": true, "template": true}

// blocks are the elements that begin and end a paragraph.
var blocks = map[string]bool{"p": true, "div": true, "li": true, "ul": true, "ol": true, "tr": true, "table": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true, "section": true,
	"article": true, "header": true, "footer": true, "speak": true, "s": false, "hr": true}

// attributes returns where a tag ends whose attributes begin at i; 0 if they are
// none.
func (m *markup) attributes(i int) int {
	const longest = 512
	for i < longest {
		for m.in.at(i) == ' ' || m.in.at(i) == '\t' || m.in.at(i) == '\n' || m.in.at(i) == '\r' {
			i++
		}
		if m.in.at(i) == '/' {
			i++
		}
		if m.in.at(i) == '>' {
			return i + 1
		}
		start := i
		for r := m.in.at(i); i < longest && r < 128 && (isLetter(r) || i > start && (isDigit(r) || r == '-' || r == '_' || r == ':')); r = m.in.at(i) {
			i++
		}
		if i == start || m.in.at(i) != '=' {
			return 0
		}
		i++
		quote := m.in.at(i)
		if quote != '"' && quote != '\'' {
			return 0
		}
		if i = m.until(i+1, quote); i == 0 {
			return 0
		}
	}
	return 0
}

// until returns the place behind the next r from the ith character on, in the
// same paragraph and not too far; 0 if there is none.
func (m *markup) until(i int, r rune) int {
	for n := 0; n < 512; n++ {
		switch c := m.in.at(i); c {
		case r:
			return i + 1
		case 0, '<':
			return 0
		}
		i++
	}
	return 0
}
