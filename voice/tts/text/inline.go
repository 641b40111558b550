package text

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inline decides on a character within a line, which is r.
func (m *markup) inline(r rune) int {
	switch r {
	case '*':
		n := m.run(0, '*')
		if n == 1 && m.star() {
			m.emit('*', m.in.cell(0))
		}
		return n
	case '_':
		if isWord(m.last) && isWord(m.in.at(1)) {
			break
		}
		return 1
	case '~':
		if n := m.run(0, '~'); n > 1 {
			return n
		}
	case '`':
		return m.code()
	case '!':
		if m.in.at(1) == '[' {
			if n := m.label(1); n > 0 && m.in.at(n) == '(' {
				if end := m.target(n); end > 0 {
					m.space()
					return end
				}
			}
		}
	case '[':
		return m.bracket()
	case ']':
		return m.closeBracket()
	case '【':
		if n := m.until(1, '】'); n > 0 && n < 80 {
			for i := 1; i < n; i++ {
				if m.in.at(i) == '†' {
					return n
				}
			}
		}
		return 1
	case '】', '{', '}', '\uFFFD':
		m.space()
		return 1
	case '<':
		return m.angle()
	case '>':
		if m.last == 0 || !isDigit(m.last) && m.last != ' ' {
			return 1
		}
	case '|':
		m.emit(',', m.in.cell(0))
		m.emit(' ', m.in.cell(0))
		return 1
	case '\\':
		if next := m.in.at(1); next < 128 && (unicode.IsPunct(next) || unicode.IsSymbol(next)) {
			if strings.ContainsRune("`*_[]<>{}|\\~#", next) {
				m.space()
			} else {
				m.emit(next, m.in.cell(1))
			}
			return 2
		}
		m.space()
		return 1
	case '&':
		if s, n := m.entity(); n > 0 {
			m.emit(s, m.in.cell(0))
			return n
		}
	case 0x1B:
		return m.escape()
	}
	switch {
	case unicode.IsSpace(r) || unicode.IsControl(r):
		m.emit(' ', m.in.cell(0))
		return 1
	case r == 'm' && !isWord(m.last) && m.follows(0, "mailto:"):
		return len("mailto:")
	case r == 't' && !isWord(m.last) && m.follows(0, "tel:") && (m.in.at(4) == '+' || isDigit(m.in.at(4))):
		return len("tel:")
	case r < 128 && isLetter(r) && m.startsAddress():
		m.inside, m.open = address, 0
		m.space()
		return 1
	case r < 128:
		if n := m.emoticon(r); n > 0 {
			return n
		}
	case invisible(r):
		return 1
	case pictograph(r):
		m.space()
		return 1
	}
	m.emit(folded(r), m.in.cell(0))
	return 1
}

// star reports whether the "*" at the front is no emphasis: it stands alone, or
// between digits, or before digits that no other "*" ends, as in "*67".
func (m *markup) star() bool {
	next := m.in.at(1)
	switch {
	case isDigit(m.last) && isDigit(next):
		return true
	case m.last != ' ' && m.last != 0:
		return false
	case next == ' ' || next == 0 || next == '\n' || next == ',' || next == '.':
		return m.last == ' '
	case !isDigit(next):
		return false
	}
	n := 1
	for n < 12 && isDigit(m.in.at(n)) {
		n++
	}
	return m.in.at(n) != '*'
}

// nested is how deep brackets may be within each other.
const nested = 3

// label returns the place behind the "]" that closes the "[" at i.
func (m *markup) label(i int) int {
	depth := 0
	for end := i + 300; i < end; i++ {
		switch m.in.at(i) {
		case '[':
			if depth++; depth > nested {
				return 0
			}
		case ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\n', 0:
			return 0
		}
	}
	return 0
}

// target returns the place behind the address of a link, "(...)" from i on.
func (m *markup) target(i int) int {
	depth := 0
	for ; i < markupReach-1; i++ {
		switch m.in.at(i) {
		case '(':
			if depth++; depth > nested {
				return 0
			}
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\n', '[', ']', 0:
			return 0
		}
	}
	return 0
}

// bracket decides on a "[": a citation, as "[1]" or "[^2]", is not read, of all
// else the words are.
func (m *markup) bracket() int {
	n := 1
	if m.in.at(n) == '^' {
		if n = m.until(n, ']'); n > 0 && n < 40 {
			return m.colon(n)
		}
		return 1
	}
	digits := false
	for r := m.in.at(n); n < 24 && (isDigit(r) || digits && (r == ',' || r == ' ' || r == '-' || r == '–')); r = m.in.at(n) {
		digits = true
		n++
	}
	if digits && m.in.at(n) == ']' {
		n++
		if m.in.at(n) == '(' {
			if end := m.target(n); end > 0 {
				return end
			}
		}
		return n
	}
	return 1
}

// colon leaves out the colon behind the mark of a footnote.
func (m *markup) colon(n int) int {
	if m.in.at(n) == ':' && m.lineStart {
		n++
	}
	return n
}

// closeBracket decides on a "]" and the address or the name behind it.
func (m *markup) closeBracket() int {
	switch m.in.at(1) {
	case '(':
		if end := m.target(1); end > 0 {
			return end
		}
	case '[':
		if end := m.label(1); end > 0 {
			return end
		}
	}
	if isWord(m.in.at(1)) {
		m.space()
	}
	return 1
}

// code decides on a "`": words in it are read, code is not.
func (m *markup) code() int {
	ticks := m.run(0, '`')
	for i := ticks; i < 256; i++ {
		switch m.in.at(i) {
		case 0:
			return ticks
		case '\n':
			if m.in.at(i+1) == '\n' {
				return ticks
			}
		case '`':
			if n := m.run(i, '`'); n != ticks {
				i += n - 1
				continue
			}
			if !m.words(ticks, i) {
				m.space()
				return i + ticks
			}
			for k := ticks; k < i; k++ {
				m.emit(folded(m.in.at(k)), m.in.cell(k))
			}
			return i + ticks
		}
	}
	return ticks
}

// words reports whether the characters from i to end are words, as in "press
// `Start`", and not code.
func (m *markup) words(i, end int) bool {
	some := false
	for previous := rune(' '); i < end; i++ {
		r := m.in.at(i)
		switch {
		case isWord(r):
			if unicode.IsUpper(r) && unicode.IsLower(previous) {
				return false // camelCase
			}
			some = true
		case r == ' ' || r == '\'' || r == '-' && previous != ' ' && previous != '-':
		case (r == ':' || r == '.') && isDigit(previous) && isDigit(m.in.at(i+1)):
		default:
			return false
		}
		previous = r
	}
	return some
}

// angle decides on a "<".
func (m *markup) angle() int {
	if m.in.at(1) == '3' && !isWord(m.in.at(2)) && m.last == ' ' && !isDigit(m.in.at(3)) {
		return 2 // a heart
	}
	if n := m.tag(); n > 0 {
		return n
	}
	if isDigit(m.last) || m.last == ' ' {
		next := m.in.at(1)
		if isDigit(next) || next == ' ' {
			m.emit('<', m.in.cell(0))
			return 1
		}
	}
	m.space()
	return 1
}

// entity returns the character of an HTML entity at the front, a space for one
// that is not read, and its length.
func (m *markup) entity() (rune, int) {
	name := []byte{'&'}
	for r := m.in.at(1); len(name) < 12 && r < 128 && (isLetter(r) || isDigit(r) || r == '#' && len(name) == 1); r = m.in.at(len(name)) {
		name = append(name, byte(r))
	}
	if m.in.at(len(name)) != ';' || len(name) < 2 {
		return 0, 0
	}
	text := []rune(html.UnescapeString(string(name) + ";"))
	if text[0] == '&' && len(text) > 1 {
		return 0, 0
	}
	if r := folded(text[0]); r != '<' && r != '>' && r != utf8.RuneError && !invisible(r) && !pictograph(r) && unicode.IsGraphic(r) {
		return r, len(name) + 1
	}
	return ' ', len(name) + 1
}

// emoticon returns the length of an emoticon at the front, which is r, such as
// ":-)".
func (m *markup) emoticon(r rune) int {
	if r != ':' && r != ';' && r != '=' || m.last != ' ' && m.last != 0 {
		return 0
	}
	n := 1
	if c := m.in.at(n); c == '-' || c == '\'' || c == 'o' {
		n++
	}
	if c := m.in.at(n); c == 0 || !strings.ContainsRune(")(DPp/\\|OoSs3*", c) {
		return 0
	}
	n++
	if c := m.in.at(n); c == 0 || unicode.IsSpace(c) || strings.ContainsRune(".,!?)", c) {
		return n
	}
	return 0
}

// escape returns the length of a terminal's control sequence at the front.
func (m *markup) escape() int {
	if m.in.at(1) != '[' {
		return 1
	}
	n := 2
	for r := m.in.at(n); n < 32 && (isDigit(r) || r == ';' || r == '?'); r = m.in.at(n) {
		n++
	}
	if r := m.in.at(n); r < 128 && isLetter(r) {
		n++
	}
	return n
}
