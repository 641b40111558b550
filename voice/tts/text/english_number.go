package text

import (
	"strconv"
	"strings"
)

var units = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
	"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}

var tens = [...]string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}

var thousands = [...]string{"", " thousand", " million", " billion", " trillion"}

// cardinal returns a number of up to 15 digits in words, and more digits one by one.
func cardinal(digits string) string {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 15 {
		return spell(digits)
	}
	return cardinalInt(int(n))
}

func cardinalInt(n int) string {
	if n < 1000 {
		return hundreds(n)
	}
	var parts []string
	for i := 0; n > 0; i++ {
		if part := n % 1000; part > 0 {
			parts = append([]string{hundreds(part) + thousands[i]}, parts...)
		}
		n /= 1000
	}
	return strings.Join(parts, " ")
}

func hundreds(n int) string {
	switch {
	case n < 20:
		return units[n]
	case n < 100:
		if n%10 == 0 {
			return tens[n/10]
		}
		return tens[n/10] + "-" + units[n%10]
	case n%100 == 0:
		return units[n/100] + " hundred"
	}
	return units[n/100] + " hundred " + hundreds(n%100)
}

func ordinalInt(n int) string {
	words := cardinalInt(n)
	cut := strings.LastIndexAny(words, " -") + 1
	last := words[cut:]
	switch last {
	case "one":
		last = "first"
	case "two":
		last = "second"
	case "three":
		last = "third"
	case "five":
		last = "fifth"
	case "eight":
		last = "eighth"
	case "nine":
		last = "ninth"
	case "twelve":
		last = "twelfth"
	default:
		if strings.HasSuffix(last, "y") {
			last = last[:len(last)-1] + "ie"
		}
		last += "th"
	}
	return words[:cut] + last
}

// year returns a number from 1000 to 2999 as a year is said.
func year(n int) string {
	switch {
	case n%1000 == 0, 2000 <= n && n < 2010:
		return cardinalInt(n)
	case n%100 == 0:
		return hundreds(n/100) + " hundred"
	case n%100 < 10:
		return hundreds(n/100) + " oh " + units[n%100]
	}
	return hundreds(n/100) + " " + hundreds(n%100)
}

// plural returns the plural of a number's last word, or of a noun.
func plural(w string) string {
	switch {
	case strings.HasSuffix(w, "y") && !strings.HasSuffix(w, "ay"):
		return w[:len(w)-1] + "ies"
	case strings.HasSuffix(w, "x"), strings.HasSuffix(w, "ss"):
		return w + "es"
	}
	return w + "s"
}

// numeral says a number at i with its signs and units. It returns 0 for a code.
func (l *lexer) numeral(i int) int {
	r := l.in.at(i)
	if v, ok := vulgar[r]; ok {
		l.say(v, i, i+1)
		return i + 1
	}
	if i == 0 {
		for _, rule := range [...]func(*lexer) int{(*lexer).phone, (*lexer).writtenDate, (*lexer).clock, (*lexer).dotted, (*lexer).chain} {
			if n := rule(l); n > 0 {
				return n
			}
		}
	}
	if n := l.sum(i); n > 0 {
		return n
	}
	a, ok := l.decimal(i)
	if !ok {
		return 0
	}
	if i == 0 {
		for _, rule := range [...]func(*lexer, amount) int{(*lexer).dayOfMonth, (*lexer).ordinal, (*lexer).fractional, (*lexer).between, (*lexer).feet, (*lexer).product} {
			if n := rule(l, a); n > 0 {
				return n
			}
		}
	}
	if n := l.measured(i, a); n > 0 {
		return n
	}
	next := l.in.at(a.end)
	if isLetter(next) && !unspaced(next) || next == '_' {
		return 0
	}
	l.sayNumber(i, a)
	if next == '+' && !isWord(l.in.at(a.end+1)) {
		l.say("plus", a.end, a.end+1)
		return a.end + 1
	}
	if v, ok := vulgar[next]; ok {
		l.say("and "+v, a.end, a.end+1)
		return a.end + 1
	}
	if next == '-' && isWord(l.in.at(a.end+1)) { // "10-minute"
		if isDigit(l.in.at(a.end + 1)) {
			l.pause()
		}
		return a.end + 1
	}
	return a.end
}

var vulgar = map[rune]string{'½': "one half", '¼': "one quarter", '¾': "three quarters"}

// sayNumber says a number that stands alone at i: as a year, digit by digit, or as
// a cardinal.
func (l *lexer) sayNumber(i int, a amount) {
	n := a.int()
	plain := a.fraction == "" && a.end-i == len(a.whole)
	switch {
	case !plain:
		l.say(a.words(), i, a.end)
	case l.names(a.whole):
		l.sayDigits(i, a.end)
	case 1900 <= n && n < 2100, 1000 <= n && n < 2100 && dated[strings.ToLower(l.word)]:
		l.say(year(n), i, a.end)
	default:
		l.say(a.words(), i, a.end)
	}
}

// names reports whether digits name something, and so are said one by one.
func (l *lexer) names(digits string) bool {
	switch {
	case len(digits) > 1 && digits[0] == '0', len(digits) > 6 && !strings.HasSuffix(digits, "000"):
		return true
	case len(digits) == 5 && len(l.word) < 3 && l.last == ' ' && allUpper(l.word): // CA 94103
		return true
	case l.topic == "":
		return false
	}
	return len(digits) >= topics[l.topic] || l.topic == "call" && len(digits) == 3 && digits[1:] == "11"
}

// dated are words behind which a number of four digits is a year.
var dated = set("in since year of from by until till before after around circa during copyright early late mid january february march april may june july august september october november december spring summer fall autumn winter class")

// sayDigits says the digits from i up to j one by one, in groups.
func (l *lexer) sayDigits(i, j int) {
	for k, size := range groups(j - i) {
		if k > 0 {
			l.pause()
		}
		for range size {
			l.say(units[l.in.at(i)-'0'], i, i+1)
			i++
		}
	}
}

// groups divides n digits or letters into groups that can be remembered.
func groups(n int) []int {
	if n <= 4 {
		return []int{n}
	}
	size := 3
	switch {
	case n%4 == 0:
		size = 4
	case n == 5:
		return []int{5}
	}
	var g []int
	for ; n > size+1; n -= size {
		g = append(g, size)
	}
	if n > 0 {
		g = append(g, n)
	}
	return g
}

// between says a range, as "5-10", a score, or single digits with hyphens.
func (l *lexer) between(a amount) int {
	i := a.end
	space := l.in.at(i) == ' ' && (l.in.at(i+1) == '–' || l.in.at(i+1) == '-') && l.in.at(i+2) == ' '
	if space {
		i++
	}
	if c := l.in.at(i); c != '-' && c != '–' && c != '—' && c != ':' {
		return 0
	}
	colon := l.in.at(i) == ':'
	if i++; space {
		i++
	}
	b, ok := l.decimal(i)
	if !ok || isLetter(l.in.at(b.end)) && !l.measures(b.end) || padded(a) || padded(b) {
		return 0
	}
	if space && !l.rises(a, b) {
		l.say(a.words(), 0, a.end)
		l.say("minus", a.end+1, a.end+2)
		return a.end + 3
	}
	if c := l.in.at(b.end); (c == '-' || c == '/') && isWord(l.in.at(b.end+1)) || colon && c == ':' {
		return 0
	}
	if x, y := a.int(), b.int(); 1000 <= x && x < 2100 && 1000 <= y && y < 2100 && !colon {
		l.say(year(x), 0, a.end)
		l.say("to", a.end, i)
		l.say(year(y), i, b.end)
		return b.end
	}
	l.say(a.words(), 0, a.end)
	l.say("to", a.end, i)
	if n := l.measured(i, b); n > 0 {
		return n
	}
	l.say(b.words(), i, b.end)
	return b.end
}

// padded reports whether a number has zeros before it, as a part of a code may.
func padded(a amount) bool { return len(a.whole) > 1 && a.whole[0] == '0' }

func (l *lexer) rises(a, b amount) bool { return a.int() < b.int() || b.int() < 0 }

// feet says a height, as 6'2".
func (l *lexer) feet(a amount) int {
	if l.in.at(a.end) != '\'' || a.fraction != "" || len(a.whole) > 2 {
		return 0
	}
	b, ok := l.decimal(a.end + 1)
	if !ok || len(b.whole) > 2 || isWord(l.in.at(b.end)) {
		return 0
	}
	end := b.end
	if l.in.at(end) == '"' {
		end++
	}
	l.say(a.words()+" foot "+b.words(), 0, end)
	return end
}

// chain says a code that consists of several parts with hyphens between them, of
// which the first is a number, as "48-29-13".
func (l *lexer) chain() int {
	n, parts, start, read := 0, 1, 0, false
	for ; n < longestCode; n++ {
		r := l.in.at(n)
		if r == '-' && isWord(l.in.at(n+1)) {
			read = read || readable(l.string(start, n))
			parts, start = parts+1, n+1
		} else if !isDigit(r) && (!isLetter(r) || r > 127) {
			break
		}
	}
	if parts < 3 || read || readable(l.string(start, n)) || isWord(l.in.at(n)) {
		return 0
	}
	if l.in.at(n) == '.' && isDigit(l.in.at(n+1)) {
		return 0
	}
	i := 0
	for k, part := range strings.Split(l.string(0, n), "-") {
		if k > 0 && parts < n/2 {
			l.pause()
		}
		l.sayPart(part, i, false)
		i += len(part) + 1
	}
	return n
}

// product says "2x4" and "3x".
func (l *lexer) product(a amount) int {
	i := a.end
	if c := l.in.at(i); c != 'x' && c != '×' {
		return 0
	}
	b, ok := l.decimal(i + 1)
	switch {
	case !ok && !isWord(l.in.at(i+1)):
		l.say(a.words()+" times", 0, i+1)
		return i + 1
	case !ok || isWord(l.in.at(b.end)):
		return 0
	}
	by := "by"
	if l.in.at(i) == '×' {
		by = "times"
	}
	l.say(sized(a), 0, a.end)
	l.say(by, i, i+1)
	l.say(sized(b), i+1, b.end)
	return b.end
}

// sized returns one side of a product in words: of four digits, as "1080", in pairs.
func sized(a amount) string {
	if n := a.int(); 1000 < n && n < 3000 && n%1000 != 0 {
		return year(n)
	}
	return a.words()
}

// dotted says numbers with several dots: versions and addresses.
func (l *lexer) dotted() int {
	n, dots := 0, 0
	for n < 40 {
		r := l.in.at(n)
		if r == '.' && isDigit(l.in.at(n+1)) {
			dots++
		} else if !isDigit(r) {
			break
		}
		n++
	}
	if dots < 2 || !isDigit(l.in.at(0)) || isLetter(l.in.at(n)) {
		return 0
	}
	if _, ok := l.grouped(0, l.digits(0)); ok {
		return 0
	}
	w := l.string(0, n)
	if dots == 3 {
		i := 0
		for k, part := range strings.Split(w, ".") {
			if k > 0 {
				l.say("dot", i, i+1)
				i++
			}
			for range part {
				l.say(units[l.in.at(i)-'0'], i, i+1)
				i++
			}
		}
		return n
	}
	l.sayPoints(w, 0)
	return n
}

// sayPoints says a version that begins at the ith character.
func (l *lexer) sayPoints(w string, i int) {
	for k, part := range strings.Split(w, ".") {
		if k > 0 {
			l.say("point", i, i+1)
			i++
		}
		l.say(cardinal(part), i, i+len(part))
		i += len(part)
	}
}

// dottedDigits reports whether w consists of numbers with dots between them.
func dottedDigits(w string) bool {
	for p := range strings.SplitSeq(w, ".") {
		if p == "" || strings.IndexFunc(p, func(r rune) bool { return !isDigit(r) }) >= 0 {
			return false
		}
	}
	return true
}
