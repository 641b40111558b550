package text

import (
	"slices"
	"strings"
	"unicode"
)

// lexer makes tokens of plain text: words as they are said, and the ends of
// clauses and sentences.
type lexer struct {
	in       window
	out      []token
	language *language
	english  bool // the rules for what is written short are those of English
	verbatim bool // it is said as it is written
	dayFirst bool
	broken   bool // the text breaks off: its end ends nothing that may go on
	lexState
}

// lexState is the context that the next token's meaning depends on.
type lexState struct {
	last     rune   // the character before
	word     string // the word before; empty after the end of a sentence
	topic    string // a word that says what a number is, as "code", if it was one of the last
	distance int    // how many words ago
	keys     bool   // the sentence is about the keys of a telephone
	skipping bool   // in the rest of a word that is too long to be said
}

// lexerReach is how far a rule looks.
const lexerReach = 160

// kind is the kind of a token.
type kind uint8

const (
	said   kind = iota // a word
	clause             // the end of a clause
	stop               // the end of a sentence
)

// token is a word as it is said, or a mark.
type token struct {
	kind       kind
	text       string // the word, or the punctuation
	glued      bool   // no space before it
	joined     bool   // it says the same number, address and the like as the one before
	start, end int    // the bytes of the source
}

// step makes the next tokens. It returns false when it needs more of the text,
// and at its end.
func (l *lexer) step() bool {
	if l.in.empty() {
		return false
	}
	state := l.lexState
	l.in.short, l.out = false, l.out[:0]
	n := l.scan()
	if l.in.short {
		l.lexState, l.out = state, l.out[:0]
		return false
	}
	words := 0
	for i := range l.out {
		if t := &l.out[i]; t.kind == said && t.text != "," {
			t.joined = words > 0
			words++
		}
	}
	l.last = l.in.cell(n - 1).r
	l.in.drop(n)
	return true
}

// scan returns how many characters the next tokens are.
func (l *lexer) scan() int {
	r := l.in.at(0)
	switch {
	case l.skipping && isWord(r):
		return 1
	case r == ' ':
		return 1
	case r == lineBreak || r == itemBreak || r == paragraphBreak:
		return l.layout()
	}
	l.skipping = false
	if !isWord(l.last) || unspaced(l.last) || unicode.Is(unicode.Sc, r) {
		if l.english {
			if n := l.shorthand(r); n > 0 {
				return l.quoted(n)
			}
		} else if n := l.figure(r); n > 0 {
			return n
		}
	}
	if isWord(r) {
		return l.words(r)
	}
	return l.mark(r)
}

// say adds words, separated by spaces, that say the characters from i up to j.
func (l *lexer) say(words string, i, j int) {
	start, end := l.in.cell(i).at, l.in.cell(j-1).end()
	glued := i == 0 && tight(l.last)
	for w := range strings.FieldsSeq(words) {
		l.out = append(l.out, token{kind: said, text: w, glued: glued, start: start, end: end})
		glued = false
		l.note(w)
	}
}

// quoted puts the n characters in the place of the words for them, where they are
// said as they are written.
func (l *lexer) quoted(n int) int {
	if !l.verbatim {
		return n
	}
	marks := slices.DeleteFunc(l.out, func(t token) bool { return t.kind == said })
	dotted := len(marks) > 0 && marks[0].text == "."
	end := n
	for end > 0 && (l.in.at(end-1) == ' ' || len(marks) > 0 && strings.ContainsRune("\"')]", l.in.at(end-1))) {
		end--
	}
	l.out = nil
	for i := 0; i < end; {
		j := i
		for j < end && l.in.at(j) != ' ' && !isBreak(l.in.at(j)) {
			j++
		}
		if j > i {
			l.say(l.string(i, j), i, j)
		}
		i = j + 1
	}
	if dotted {
		marks[0].text = ""
	}
	l.out = append(l.out, marks...)
	return n
}

// tight reports whether what follows r is written without a space.
func tight(r rune) bool {
	return unspaced(r) || 0x3001 <= r && r <= 0x303F || 0xFF01 <= r && r <= 0xFF65
}

// note remembers a word as what comes before the next.
func (l *lexer) note(w string) {
	l.word = w
	if keyWords[strings.ToLower(w)] {
		l.keys = true
	}
	if l.distance++; l.distance > 3 {
		l.topic = ""
	}
}

// pause adds a comma behind what was said last, so that groups are heard as such.
func (l *lexer) pause() {
	if n := len(l.out); n > 0 && l.out[n-1].kind == said {
		l.out = append(l.out, token{kind: said, text: ","})
	}
}

// end adds the end of a clause or a sentence, n characters.
func (l *lexer) end(k kind, text string, n int) int {
	l.out = append(l.out, token{kind: k, text: text, start: l.in.cell(0).at, end: l.in.cell(n - 1).end()})
	if k == stop {
		l.word, l.topic, l.keys = "", "", false
	}
	return n
}

// layout decides on line breaks and the spaces around them. A single one ends a
// sentence if the next line looks like a new one.
func (l *lexer) layout() int {
	n, strong := 0, false
	for ; n < lexerReach-1; n++ {
		switch l.in.at(n) {
		case itemBreak, paragraphBreak:
			strong = true
			continue
		case ' ', lineBreak:
			continue
		}
		break
	}
	if l.last == ',' && !strong {
		return n
	}
	if r := l.in.at(n); strong || unicode.IsUpper(r) || isDigit(r) || r == '"' || r == 0 && l.in.final {
		return l.end(stop, "", n)
	}
	return n
}

// mark decides on punctuation and other signs, of which the first is r.
func (l *lexer) mark(r rune) int {
	switch r {
	case '.', '…':
		return l.period()
	case '!', '?':
		n, text := 1, string(r)
		for c := l.in.at(n); c == '!' || c == '?'; c = l.in.at(n) {
			if n++; c == '?' {
				text = "?"
			}
			if n == lexerReach-32 {
				break
			}
		}
		return l.end(stop, text, l.closers(n))
	case '。', '！', '？', '｡', '．', '؟', '।', '۔', '‼', '⁇', '⁈', '⁉':
		n := 1
		for c := l.in.at(n); n < lexerReach-32 && (c == '。' || c == '！' || c == '？'); c = l.in.at(n) {
			n++
		}
		return l.end(stop, string(r), l.closers(n))
	case '，', '、', '；', '：', '،', '؛':
		return l.end(clause, string(r), 1)
	case ',', ';', ':':
		if l.broken && l.in.at(1) == 0 && isDigit(l.last) {
			return 1
		}
		if c := l.in.at(1); r == ':' && c != 0 && c != ' ' && !isBreak(c) && !unspaced(c) && c != '"' {
			return 1
		}
		if c := l.in.at(1); r == ',' && isDigit(l.last) && isDigit(c) { // a number, or several
			l.out = append(l.out, token{kind: said, text: ","})
			return 1
		}
		return l.end(clause, string(r), l.closers(1))
	case '—':
		return l.end(clause, ",", 1)
	case '/':
		if l.english && !l.verbatim && len(l.word) > 1 && unicode.IsLower(l.last) && unicode.IsLower(l.in.at(1)) && unicode.IsLower(l.in.at(2)) && !strings.EqualFold(l.word, "and") {
			l.say("or", 0, 1)
		}
		return 1
	case '–', '-':
		if (l.last == ' ' || l.last == 0) && l.in.at(1) == ' ' {
			return l.end(clause, ",", 1)
		}
		return 1
	case '(':
		if l.last == ' ' && !isDigit(l.in.at(1)) {
			return l.end(clause, ",", 1)
		}
		return 1
	case ')':
		if l.in.at(1) == ' ' && isWord(l.in.at(2)) {
			return l.end(clause, ",", 1)
		}
		return 1
	}
	return l.sign(r)
}

// closers returns the place behind closing quotes and brackets from the ith
// character on.
func (l *lexer) closers(i int) int {
	for n := i; ; i++ {
		if r := l.in.at(i); r == 0 || i > n+8 || !strings.ContainsRune("\"')」』）》”’", r) {
			return i
		}
	}
}

// period decides on one or several dots.
func (l *lexer) period() int {
	n := 0
	dots := 0
	for r := l.in.at(n); n < lexerReach-32 && (r == '.' || r == '…'); r = l.in.at(n) {
		if n++; r == '…' {
			dots += 2
		}
		dots++
	}
	behind := l.closers(n)
	next := l.in.at(behind)
	if dots > 1 {
		for i := behind; next == ' ' && i < lexerReach-1; i++ {
			next = l.in.at(i)
		}
		if next == 0 || unicode.IsUpper(next) || isBreak(next) || unspaced(next) {
			return l.end(stop, "...", behind)
		}
		return l.end(clause, "...", behind)
	}
	if next == 0 && l.broken && isDigit(l.last) {
		return behind
	}
	if next == 0 || next == ' ' || isBreak(next) || unicode.IsUpper(next) || unspaced(next) || l.last == ' ' {
		return l.end(stop, ".", behind)
	}
	return behind
}

func isBreak(r rune) bool { return r == lineBreak || r == itemBreak || r == paragraphBreak }

// unspaced reports whether r belongs to a script that puts no spaces between
// words, so that every character counts as one.
func unspaced(r rune) bool {
	return r >= 0x0E00 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || r == 'ー')
}

// key returns the name of a key of a telephone.
func (l *lexer) key(r rune) string {
	switch {
	case r == '*':
		return "star"
	case l.dayFirst:
		return "hash"
	}
	return "pound"
}

// numbered reports whether what follows a "#" has a digit in it.
func (l *lexer) numbered() bool {
	for n := 1; n < longest; n++ {
		r := l.in.at(n)
		if isDigit(r) {
			return true
		}
		if !isWord(r) && r != '-' {
			break
		}
	}
	return false
}

// signs are the words for signs that stand alone, in English.
var signs = map[rune]string{'*': "times", '&': "and", '@': "at", '%': "percent", '+': "plus", '=': "equals", '#': "number",
	'$': "dollars", '€': "euros", '£': "pounds", '°': "degrees", '§': "section", '×': "times", '÷': "divided by",
	'½': "one half", '¼': "one quarter", '¾': "three quarters", '≈': "about", '≥': "at least", '≤': "at most", '±': "plus or minus",
	'<': "less than", '>': "more than", '√': "square root of", 'µ': "micro", '∞': "infinity"}

// sign decides on a sign other than punctuation: some are said.
func (l *lexer) sign(r rune) int {
	next := l.in.at(1)
	if l.keys && l.english && !l.verbatim && (r == '*' || r == '#' && !isWord(next)) {
		l.say(l.key(r), 0, 1)
		return 1
	}
	word, ok := signs[r]
	if !ok || r == '*' && !isDigit(l.last) && next != ' ' {
		return 1
	}
	if isLetter(l.last) && l.english && !l.verbatim {
		switch { // C++, C#
		case r == '+' && next == '+' && !isWord(l.in.at(2)):
			l.say("plus plus", 0, 2)
			return 2
		case r == '#' && !isWord(next):
			l.say("sharp", 0, 1)
			return 1
		}
	}
	switch r {
	case '#', '@', '$', '€', '£':
		if !isWord(next) {
			return 1
		}
		if r == '$' || r == '€' || r == '£' { // not before a number: that was a sum
			return 1
		}
		if r == '#' && isLetter(next) && !l.numbered() {
			word = "hashtag"
		}
	case '<', '>', '×', '÷', '*':
		if !isDigit(next) && !(next == ' ' && isDigit(l.in.at(2))) {
			return 1
		}
	case '+', '=':
		if next == r || !isWord(next) && next != ' ' {
			return 1
		}
	}
	if !l.english || l.verbatim {
		word = string(r)
	}
	l.say(word, 0, 1)
	return 1
}
