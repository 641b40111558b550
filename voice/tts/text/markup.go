package text

import (
	"strings"
	"unicode"
)

// markup leaves out text for the eye. What it lets through are characters of plain
// text, and the breaks below.
type markup struct {
	in  window
	out *window
	markupState
}

// Breaks that the layout of the text makes; of several in a row the strongest counts.
const (
	lineBreak      = '\n'
	itemBreak      = '\u2028' // a heading, an item of a list, a row of a table
	paragraphBreak = '\u2029'
)

// markupState is the context that the next character's meaning depends on.
type markupState struct {
	lineStart bool // only spaces since the line began
	structure bool // the line is a heading, an item or a row: it ends a sentence
	last      rune // what was let through last; 0 = nothing yet
	inside    inside
	fence     rune   // of the fenced code, '`' or '~'
	ticks     int    // the length of its fence
	open      int    // brackets that a URL has opened
	element   string // whose content is left out
}

// inside is the kind of text that is being left out.
type inside uint8

const (
	plain     inside = iota
	fenceLine        // the rest of the line that opens fenced code
	fenced           // fenced code
	address          // a URL
	line             // the rest of a line that is not read
	hidden           // the content of an element such as script
)

// markupReach is how far a rule looks: as far as the address of a link may.
const markupReach = 2100

// step decides on the next characters. It returns false when it needs more of
// the text, and at its end.
func (m *markup) step() bool {
	if m.in.empty() {
		return false
	}
	state, n := m.markupState, len(m.out.cells)
	m.in.short = false
	used := m.scan()
	if m.in.short {
		m.markupState, m.out.cells = state, m.out.cells[:n]
		return false
	}
	m.in.drop(used)
	return true
}

// emit lets a character through.
func (m *markup) emit(r rune, c cell) {
	m.out.put(r, c)
	m.last = r
}

// space lets a space through where two words would else become one.
func (m *markup) space() {
	if m.last != 0 && m.last != ' ' {
		m.emit(' ', m.in.cell(0))
	}
}

// scan decides on the characters at the front and returns how many they are.
func (m *markup) scan() int {
	switch m.inside {
	case fenceLine:
		return m.leaveLine(fenced)
	case line:
		return m.leaveLine(plain)
	case fenced:
		return m.insideFence()
	case address:
		return m.insideAddress()
	case hidden:
		return m.insideElement()
	}
	r := m.in.at(0)
	if r == '\r' {
		if m.in.at(1) == '\n' {
			return 1
		}
		r = '\n'
	}
	if r == '\n' {
		return m.newline()
	}
	if m.lineStart {
		if r == ' ' || r == '\t' {
			return 1
		}
		if n := m.block(r); n > 0 {
			return n
		}
		m.lineStart = false
	}
	return m.inline(r)
}

// leaveLine leaves out a character, and the state at the line's end.
func (m *markup) leaveLine(then inside) int {
	if m.in.at(0) == '\n' {
		m.inside, m.lineStart = then, true
	}
	return 1
}

func (m *markup) newline() int {
	r := rune(lineBreak)
	switch {
	case m.lineStart:
		r = paragraphBreak
	case m.structure:
		r = itemBreak
	}
	m.emit(r, m.in.cell(0))
	m.lineStart, m.structure = true, false
	return 1
}

// insideFence leaves out a character of fenced code, or the line that ends it.
func (m *markup) insideFence() int {
	if m.lineStart {
		if r := m.in.at(0); r == ' ' || r == '\t' {
			return 1
		}
		if n := m.run(0, m.fence); n >= m.ticks {
			end := n
			for m.in.at(end) == ' ' || m.in.at(end) == '\t' || m.in.at(end) == '\r' {
				end++
			}
			if r := m.in.at(end); r == '\n' || r == 0 {
				m.inside = plain
				if r == '\n' {
					end++
				}
				return end
			}
		}
	}
	m.lineStart = m.in.at(0) == '\n'
	return 1
}

// run returns how many characters from the ith are r.
func (m *markup) run(i int, r rune) int {
	n := 0
	for m.in.at(i+n) == r {
		n++
	}
	return n
}

// insideElement leaves out a character of an element's content, or its end.
func (m *markup) insideElement() int {
	if m.in.at(0) == '<' && m.in.at(1) == '/' && m.follows(2, m.element) {
		n := 2 + len(m.element)
		for m.in.at(n) == ' ' {
			n++
		}
		if m.in.at(n) == '>' {
			m.inside = plain
			m.space()
			return n + 1
		}
	}
	if m.element == "!--" && m.in.at(0) == '-' && m.follows(1, "->") {
		m.inside = plain
		return 3
	}
	return 1
}

// follows reports whether word, in lower case, is what is written from the ith
// character on, in any case.
func (m *markup) follows(i int, word string) bool {
	for _, r := range word {
		if unicode.ToLower(m.in.at(i)) != r {
			return false
		}
		i++
	}
	return true
}

// insideAddress leaves out a character of a URL, or leaves the URL where it ends.
func (m *markup) insideAddress() int {
	r := m.in.at(0)
	switch {
	case r == '(':
		m.open++
		return 1
	case r == ')' && m.open > 0:
		m.open--
		return 1
	}
	if addressEnds(r) || strings.ContainsRune(".,;:!?)]}'*_~", r) && m.trailing(0) {
		m.inside = plain
		return 0
	}
	return 1
}

// trailing reports whether only punctuation stands between the ith character and
// the end of the word.
func (m *markup) trailing(i int) bool {
	for n := 0; n < 16; n++ {
		r := m.in.at(i + n)
		if r == 0 || addressEnds(r) {
			return true
		}
		if !strings.ContainsRune(".,;:!?)]}'*_~", r) {
			return false
		}
	}
	return false
}

// addressEnds reports whether r cannot be part of a URL.
func addressEnds(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`|\\^{}、。，！？；：」』）】》—…", r)
}

// startsAddress reports whether a URL begins at the front.
func (m *markup) startsAddress() bool {
	if isWord(m.last) {
		return false
	}
	if m.follows(0, "www.") {
		return isWord(m.in.at(4))
	}
	n := 0
	for r := m.in.at(0); n < 12 && (isLetter(r) && r < 128 || n > 0 && strings.ContainsRune("+-.0123456789", r) && r != 0); r = m.in.at(n) {
		n++
	}
	return n > 1 && m.in.at(n) == ':' && m.in.at(n+1) == '/' && m.in.at(n+2) == '/'
}

func isLetter(r rune) bool {
	if r < 128 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.M, r)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isWord(r rune) bool {
	if r < 128 {
		return isDigit(r) || isLetter(r)
	}
	return isLetter(r) || unicode.IsNumber(r)
}
