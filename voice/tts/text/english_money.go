package text

import (
	"strings"
	"unicode"
)

// currency is how a currency is said.
type currency struct {
	one, many   string
	cent, cents string // empty = it has none that are said
}

var currencies = map[string]currency{
	"$": {"dollar", "dollars", "cent", "cents"}, "€": {"euro", "euros", "cent", "cents"}, "£": {"pound", "pounds", "penny", "pence"},
	"¥": {"yen", "yen", "", ""}, "₹": {"rupee", "rupees", "paisa", "paise"}, "₩": {"won", "won", "", ""}, "₽": {"ruble", "rubles", "kopek", "kopeks"},
	"₺": {"lira", "lira", "", ""}, "₪": {"shekel", "shekels", "", ""}, "¢": {"cent", "cents", "", ""}, "₿": {"bitcoin", "bitcoin", "", ""}, "₫": {"dong", "dong", "", ""}, "₴": {"hryvnia", "hryvnias", "", ""},
	"USD": {"US dollar", "US dollars", "cent", "cents"}, "EUR": {"euro", "euros", "cent", "cents"}, "GBP": {"pound", "pounds", "penny", "pence"},
	"CAD": {"Canadian dollar", "Canadian dollars", "cent", "cents"}, "AUD": {"Australian dollar", "Australian dollars", "cent", "cents"}, "CHF": {"Swiss franc", "Swiss francs", "", ""},
	"US$": {"US dollar", "US dollars", "cent", "cents"}, "C$": {"Canadian dollar", "Canadian dollars", "cent", "cents"}, "CA$": {"Canadian dollar", "Canadian dollars", "cent", "cents"},
	"A$": {"Australian dollar", "Australian dollars", "cent", "cents"}, "AU$": {"Australian dollar", "Australian dollars", "cent", "cents"}, "NZ$": {"New Zealand dollar", "New Zealand dollars", "cent", "cents"},
	"HK$": {"Hong Kong dollar", "Hong Kong dollars", "cent", "cents"}, "S$": {"Singapore dollar", "Singapore dollars", "cent", "cents"}, "R$": {"real", "reais", "centavo", "centavos"},
	"JPY": {"yen", "yen", "", ""}, "INR": {"rupee", "rupees", "", ""}, "MXN": {"Mexican peso", "Mexican pesos", "", ""}, "SEK": {"Swedish krona", "Swedish kronor", "", ""},
}

var magnitudes = map[string]string{"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "mm": "million", "bn": "billion",
	"b": "billion", "B": "billion", "t": "trillion", "T": "trillion", "tn": "trillion", "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion", "hundred": "hundred"}

// sum says a sum of money at i: "$4.50", "5 €", "20 USD", "$5-10 million".
func (l *lexer) sum(i int) int {
	start, negative := i, false
	before, i := l.currency(i)
	if before != "" && (l.in.at(i) == ' ' || l.in.at(i) == '-' && isDigit(l.in.at(i+1))) {
		negative = l.in.at(i) == '-'
		i++
	}
	a, ok := l.decimal(i)
	if !ok {
		return 0
	}
	a = l.european(i, a, before != "")
	many, end := l.magnitude(a.end)
	if before == "" {
		j := end
		if l.in.at(j) == ' ' {
			j++
		}
		code, k := l.currency(j)
		if code == "" || isWord(l.in.at(k)) || !unicode.IsLetter(rune(code[0])) && j > end && isDigit(l.in.at(k)) {
			return 0
		}
		l.say(money(a, many, l.priced(code, k)), start, k)
		return l.per(k)
	}
	if isWord(l.in.at(end)) && !unspaced(l.in.at(end)) {
		return 0
	}
	// A range: its first number gets the currency only if the second has one too.
	j := end
	spaced := l.in.at(j) == ' '
	if spaced {
		j++
	}
	if c := l.in.at(j); (c == '-' || c == '–' || c == '—') && (!spaced || l.in.at(j+1) == ' ') {
		dash := j
		if j++; spaced {
			j++
		}
		again, k := l.currency(j)
		if b, ok := l.decimal(k); ok && (again == "" || again == before) && !(spaced && again == "") {
			scale, end2 := l.magnitude(b.end)
			if !isWord(l.in.at(end2)) {
				first := a.words()
				if many != "" {
					first += " " + many
				}
				l.say(first, start, end)
				l.say("to", dash, dash+1)
				l.say(money(b, scale, currencies[before]), j, end2)
				return l.per(end2)
			}
		}
	}
	price := l.priced(before, end)
	if code, k := l.currency(end + 1); before == "$" && l.in.at(end) == ' ' && strings.HasSuffix(currencies[code].many, "dollars") && len(code) == 3 && !isDigit(l.in.at(k+1)) { // $5 USD
		price, end = currencies[code], k
	}
	words := money(a, many, price)
	if negative {
		words = "minus " + words
	}
	l.say(words, start, end)
	return l.per(end)
}

// european reads the rest of a sum of which a was read at i: "1,99", and, where the
// currency stands behind it, "1 234,50".
func (l *lexer) european(i int, a amount, before bool) amount {
	b := a
	if !before && a.fraction == "" && a.end-i <= 3 {
		for l.in.at(b.end) == ' ' && l.digits(b.end+1) == 3 && b.end < i+16 {
			b.whole += l.string(b.end+1, b.end+4)
			b.end += 4
		}
	}
	if n := l.cents(b.end); n > 0 && b.fraction == "" {
		b.fraction = l.string(b.end+1, b.end+1+n)
		b.end += 1 + n
	}
	if before || b.end == a.end {
		return b
	}
	j := b.end
	if l.in.at(j) == ' ' {
		j++
	}
	if code, k := l.currency(j); code == "" || isWord(l.in.at(k)) || j > b.end && isDigit(l.in.at(k)) { // of the next sum
		return a
	}
	return b
}

// priced returns the currency for a sum that ends at i: before a noun, as in "a $5
// coupon", it has no plural.
func (l *lexer) priced(code string, i int) currency {
	c := currencies[code]
	if w := strings.ToLower(l.word); (w == "a" || w == "an") && l.in.at(i) == ' ' && isLetter(l.in.at(i+1)) {
		c.many, c.cents = c.one, c.cent
	}
	return c
}

// currency returns the currency that is written at i, and where it ends.
func (l *lexer) currency(i int) (string, int) {
	if r := l.in.at(i); unicode.Is(unicode.Sc, r) {
		if _, ok := currencies[string(r)]; ok {
			return string(r), i + 1
		}
		return "", i
	}
	if !unicode.IsUpper(l.in.at(i)) {
		return "", i
	}
	for n := 1; n <= 2; n++ {
		if _, ok := currencies[l.string(i, i+n+1)]; ok && l.in.at(i+n) == '$' {
			return l.string(i, i+n+1), i + n + 1
		}
	}
	code := l.string(i, i+3)
	if _, ok := currencies[code]; ok && !isWord(l.in.at(i+3)) {
		return code, i + 3
	}
	return "", i
}

// magnitude returns "million" and the like at i, where it may be short, and where
// it ends; i without one.
func (l *lexer) magnitude(i int) (string, int) {
	j := i
	spaced := l.in.at(j) == ' '
	if spaced {
		j++
	}
	k := j
	for k < j+10 && isLetter(l.in.at(k)) {
		k++
	}
	w := l.string(j, k)
	name, ok := magnitudes[w]
	if !ok || isWord(l.in.at(k)) || spaced && len(w) < 7 {
		return "", i
	}
	return name, k
}

// money returns a sum in words.
func money(a amount, magnitude string, c currency) string {
	if magnitude != "" {
		return a.words() + " " + magnitude + " " + c.many
	}
	if len(a.fraction) != 2 || c.cent == "" {
		if a.one() {
			return "one " + c.one
		}
		return a.words() + " " + c.many
	}
	cents := cardinal(a.fraction) + " " + c.cents
	if a.fraction == "01" {
		cents = "one " + c.cent
	}
	whole := a
	whole.fraction = ""
	switch none := strings.Trim(a.whole, "0") == ""; {
	case a.fraction == "00" && a.whole == "1":
		return "one " + c.one
	case a.fraction == "00":
		return whole.words() + " " + c.many
	case none:
		return cents
	case a.whole == "1":
		return "one " + c.one + " and " + cents
	}
	return whole.words() + " " + c.many + " and " + cents
}

// per says the slash of "$5/hour".
func (l *lexer) per(i int) int {
	if l.in.at(i) != '/' || !isLetter(l.in.at(i+1)) {
		return i
	}
	l.say("per", i, i+1)
	for _, short := range [...][2]string{{"mo", "month"}, {"hr", "hour"}, {"yr", "year"}, {"wk", "week"}, {"h", "hour"}} {
		n := len(short[0])
		if l.string(i+1, i+1+n) == short[0] && !isWord(l.in.at(i+1+n)) {
			l.say(short[1], i+1, i+1+n)
			return i + 1 + n
		}
	}
	return i + 1
}
