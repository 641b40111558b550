package text

import "strings"

// ordinal says "1st" and decades, as "1990s".
func (l *lexer) ordinal(a amount) int {
	n := a.int()
	if n < 0 {
		return 0
	}
	suffix := strings.ToLower(l.string(a.end, a.end+2))
	if !isWord(l.in.at(a.end + 2)) {
		switch suffix {
		case "st", "nd", "rd", "th":
			if len(a.whole) > 9 {
				return 0
			}
			l.say(ordinalInt(n), 0, a.end+2)
			return a.end + 2
		}
	}
	end := a.end
	if l.in.at(end) == '\'' {
		end++
	}
	if l.in.at(end) != 's' || isWord(l.in.at(end+1)) || n%10 != 0 {
		return 0
	}
	switch {
	case 1000 <= n && n < 2100:
		l.say(plural(year(n)), 0, end+1)
	case 20 <= n && n < 100:
		l.say(plural(cardinalInt(n)), 0, end+1)
	default:
		return 0
	}
	return end + 1
}

// fractional says "3/4", "2 1/2", "24/7" and "4.5/5".
func (l *lexer) fractional(a amount) int {
	if c := l.in.at(a.end); (c == ' ' || c == '-') && a.fraction == "" && len(a.whole) < 4 {
		if b, ok := l.decimal(a.end + 1); ok && l.in.at(b.end) == '/' {
			if c, ok := l.decimal(b.end + 1); ok && b.int() > 0 && b.int() < c.int() && !strings.ContainsRune("/.-", l.in.at(c.end)) && !isWord(l.in.at(c.end)) {
				if words := fraction(b.int(), c.int()); words != "" {
					l.say(a.words(), 0, a.end)
					l.say("and "+strings.Replace(words, "one ", "a ", 1), a.end+1, c.end)
					return c.end
				}
			}
		}
		return 0
	}
	if l.in.at(a.end) != '/' {
		return 0
	}
	b, ok := l.decimal(a.end + 1)
	if !ok || isWord(l.in.at(b.end)) || l.in.at(b.end) == '/' {
		return 0
	}
	x, y := a.int(), b.int()
	pair := [2]int{x, y}
	words := ""
	switch {
	case pair == [2]int{24, 7} || pair == [2]int{9, 11} || pair == [2]int{50, 50} || pair == [2]int{20, 20}:
		words = cardinalInt(x) + " " + cardinalInt(y)
	case x > 0 && x <= 12 && y > 0 && y <= 31 && onDays[strings.ToLower(l.word)]:
		words = monthNames[x-1] + " " + ordinalInt(y)
		if l.dayFirst && y <= 12 {
			words = "the " + ordinalInt(x) + " of " + monthNames[y-1]
		}
	case x > 0 && x <= 12 && 1900 <= y && y < 2100:
		words = monthNames[x-1] + " " + year(y)
	case x > 0 && x <= 12 && len(b.whole) == 2 && expires[strings.ToLower(l.word)]:
		words = monthNames[x-1] + " " + year(2000+y)
	case padded(a) && x > 0 && x <= 12 && y > 0 && y <= 31 && !l.dayFirst:
		words = monthNames[x-1] + " " + ordinalInt(y)
	case x > 0 && x < y:
		words = fraction(x, y)
	}
	if words == "" {
		words = a.words() + " out of " + b.words()
	}
	l.say(words, 0, b.end)
	return b.end
}

// onDays are words behind which "3/5" is a day.
var onDays = set("on by until till before after since monday tuesday wednesday thursday friday saturday sunday")

// expires are words behind which "05/27" is a month.
var expires = set("expires expire expiring expiry expiration expired exp thru")

// fraction returns x/y in words; empty if it has none.
func fraction(x, y int) string {
	if y < 2 || y > 20 && y != 100 && y != 32 && y != 64 {
		return ""
	}
	name := ordinalInt(y)
	switch y {
	case 2:
		name = "half"
	case 4:
		name = "quarter"
	}
	if x > 1 {
		name = plural(name)
	}
	return cardinalInt(x) + " " + name
}
