package wer

import (
	"slices"
	"strconv"
)

// small are the numbers with a word of their own.
func small(w string) (n int, ok bool) {
	switch w {
	case "zero":
		return 0, true
	case "hundred":
		return 100, true
	case "thousand":
		return 1000, true
	case "million":
		return 1000000, true
	}
	if i := slices.Index(units(), w); i >= 0 {
		return i + 1, true
	}
	if i := slices.Index(tens(), w); i >= 0 {
		return 10 * (i + 2), true
	}
	return 0, false
}

func units() []string {
	return []string{
		"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
		"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	}
}

func tens() []string {
	return []string{"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
}

// digits replaces numbers, said or written, by their digits.
func digits(words []string) []string {
	var out []string
	for at := 0; at < len(words); {
		w := words[at]
		switch {
		case isNumber(w):
			out = appendDigits(out, w)
			at++
		case w == "oh" && (len(out) > 0 && isNumber(out[len(out)-1]) || beforeNumber(words[at+1:])):
			out = append(out, "0")
			at++
		case number(w):
			n, length := cardinal(words[at:])
			out = appendDigits(out, strconv.Itoa(n))
			at += length
		default:
			out = append(out, w)
			at++
		}
	}
	return out
}

// beforeNumber tells whether a number comes next, after any further "oh".
func beforeNumber(words []string) bool {
	for len(words) > 0 && words[0] == "oh" {
		words = words[1:]
	}
	return len(words) > 0 && number(words[0])
}

func number(w string) bool {
	_, ok := small(w)
	return ok || isNumber(w)
}

func appendDigits(out []string, number string) []string {
	for _, d := range number {
		out = append(out, string(d))
	}
	return out
}

// cardinal reads the longest number that begins the words: of "two thirty" the
// two, of "two hundred and thirty" all. The first word must be a number.
func cardinal(words []string) (n, length int) {
	total, group := 0, 0            // complete thousands, and what counts since
	limit, scale := 100, 1000000000 // a word must be less to be added, or to multiply
	for length < len(words) {
		at := length
		joined := words[at] == "and" && n >= 100 && at+1 < len(words)
		if joined {
			at++
		}
		value, ok := small(words[at])
		switch {
		case !ok:
			return n, length
		case value >= 1000:
			if joined || value >= scale || length > 0 && group == 0 {
				return n, length
			}
			total += max(group, 1) * value
			group, limit, scale = 0, 100, value
		case value == 100:
			if joined || group >= 20 || length > 0 && group == 0 {
				return n, length
			}
			group, limit = max(group, 1)*100, 100
		default:
			if value >= limit || length > 0 && value == 0 {
				return n, length
			}
			group += value
			limit = 1
			if value >= 20 {
				limit = 10
			}
		}
		n, length = total+group, at+1
	}
	return n, length
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
