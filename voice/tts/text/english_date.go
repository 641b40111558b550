package text

import (
	"strings"
	"unicode"
)

// namedDate says a date that begins with the name of a month or a day, "March 3,
// 2024" or "Mon, Jan 5", and sums that begin with a currency's code.
func (l *lexer) namedDate(r rune) int {
	j := 0
	for j < 10 && isLetter(l.in.at(j)) {
		j++
	}
	if isWord(l.in.at(j)) {
		return 0
	}
	name := l.string(0, j)
	lower := strings.ToLower(name)
	if _, ok := currencies[name]; ok && l.in.at(j) == ' ' && isDigit(l.in.at(j+1)) {
		return l.sum(0)
	}
	if l.in.at(j) == '$' {
		return l.sum(0)
	}
	if !startsUpper(name) {
		return 0
	}
	if n := l.span(name, j); n > 0 {
		return n
	}
	if day := weekdays[lower]; day != "" && l.in.at(j) == ',' && months[strings.ToLower(l.nextWord(j+1))] != 0 {
		l.say(day, 0, j)
		return j
	}
	month := months[lower]
	if month == 0 {
		return 0
	}
	if l.in.at(j) == '.' && len(name) <= 4 && name != "May" {
		j++
	}
	if l.in.at(j) != ' ' {
		return 0
	}
	a, ok := l.decimal(j + 1)
	if !ok || a.fraction != "" || l.in.at(a.end) == ':' || l.in.at(a.end) == '%' {
		return 0
	}
	n := a.int()
	switch {
	case 1000 <= n && n < 2100 && len(a.whole) == 4 && a.end == j+5 && !isWord(l.in.at(a.end)):
		l.say(monthNames[month-1], 0, j)
		l.say(year(n), j+1, a.end)
		return a.end
	case n < 1 || n > 31 || len(a.whole) > 2:
		return 0
	}
	end := l.suffix(a.end)
	if isWord(l.in.at(end)) || l.measures(end) && l.in.at(end) != ' ' {
		return 0
	}
	l.say(monthNames[month-1], 0, j)
	l.say(ordinalInt(n), j+1, end)
	if c := l.in.at(end); c == '-' || c == '–' {
		if b, ok := l.decimal(end + 1); ok && b.int() > n && b.int() <= 31 && !isWord(l.in.at(l.suffix(b.end))) {
			l.say("to", end, end+1)
			l.say(ordinalInt(b.int()), end+1, l.suffix(b.end))
			end = l.suffix(b.end)
		}
	}
	return l.yearBehind(end)
}

// span says a range of days or months whose first is name, up to the ith
// character, as "Mon-Fri" and "Jan. – Mar.".
func (l *lexer) span(name string, i int) int {
	first := calendar(name)
	if first == "" {
		return 0
	}
	j := i
	if l.in.at(j) == '.' {
		j++
	}
	dash := j
	if l.in.at(j) == ' ' {
		j++
	}
	if c := l.in.at(j); c != '-' && c != '–' {
		return 0
	}
	if j++; l.in.at(j) == ' ' {
		j++
	}
	k := j
	for k < j+10 && isLetter(l.in.at(k)) {
		k++
	}
	second := calendar(l.string(j, k))
	if second == "" || isWord(l.in.at(k)) {
		return 0
	}
	if l.in.at(k) == '.' && l.in.at(k+1) == ' ' && unicode.IsLower(l.in.at(k+2)) {
		k++
	}
	l.say(first, 0, i)
	l.say("to", dash, j)
	l.say(second, j, k)
	return k
}

// calendar returns the full name of a day or a month; empty for other words.
func calendar(name string) string {
	lower := strings.ToLower(name)
	switch {
	case !startsUpper(name):
	case weekdays[lower] != "":
		return weekdays[lower]
	case fullDays[lower] && strings.HasSuffix(lower, "day"):
		return name
	case months[lower] != 0:
		return monthNames[months[lower]-1]
	}
	return ""
}

// suffix returns the place behind "st", "nd", "rd" or "th" at i.
func (l *lexer) suffix(i int) int {
	switch strings.ToLower(l.string(i, i+2)) {
	case "st", "nd", "rd", "th":
		return i + 2
	}
	return i
}

// yearBehind says a year at i, behind the day, and returns where the date ends.
func (l *lexer) yearBehind(i int) int {
	j, comma := i, false
	if l.in.at(j) == ',' {
		j, comma = j+1, true
	}
	if l.in.at(j) != ' ' {
		return i
	}
	a, ok := l.decimal(j + 1)
	if !ok || a.int() < 1000 || a.int() >= 2100 || len(a.whole) != 4 || a.fraction != "" || a.end != j+5 || isWord(l.in.at(a.end)) ||
		!comma && l.in.at(a.end) == ' ' && isDigit(l.in.at(a.end+1)) {
		return i
	}
	l.pause()
	l.say(year(a.int()), j+1, a.end)
	return a.end
}

// dayOfMonth says a date that begins with the day: "3 March 2024".
func (l *lexer) dayOfMonth(a amount) int {
	n := a.int()
	if n < 1 || n > 31 || len(a.whole) > 2 {
		return 0
	}
	day := l.suffix(a.end)
	j := day
	if l.in.at(j) != ' ' {
		return 0
	}
	j++
	if l.in.at(j) == 'o' && l.in.at(j+1) == 'f' && l.in.at(j+2) == ' ' {
		j += 3
	}
	k := j
	for k < j+10 && isLetter(l.in.at(k)) {
		k++
	}
	name := l.string(j, k)
	month := months[strings.ToLower(name)]
	if month == 0 || !startsUpper(name) || isWord(l.in.at(k)) {
		return 0
	}
	if l.in.at(k) == '.' && len(name) <= 4 && name != "May" && l.in.at(k+1) == ' ' {
		k++
	}
	words := ordinalInt(n)
	if w := strings.ToLower(l.word); w != "the" {
		words = "the " + words
	}
	l.say(words, 0, day)
	l.say("of "+monthNames[month-1], day, k)
	return l.yearBehind(k)
}

// writtenDate says a date in figures: "2024-03-05", "3/5/2024", "5.3.2024".
func (l *lexer) writtenDate() int {
	var parts [3]int
	var sizes [3]int
	sep, i := rune(0), 0
	for k := range parts {
		start := i
		for isDigit(l.in.at(i)) && i < start+4 {
			parts[k] = parts[k]*10 + int(l.in.at(i)-'0')
			i++
		}
		if sizes[k] = i - start; sizes[k] == 0 {
			return 0
		}
		if k == 2 {
			break
		}
		if c := l.in.at(i); c != '-' && c != '/' && c != '.' || sep != 0 && c != sep {
			return 0
		}
		sep = l.in.at(i)
		i++
	}
	if c := l.in.at(i); isDigit(c) || isLetter(c) && c != 'T' || c == sep && isDigit(l.in.at(i+1)) {
		return 0
	}
	var y, m, d int
	switch {
	case sizes == [3]int{4, 2, 2}:
		y, m, d = parts[0], parts[1], parts[2]
	case sizes[0] > 2 || sizes[1] > 2 || sep == '.' && sizes[2] != 4 || sizes[2] != 4 && sizes[2] != 2 || sep == '-' && sizes[2] != 4:
		return 0
	default:
		m, d, y = parts[0], parts[1], parts[2]
		if l.dayFirst || sep == '.' || m > 12 {
			m, d = d, m
		}
		if y < 100 {
			if y += 2000; y >= 2070 { // a date of birth
				y -= 100
			}
		}
	}
	if m < 1 || m > 12 || d < 1 || d > 31 || y < 1000 || y >= 2100 {
		return 0
	}
	if l.dayFirst {
		the := "the "
		if strings.ToLower(l.word) == "the" {
			the = ""
		}
		l.say(the+ordinalInt(d)+" of "+monthNames[m-1], 0, i)
	} else {
		l.say(monthNames[m-1]+" "+ordinalInt(d), 0, i)
	}
	l.pause()
	l.say(year(y), 0, i)
	if l.in.at(i) != 'T' {
		return i
	}
	t, ok := l.time(i + 1)
	if !ok {
		return i + 1
	}
	l.pause()
	l.sayTime(i+1, t)
	if l.in.at(t.end) == 'Z' && !isWord(l.in.at(t.end+1)) {
		t.end++
	}
	return t.end
}
