package wer

import (
	"slices"
	"strconv"
	"strings"
)

func units() []string {
	return []string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
		"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	}
}

func tens() []string {
	return []string{"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
}

// isNumber reports whether a token is a number, written or spoken.
func isNumber(t token) bool {
	switch t.word {
	case "hundred", "thousand", "million":
		return true
	}
	return t.readings != nil || slices.Contains(units(), t.word) || slices.Contains(tens(), t.word)
}

// numberToken reads a written number, such as "1,234" or "2:30".
func numberToken(written string) token {
	hour, minute, time := strings.Cut(written, ":")
	digits := strings.NewReplacer(",", "", ":", "").Replace(written)
	t := token{word: digits}
	add := func(reading []string) { t.readings = append(t.readings, reading) }
	if time {
		if strings.Trim(minute, "0") == "" {
			add(pair(hour))
		} else {
			add(append(pair(hour), pair(minute)...))
		}
	}
	if n, err := strconv.Atoi(digits); err == nil && n < 1e9 && (digits[0] != '0' || n == 0 && len(digits) == 1) {
		add(say(n, false))
		add(say(n, true))
	}
	add(digitByDigit(digits))
	if n := len(digits); n == 3 || n == 4 { // "two thirty", "nineteen eighty four", "nineteen hundred"
		head, tail := digits[:n-2], digits[n-2:]
		if tail == "00" {
			add(append(pair(head), "hundred"))
		} else {
			add(append(pair(head), pair(tail)...))
		}
	}
	return t
}

// pair reads one or two digits as in a time or a year.
func pair(digits string) []string {
	n, err := strconv.Atoi(digits)
	if err != nil || n > 99 || digits[0] == '0' {
		return digitByDigit(digits)
	}
	return say(n, false)
}

func digitByDigit(digits string) []string {
	words := make([]string, 0, len(digits))
	for _, d := range digits {
		if isDigit(d) {
			words = append(words, units()[d-'0'])
		}
	}
	return words
}

// say returns a number under a thousand million in words, with "and" after the
// hundreds or without.
func say(n int, and bool) []string {
	compose := func(head []string, rest int, joint string) []string {
		if rest == 0 {
			return head
		}
		if and && joint != "" {
			head = append(head, joint)
		}
		return append(head, say(rest, and)...)
	}
	switch {
	case n < 20:
		return []string{units()[n]}
	case n < 100:
		return compose([]string{tens()[n/10-2]}, n%10, "")
	case n < 1000:
		return compose(append(say(n/100, and), "hundred"), n%100, "and")
	case n < 1e6:
		return compose(append(say(n/1000, and), "thousand"), n%1000, "")
	}
	return compose(append(say(n/1e6, and), "million"), n%1e6, "")
}

// ordinal spells the ordinals of days: "21" is "twenty", "first".
func ordinal(number string) ([]string, bool) {
	names := []string{
		"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
		"thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
	}
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1 || n > 31:
		return nil, false
	case n <= 20:
		return names[n-1 : n], true
	case n == 30:
		return []string{"thirtieth"}, true
	}
	return []string{tens()[n/10-2], names[n%10-1]}, true
}
