package text

import (
	"strings"
	"unicode"
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
		size := len([]rune(part))
		if k > 0 && size > 0 {
			if previous := parts[k-1]; len(parts) > 1 && (!readable(part) || !readable(previous)) && (len(part) > 2 || len(previous) > 2) && !readable(previous) {
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
	if len(part) < 3 || strings.IndexFunc(part, func(r rune) bool { return !isLetter(r) }) >= 0 {
		return false
	}
	return vowels(part) > 0 && (!allUpper(part) || len(part) > 3) || !allUpper(part) && strings.ToLower(part[1:]) == part[1:]
}

// sayPart says a part of a code that begins at the ith character; behind a word a
// short number is one.
func (l *lexer) sayPart(part string, i int, behindWord bool) {
	runes := []rune(part)
	digits := strings.IndexFunc(part, func(r rune) bool { return !isDigit(r) }) < 0
	switch {
	case len(runes) == 0:
		return
	case readable(part):
		l.say(strings.Trim(part, "_'"), i, i+len(runes))
		return
	case digits && behindWord && len(runes) <= 2 && runes[0] != '0', digits && len(runes) == 1:
		l.say(cardinal(part), i, i+len(runes))
		return
	case digits:
		l.sayDigits(i, i+len(runes))
		return
	}
	// A word with a number behind it, as "iphone15".
	split := 0
	for split < len(runes) && isLetter(runes[split]) {
		split++
	}
	if split >= 3 && readable(string(runes[:split])) {
		l.say(string(runes[:split]), i, i+split)
		l.sayPart(string(runes[split:]), i+split, true)
		return
	}
	// A number with a letter or a word behind it, as "3D" or "100th-floor".
	split = 0
	for split < len(runes) && isDigit(runes[split]) {
		split++
	}
	if 0 < split && split < 3 && runes[0] != '0' && (split == len(runes)-1 || readable(string(runes[split:]))) {
		l.say(cardinal(string(runes[:split])), i, i+split)
		l.sayPart(string(runes[split:]), i+split, false)
		return
	}
	// Letters with a short number behind them, as "B12"; but not in a code.
	split = 0
	for split < len(runes) && isLetter(runes[split]) {
		split++
	}
	if rest := len(runes) - split; 0 < split && split < 4 && 0 < rest && rest < 3 && runes[split] != '0' && !spellable(l.topic) && isDigit(runes[split]) && isDigit(runes[len(runes)-1]) {
		l.say(spell(string(runes[:split])), i, i+split)
		l.say(cardinal(string(runes[split:])), i+split, i+len(runes))
		return
	}
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
