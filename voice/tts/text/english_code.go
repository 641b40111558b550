package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestCode is the number of characters of the longest code that is said: what
// is longer, such as a hash, nobody can write down.
const longestCode = 32

// sayCode says a word of letters and digits, n characters, as "AB12CD", "COVID-19"
// or "MP3".
func (l *lexer) sayCode(w string, n int) int {
	if n > longestCode {
		l.skipping = true
		return n
	}
	parts := strings.Split(w, "-")
	i := 0
	for k, part := range parts {
		size := utf8.RuneCountInString(part)
		if k > 0 && size > 0 {
			before := parts[k-1]
			if !readable(before) && max(size, utf8.RuneCountInString(before)) > 2 {
				l.pause()
			}
		}
		l.sayPart(part, i, k > 0 && !strings.ContainsAny(parts[k-1], "0123456789"))
		i += size + 1
	}
	return n
}

// readable reports whether a part of a code is said as a word.
func readable(part string) bool {
	size := utf8.RuneCountInString(part)
	if size < 3 || strings.IndexFunc(part, func(r rune) bool { return !isLetter(r) }) >= 0 {
		return false
	}
	if allUpper(part) {
		return size > 3 && vowels(part) > 0
	}
	_, first := utf8.DecodeRuneInString(part)
	return vowels(part) > 0 || strings.ToLower(part[first:]) == part[first:]
}

// sayPart says a part of a code that begins at the ith character; behind a word a
// short number is one.
func (l *lexer) sayPart(part string, i int, behindWord bool) {
	runes := []rune(part)
	digits := strings.IndexFunc(part, func(r rune) bool { return !isDigit(r) }) < 0
	switch {
	case len(runes) == 0:
	case readable(part):
		l.say(part, i, i+len(runes))
	case digits && behindWord && len(runes) <= 2 && runes[0] != '0', digits && len(runes) == 1:
		l.say(cardinal(part), i, i+len(runes))
	case digits:
		l.sayDigits(i, i+len(runes))
	case l.sayWordThenNumber(runes, i), l.sayNumberThenWord(runes, i), l.sayLettersThenNumber(runes, i):
	default:
		l.sayCharacters(runes, i)
	}
}

// sayWordThenNumber says "iphone15", and reports whether runes are of that kind.
func (l *lexer) sayWordThenNumber(runes []rune, i int) bool {
	split := leading(runes, isLetter)
	if split < 3 || !readable(string(runes[:split])) {
		return false
	}
	l.say(string(runes[:split]), i, i+split)
	l.sayPart(string(runes[split:]), i+split, true)
	return true
}

// sayNumberThenWord says "3D" or "100th-floor", and reports whether runes are of that kind.
func (l *lexer) sayNumberThenWord(runes []rune, i int) bool {
	split := leading(runes, isDigit)
	if split == 0 || split > 2 || runes[0] == '0' || split != len(runes)-1 && !readable(string(runes[split:])) {
		return false
	}
	l.say(cardinal(string(runes[:split])), i, i+split)
	l.sayPart(string(runes[split:]), i+split, false)
	return true
}

// sayLettersThenNumber says "B12", which is not part of a code, and reports whether runes
// are of that kind.
func (l *lexer) sayLettersThenNumber(runes []rune, i int) bool {
	split := leading(runes, isLetter)
	rest := len(runes) - split
	if split == 0 || split > 3 || rest == 0 || rest > 2 || runes[split] == '0' || spellable(l.topic) || leading(runes[split:], isDigit) < rest {
		return false
	}
	l.say(spell(string(runes[:split])), i, i+split)
	l.say(cardinal(string(runes[split:])), i+split, i+len(runes))
	return true
}

// leading returns how many of the first runes are of a kind.
func leading(runes []rune, is func(rune) bool) int {
	for n, r := range runes {
		if !is(r) {
			return n
		}
	}
	return len(runes)
}

// sayCharacters says one character after another, in groups.
func (l *lexer) sayCharacters(runes []rune, i int) {
	at := 0
	for _, size := range groups(len(runes)) {
		if at > 0 {
			l.pause()
		}
		for range size {
			r := runes[at]
			switch {
			case isDigit(r):
				l.say(units[r-'0'], i+at, i+at+1)
			case isWord(r):
				l.say(string(unicode.ToUpper(r)), i+at, i+at+1)
			}
			at++
		}
	}
}
