package text

import (
	"strings"
	"unicode"
)

// shorthand writes out the short form at the front, of which r is the first character:
// numbers and all that is made of them. It returns 0 where there is nothing of the
// kind.
func (l *lexer) shorthand(r rune) int {
	switch {
	case isDigit(r) || r == '½' || r == '¼' || r == '¾':
		return l.numeral(0)
	case unicode.Is(unicode.Sc, r):
		return l.sum(0)
	case isLetter(r):
		return l.namedDate(r)
	}
	next := l.in.at(1)
	switch r {
	case '(', '+':
		if isDigit(next) {
			if n := l.phone(); n > 0 {
				return n
			}
		}
	case '-':
		if (l.last == ' ' || l.last == 0 || l.last == '(') && (isDigit(next) || unicode.Is(unicode.Sc, next)) {
			l.say("minus", 0, 1)
			if n := l.numeral(1); n > 0 {
				return n
			}
			if n := l.sum(1); n > 0 {
				return n
			}
			return 1
		}
	case '~', '≈':
		if isDigit(next) || unicode.Is(unicode.Sc, next) {
			if !strings.EqualFold(l.word, "about") {
				l.say("about", 0, 1)
			}
			return 1
		}
	case '#':
		if isDigit(next) {
			l.say("number", 0, 1)
			l.topic, l.distance = "number", 0
			return 1
		}
	case '.':
		if isDigit(next) {
			return l.numeral(0)
		}
		if l.last == ' ' && unicode.IsUpper(next) && unicode.IsUpper(l.in.at(2)) {
			l.say("dot", 0, 1)
			return 1
		}
	case '\'':
		if isDigit(next) && isDigit(l.in.at(2)) && l.in.at(3) == 's' && !isWord(l.in.at(4)) && l.in.at(2) == '0' {
			l.say(plural(cardinal(l.string(1, 3))), 0, 4)
			return 4
		}
	}
	return 0
}

// sayWord says a word of n characters that is not a number.
func (l *lexer) sayWord(w string, n int) int {
	lower := strings.ToLower(w)
	if l.in.at(n) == '.' {
		if m := l.abbreviated(w, lower, n); m > 0 {
			return m
		}
	}
	switch {
	case lower == "x" && l.in.at(n) == ' ' && isDigit(l.in.at(n+1)):
		l.say("by", 0, n)
		return n
	case strings.Contains(w, "@"):
		l.sayAddress(w)
		return n
	case slashes[lower] != "":
		l.say(slashes[lower], 0, n)
		if l.in.at(n) == '/' && !isWord(l.in.at(n+1)) {
			n++
		}
		return n
	case (lower == "w") && l.in.at(n) == '/' && !isWord(l.in.at(n+1)):
		l.say("with", 0, n+1)
		return n + 1
	case strings.Contains(w, "."):
		return l.sayDotted(w, lower, n)
	case strings.Contains(w, "&"):
		stem, own := strings.CutSuffix(w, "'s")
		words := strings.ReplaceAll(spell(stem), "&", "and")
		if own {
			words += "s"
		}
		l.say(words, 0, n)
		return n
	case strings.ContainsAny(w, "0123456789"):
		return l.sayCode(w, n)
	case strings.Contains(w, "_"):
		l.say(strings.ReplaceAll(w, "_", " "), 0, n)
		return n
	}
	if singles(w) {
		l.say(strings.ReplaceAll(w, "-", " "), 0, n)
		return n
	}
	if m := l.roman(w, n); m > 0 {
		return m
	}
	if day := weekdays[lower]; day != "" && startsUpper(w) && l.weekday(lower, n) {
		l.say(day, 0, n)
		return n
	}
	l.say(l.capitals(w, lower, n), 0, n)
	if topics[lower] > 0 {
		l.topic, l.distance = lower, 0
	}
	return n
}

// singles reports whether w consists of single letters with hyphens between
// them: a word that is spelled.
func singles(w string) bool {
	parts := strings.Split(w, "-")
	for _, p := range parts {
		if len(p) != 1 {
			return false
		}
	}
	return len(parts) > 2
}

// abbreviated says a word with a dot behind it, if the dot belongs to it.
func (l *lexer) abbreviated(w, lower string, n int) int {
	short, ok := l.language.abbreviations[lower]
	if months[lower] != 0 && len(w) <= 4 && startsUpper(w) && w != "May" {
		short, ok = abbreviation{say: monthNames[months[lower]-1]}, true
	} else if day := weekdays[lower]; day != "" && startsUpper(w) {
		short, ok = abbreviation{say: day}, true
		if (lower == "sun" || lower == "sat" || lower == "wed") && isBreak(l.in.at(n+1)) {
			ok = false
		}
	}
	if ok && l.abbreviates(short, n+1) {
		say := short.say
		switch lower {
		case "dr", "st":
			if l.street(n + 1) {
				say, short.use = map[string]string{"dr": "Drive", "st": "Street"}[lower], ending
			}
		}
		if say == "" {
			say = w
		}
		l.say(say, 0, n+1)
		if topic := topicOf[lower]; topic != "" {
			l.topic, l.distance = topic, 0
		}
		return n + 1 + l.endsWith(short, n+1)
	}
	if l.initial(w, n+1) {
		l.say(w, 0, n+1)
		return n + 1
	}
	if strings.Contains(w, ".") && initialism(w) {
		l.say(spell(strings.ReplaceAll(w, ".", "")), 0, n+1)
		return n + 1 + l.endsWith(abbreviation{use: ending}, n+1)
	}
	return 0
}

// weekday reports whether a short word, n characters, is the name of a day: some
// are other words as well.
func (l *lexer) weekday(lower string, n int) bool {
	switch lower {
	case "wed", "sat", "sun":
		return l.in.at(n) == ':' || dayBefore[strings.ToLower(l.word)]
	}
	return true
}

// dayBefore are words behind which "Sat" is a day.
var dayBefore = set("on or next this until through every to monday tuesday wednesday thursday friday saturday sunday")

// street reports whether "Dr." or "St.", with what follows from i on, stands
// behind the name of a street.
func (l *lexer) street(i int) bool {
	ordinal := strings.HasSuffix(l.word, "th") || strings.HasSuffix(l.word, "first") || strings.HasSuffix(l.word, "second") || strings.HasSuffix(l.word, "third")
	if !ordinal && (!startsUpper(l.word) || l.language.starters[strings.ToLower(l.word)]) || l.last != ' ' {
		return false
	}
	if l.in.at(i) != ' ' {
		return true
	}
	next := l.nextWord(i)
	return !startsUpper(next) || l.begins(next)
}

// initialism reports whether w consists of single letters with dots between
// them, as "U.S" does.
func initialism(w string) bool {
	for p := range strings.SplitSeq(w, ".") {
		if len(p) != 1 || !isLetter(rune(p[0])) {
			return false
		}
	}
	return true
}

// sayDotted says a word with dots in it.
func (l *lexer) sayDotted(w, lower string, n int) int {
	switch {
	case initialism(w):
		l.say(spell(strings.ReplaceAll(w, ".", "")), 0, n)
	case l.numberedBehind(w, lower) > 0: // "No.5"
		short := l.language.abbreviations[lower[:strings.IndexByte(lower, '.')]].say
		n = l.numberedBehind(w, lower)
		l.say(short, 0, n)
		if topic := topicOf[lower[:n-1]]; topic != "" {
			l.topic, l.distance = topic, 0
		}
	case strings.HasSuffix(w, ".s") && l.language.abbreviations[strings.TrimSuffix(lower, ".s")].say != "":
		l.say(l.language.abbreviations[strings.TrimSuffix(lower, ".s")].say+"s", 0, n)
	case (w[0] == 'v' || w[0] == 'V') && dottedDigits(w[1:]):
		if !strings.EqualFold(l.word, "version") {
			l.say("version", 0, 1)
		}
		l.sayPoints(w[1:], 1)
	default:
		l.sayDomain(w, 0)
	}
	return n
}

// numberedBehind returns where the number begins behind an abbreviation and its dot, as
// "5" does in "No.5"; 0 where w is something else.
func (l *lexer) numberedBehind(w, lower string) int {
	head, number, _ := strings.Cut(lower, ".")
	if short, ok := l.language.abbreviations[head]; !ok || short.use != beforeNumber || short.say == "" || !dottedDigits(number) || strings.Contains(number, ".") {
		return 0
	}
	return len(head) + 1
}

// sayAddress says an e-mail address.
func (l *lexer) sayAddress(w string) {
	local, domain, _ := strings.Cut(w, "@")
	at := l.sayLabels(local, 0)
	l.say("at", at, at+1)
	l.sayDomain(domain, at+1)
}

// sayDomain says a domain, or another name with dots, that begins at the ith
// character.
func (l *lexer) sayDomain(w string, i int) {
	labels := strings.Split(w, ".")
	for k, label := range labels {
		if k > 0 {
			l.say("dot", i, i+1)
			i++
		}
		runes := len([]rune(label))
		if k > 0 && !sayable(label) && runes <= 4 && !strings.ContainsAny(label, "-_+@&/'") {
			l.say(spell(label), i, i+runes)
			i += runes
			continue
		}
		i = l.sayLabels(label, i)
	}
}

// sayable reports whether the last part of a name is said as a word.
func sayable(label string) bool {
	switch strings.ToLower(label) {
	case "com", "net", "org", "info", "biz", "dev", "app", "gov", "edu", "mil", "me", "shop", "online", "store", "health",
		"zip", "doc", "text", "word", "page", "live", "news", "blog", "care", "cloud", "email", "agency", "so", "us", "is", "it", "in", "at", "to", "be":
		return true
	}
	return len(label) > 4 && vowels(label) > 0
}

// sayLabels says the parts of an address between dots, from the ith character on,
// and returns where they end.
func (l *lexer) sayLabels(w string, i int) int {
	runes := []rune(w)
	for start := 0; start < len(runes); {
		if name, ok := addressSigns[runes[start]]; ok {
			l.say(name, i+start, i+start+1)
			start++
			continue
		}
		end := start
		for end < len(runes) && addressSigns[runes[end]] == "" && isDigit(runes[end]) == isDigit(runes[start]) {
			end++
		}
		part := string(runes[start:end])
		switch {
		case isDigit(runes[start]):
			l.sayDigits(i+start, i+end)
		case len(part) == 1, len(part) <= 4 && vowels(part) == 0:
			l.say(spell(part), i+start, i+end)
		default:
			l.say(part, i+start, i+end)
		}
		start = end
	}
	return i + len(runes)
}

var addressSigns = map[rune]string{'.': "dot", '_': "underscore", '-': "dash", '+': "plus", '&': "and", '/': "slash", '\'': "apostrophe", '@': "at"}

// slashes are short forms with a slash in them.
var slashes = map[string]string{"w/o": "without", "n/a": "N A", "c/o": "care of", "a/c": "A C", "i/o": "I O", "r/c": "R C", "b/c": "because"}

// capitals returns how a word is said that may be written in capitals: some are
// words, as "NASA", some are spelled.
func (l *lexer) capitals(w, lower string, n int) string {
	stem, end := w, ""
	for _, s := range []string{"'s", "s"} {
		if rest, ok := strings.CutSuffix(w, s); ok {
			stem, end = rest, "s"
			break
		}
	}
	if !allUpper(stem) || len(stem) < 2 || len(stem) > 6 {
		switch lower {
		case "ok":
			return "okay"
		case "vs":
			return "versus"
		}
		if strings.Contains(w, "-") {
			return l.hyphened(w)
		}
		return w
	}
	switch {
	case stem == "OK":
		return "okay"
	case l.topic != "" && end == "" && spellable(l.topic) && len(stem) > 1 && !l.shouted(n):
		return spell(stem)
	case spelled[stem], vowels(stem) == 0 && strings.IndexByte(stem, 'Y') < 0:
		if end != "" && stem == "A" {
			return w
		}
		return strings.TrimSpace(spell(stem) + end)
	}
	return w
}

// spellable reports whether letters behind the topic are spelled.
func spellable(topic string) bool {
	switch topic {
	case "code", "codes", "pin", "reference", "confirmation", "locator", "passcode", "password", "plate":
		return true
	}
	return false
}

// hyphened says a word with hyphens, of which a part may be written in capitals.
func (l *lexer) hyphened(w string) string {
	parts := strings.Split(w, "-")
	changed := false
	for i, p := range parts {
		if len(p) > 1 && allUpper(p) && (spelled[p] || vowels(p) == 0) {
			parts[i], changed = spell(p), true
		}
	}
	if !changed {
		return w
	}
	return strings.Join(parts, " ")
}

// shouted reports whether the words around one of n characters are in capitals too.
func (l *lexer) shouted(n int) bool {
	next := l.nextWord(n)
	return len(l.word) > 1 && allUpper(l.word) || len(next) > 1 && allUpper(next)
}

// allUpper reports whether w consists of ASCII capitals.
func allUpper(w string) bool {
	for _, r := range w {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return w != ""
}

func vowels(w string) int {
	n := 0
	for _, r := range strings.ToLower(w) {
		if strings.ContainsRune("aeiouyáéíóúäöüàèìòùâêîôû", r) {
			n++
		}
	}
	return n
}

// spell returns the characters of w as single letters, and digits as words.
func spell(w string) string {
	var b strings.Builder
	for _, r := range w {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if isDigit(r) {
			b.WriteString(units[r-'0'])
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// roman says a Roman numeral behind a name or a noun, as in "Louis XIV" and
// "Chapter IV".
func (l *lexer) roman(w string, n int) int {
	v, ok := romans[w]
	if !ok || !startsUpper(l.word) || l.language.starters[strings.ToLower(l.word)] || allUpper(l.word) && len(l.word) > 1 {
		return 0
	}
	if counted[strings.ToLower(l.word)] {
		l.say(cardinalInt(v), 0, n)
	} else if len(w) > 1 {
		l.say("the "+ordinalInt(v), 0, n)
	} else {
		return 0
	}
	return n
}
