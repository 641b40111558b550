package text

import (
	"strconv"
	"strings"
	"unicode"
)

// clock says a time of day at the front, as "10:30", "5pm", "9-11 a.m.".
func (l *lexer) clock() int {
	t, ok := l.time(0)
	if !ok {
		return l.hours()
	}
	l.sayTime(0, t)
	n := t.end
	gap := n
	if l.in.at(gap) == ' ' {
		gap++
	}
	if c := l.in.at(gap); c == '-' || c == '–' || c == '—' {
		next := gap + 1
		if l.in.at(next) == ' ' {
			next++
		}
		if u, ok := l.time(next); ok {
			l.say("to", gap, gap+1)
			l.sayTime(next, u)
			n = u.end
			t = u
		}
	}
	return l.afterTime(n, t.dotted)
}

// hours says a range of hours of which only the second says what it is: "9-5pm".
func (l *lexer) hours() int {
	a, ok := l.decimal(0)
	if !ok || a.int() < 0 || a.int() > 12 || a.end > 2 {
		return 0
	}
	gap := a.end
	if l.in.at(gap) == ' ' {
		gap++
	}
	if c := l.in.at(gap); c != '-' && c != '–' {
		return 0
	}
	next := gap + 1
	if l.in.at(next) == ' ' {
		next++
	}
	t, ok := l.time(next)
	if !ok || t.half == "" {
		return 0
	}
	l.say(a.words(), 0, a.end)
	l.say("to", gap, gap+1)
	l.sayTime(next, t)
	return l.afterTime(t.end, t.dotted)
}

// afterTime ends the sentence behind "p.m." where one ends.
func (l *lexer) afterTime(n int, dotted bool) int {
	if !dotted {
		return n
	}
	behind := l.closers(n)
	r := l.in.at(behind)
	next := ""
	if r == ' ' || r == lineBreak {
		next = l.nextWord(behind)
	}
	lower := strings.ToLower(next)
	if r == 0 && !l.broken || isBreak(r) && r != lineBreak || startsUpper(next) && months[lower] == 0 && weekdays[strings.TrimSuffix(lower, "day")] == "" &&
		!allUpper(next) && !fullDays[lower] {
		return l.end(stop, ".", behind)
	}
	return n
}

var fullDays = set("monday tuesday wednesday thursday friday saturday sunday eastern central mountain pacific")

// timeOfDay is a time as it is written.
type timeOfDay struct {
	hour, minute, second int    // -1 = not written
	half                 string // "A M", "P M" or empty
	dotted               bool   // it ends with a dot: "p.m."
	clock                int    // the place behind the digits
	end                  int
}

// time reads a time at i. One without minutes has to say which half of the day it
// is in.
func (l *lexer) time(i int) (t timeOfDay, ok bool) {
	start := i
	for isDigit(l.in.at(i)) && i < start+3 {
		i++
	}
	if i == start || i > start+2 {
		return t, false
	}
	t.hour, _ = strconv.Atoi(l.string(start, i))
	t.minute, t.second = -1, -1
	two := func() int {
		if l.in.at(i) != ':' || !isDigit(l.in.at(i+1)) || !isDigit(l.in.at(i+2)) || isDigit(l.in.at(i+3)) {
			return -1
		}
		v, _ := strconv.Atoi(l.string(i+1, i+3))
		i += 3
		return v
	}
	if t.minute = two(); t.minute >= 0 {
		t.second = two()
	} else if l.in.at(i) == '.' && isDigit(l.in.at(i+1)) && isDigit(l.in.at(i+2)) && !isDigit(l.in.at(i+3)) {
		if _, _, end := l.halfDay(i + 3); end > 0 { // "10.30 am"
			t.minute, _ = strconv.Atoi(l.string(i+1, i+3))
			i += 3
		}
	}
	t.clock, t.end = i, i
	if half, dotted, end := l.halfDay(i); end > 0 {
		t.half, t.dotted, t.end = half, dotted, end
	}
	switch {
	case t.minute < 0 && t.half == "", t.hour > 24, t.minute > 59, t.second > 59, t.half != "" && (t.hour == 0 && t.minute < 0 || t.hour > 23):
		return t, false
	case t.half == "" && (isWord(l.in.at(i)) && l.in.at(i) != 'Z' || l.in.at(i) == ':'):
		return t, false
	}
	return t, true
}

// halfDay reads "am", "p.m." and the like at i, behind a space or not.
func (l *lexer) halfDay(i int) (half string, dotted bool, end int) {
	if l.in.at(i) == ' ' {
		i++
	}
	switch unicode.ToLower(l.in.at(i)) {
	case 'a':
		half = "A M"
	case 'p':
		half = "P M"
	default:
		return "", false, 0
	}
	i++
	if l.in.at(i) == '.' {
		dotted = true
		i++
		if l.in.at(i) == ' ' && unicode.ToLower(l.in.at(i+1)) == 'm' {
			i++
		}
	}
	if unicode.ToLower(l.in.at(i)) != 'm' || isWord(l.in.at(i+1)) {
		return "", false, 0
	}
	i++
	if dotted {
		if l.in.at(i) == '.' {
			i++
		} else {
			dotted = false
		}
	}
	return half, dotted, i
}

func (l *lexer) sayTime(i int, t timeOfDay) {
	words := cardinalInt(t.hour)
	switch {
	case t.minute < 0:
	case t.minute == 0 && t.half != "":
	case t.minute == 0 && t.second < 0 && (t.hour == 0 || t.hour == 24):
		words = "midnight"
	case t.minute == 0 && t.hour > 12:
		words += " hundred"
	case t.minute == 0:
		words += " o'clock"
	case t.minute < 10:
		words += " oh " + units[t.minute]
	default:
		words += " " + cardinalInt(t.minute)
	}
	if t.second > 0 {
		words += " and " + cardinalInt(t.second) + " seconds"
	}
	l.say(words, i, t.clock)
	if t.half != "" {
		l.say(t.half, t.clock, t.end)
	}
}
