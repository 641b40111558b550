package text

import (
	"strings"
	"unicode"
)

// longest is the number of characters of the longest word; what is longer is
// said in parts.
const longest = 40

// words decides on a word, of which the first character is r.
func (l *lexer) words(r rune) int {
	if unspaced(r) {
		n := 1
		for unicode.Is(unicode.M, l.in.at(n)) && n < 8 {
			n++
		}
		c := l.in.cell(0)
		l.out = append(l.out, token{kind: said, text: l.string(0, n), glued: l.last != ' ' && !isBreak(l.last), start: c.at, end: l.in.cell(n - 1).end()})
		l.note("")
		return n
	}
	n := l.run()
	w := l.string(0, n)
	if l.english {
		return l.quoted(l.sayWord(w, n))
	}
	return l.written(w, n)
}

// string returns the characters from i up to j.
func (l *lexer) string(i, j int) string {
	var b strings.Builder
	for ; i < j; i++ {
		b.WriteRune(l.in.at(i))
	}
	return b.String()
}

// run returns the length of the word at the front. An apostrophe, a hyphen, a
// dot and the like belong to it between two of its letters.
func (l *lexer) run() int {
	n := 0
	for n < longest {
		r := l.in.at(n)
		switch {
		case isWord(r) && !unspaced(r):
			n++
			continue
		case n == 0 || r == 0 || !strings.ContainsRune("'-._@+&/", r):
			return n
		}
		next := l.in.at(n + 1)
		if !isWord(next) || unspaced(next) {
			return n
		}
		before := l.in.at(n - 1)
		switch r {
		case '.':
			if unicode.IsLower(before) && unicode.IsUpper(next) && (n < 2 || isWord(l.in.at(n-2))) && unicode.IsLower(l.in.at(n+2)) {
				return n // a space is missing: "end.Start"
			}
		case '+':
			if !l.mail(n) {
				return n
			}
		case '&':
			if !unicode.IsUpper(before) || !unicode.IsUpper(next) {
				return n
			}
		case '/':
			if !l.slashed(n) {
				return n
			}
		}
		n++
	}
	// A word that is too long is cut between two characters.
	for n > longest/2 && unicode.Is(unicode.M, l.in.at(n)) {
		n--
	}
	return n
}

// slashed reports whether the slash at n is part of a short form: "w/o", "N/A".
func (l *lexer) slashed(n int) bool {
	end := n + 1
	for end < n+4 && isLetter(l.in.at(end)) {
		end++
	}
	if isWord(l.in.at(end)) {
		return false
	}
	_, ok := slashes[strings.ToLower(l.string(0, end))]
	return ok
}

// mail reports whether an "@" follows in the same word.
func (l *lexer) mail(n int) bool {
	for end := n + longest; n < end; n++ {
		switch r := l.in.at(n); {
		case r == '@':
			return true
		case !isWord(r) && !strings.ContainsRune(".+-_", r) || r == 0:
			return false
		}
	}
	return false
}

// written decides on a word that is said as it is written.
func (l *lexer) written(w string, n int) int {
	if l.in.at(n) == '.' {
		if short, ok := l.language.abbreviations[strings.ToLower(w)]; ok && l.abbreviates(short, n+1) {
			l.say(w+".", 0, n+1)
			return n + 1 + l.endsWith(short, n+1)
		}
		if l.initial(w, n+1) || l.lettered(w, n+1) {
			l.say(w+".", 0, n+1)
			return n + 1
		}
	}
	l.say(w, 0, n)
	return n
}

// lettered reports whether w is one of several single letters with dots behind
// them, as in "z. B.".
func (l *lexer) lettered(w string, i int) bool {
	if len(w) != 1 || l.in.at(i) != ' ' {
		return false
	}
	if len(l.word) == 2 && l.word[1] == '.' {
		return true
	}
	return isLetter(l.in.at(i+1)) && l.in.at(i+2) == '.'
}

// figure decides on a number that is said as it is written: no piece ends in it.
func (l *lexer) figure(r rune) int {
	n := 0
	if strings.ContainsRune("$€£¥+-", r) {
		n = 1
	}
	if !isDigit(l.in.at(n)) {
		return 0
	}
	for n < longest {
		c := l.in.at(n)
		if isDigit(c) || strings.ContainsRune(".,:/-–'", c) && c != 0 && isDigit(l.in.at(n+1)) {
			n++
			continue
		}
		break
	}
	if isLetter(l.in.at(n)) && !unspaced(l.in.at(n)) {
		return 0 // a code
	}
	switch c := l.in.at(n); {
	case strings.ContainsRune("%‰€£$¥°", c) && c != 0:
		n++
	case c == '.' && n <= 2 && l.language.ordinalDot && l.in.at(n+1) == ' ' && isLetter(l.in.at(n+2)):
		n++
	}
	if c := l.in.at(n + 1); l.in.at(n) == ' ' && strings.ContainsRune("%‰€£$¥", c) && c != 0 && !isWord(l.in.at(n+2)) {
		n += 2
	}
	l.say(l.string(0, n), 0, n)
	return n
}

// nextWord returns the word behind the spaces from the ith character on; it is
// empty at the end of a paragraph.
func (l *lexer) nextWord(i int) string {
	for n := 0; n < 4; n++ {
		switch l.in.at(i) {
		case ' ', '"', '(', '\'', lineBreak:
			i++
			continue
		}
		break
	}
	j := i
	for ; j < i+24 && isWord(l.in.at(j)); j++ {
	}
	return l.string(i, j)
}

// initial reports whether w, with a dot behind it before the ith character, is
// the initial of a name.
func (l *lexer) initial(w string, i int) bool {
	letters := []rune(w)
	if len(letters) != 1 || !unicode.IsUpper(letters[0]) {
		return false
	}
	if next := l.in.at(i); next != ' ' && !isLetter(next) {
		return false
	}
	next := l.nextWord(i)
	if strings.Contains("NSEW", w) && next != "" && isDigit(rune(next[0])) && isLetter(rune(next[len(next)-1])) { // W. 3rd St.
		return true
	}
	if !startsUpper(next) || l.language.starters[strings.ToLower(next)] && len(next) > 1 {
		return false
	}
	return w != "I" || l.word == "" || startsUpper(l.word)
}

func startsUpper(w string) bool {
	for _, r := range w {
		return unicode.IsUpper(r)
	}
	return false
}

// abbreviates reports whether the dot before the ith character belongs to the
// abbreviation.
func (l *lexer) abbreviates(a abbreviation, i int) bool {
	if a.use != beforeNumber {
		return true
	}
	if l.in.at(i) == ' ' {
		i++
	}
	r := l.in.at(i)
	return isDigit(r) || r == '#'
}

// endsWith adds the end of the sentence if it ends with the abbreviation whose dot
// stands before the ith character, and returns the length of the quotes and
// brackets that close it.
func (l *lexer) endsWith(a abbreviation, i int) int {
	behind := l.closers(i)
	switch r := l.in.at(behind); {
	case r == 0 && l.broken:
		return 0
	case r == 0 || r == itemBreak || r == paragraphBreak:
	case r != ' ' && r != lineBreak:
		return 0 // more punctuation
	case a.use != ending:
		return 0
	default:
		if next := l.nextWord(behind); !startsUpper(next) || !l.begins(next) {
			return 0
		}
	}
	l.end(stop, ".", behind)
	return behind - i
}

// begins reports whether a word with a capital letter begins a sentence, as "The"
// does and "Navy", behind "U.S.", does not.
func (l *lexer) begins(w string) bool {
	return l.language.starters[strings.ToLower(w)]
}
