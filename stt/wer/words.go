package wer

import (
	"strings"
	"unicode"
)

// Words returns the words of a text in the one form in which reference and
// hypothesis are compared:
//
//   - Letters are lower case. Everything but letters, digits and inner
//     apostrophes separates words: "p.m." is "p m", "check-in" is "check in".
//   - Numbers become their digits, a word each, however they are said or
//     written: "2:30", "two thirty" and "230" are "2 3 0"; "1984", "nineteen
//     eighty four" and "one nine eight four" are "1 9 8 4". "oh" is 0 next to
//     a number. Ordinals are words: "21st" is "2 0 first".
//   - "$5" is "5 dollars" (also £ and €), "5%" is "5 percent", "&" is "and", "@" is
//     "at", "3.5" is "3 point 5", and "pm" after a number is "p m".
//   - Contractions that have one reading are spelled out: "don't" is "do not",
//     "it's" is "it is". "he'd" and possessives stay.
//   - "okay" is "ok", "gonna" is "going to", "wanna" is "want to".
//   - Hesitations (uh, um, er, hm and their like) are dropped.
func Words(text string) []string {
	return spell(digits(split(strings.ToLower(text))))
}

// split cuts a text into words and written numbers.
func split(text string) []string {
	var out []string
	var currency string
	runes := []rune(strings.ReplaceAll(text, "’", "'"))
	for at := 0; at < len(runes); {
		r := runes[at]
		switch {
		case isDigit(r):
			end := numberEnd(runes, at)
			whole, fraction, _ := strings.Cut(string(runes[at:end]), ".")
			out = append(out, strings.NewReplacer(",", "", ":", "").Replace(whole))
			at = end
			if currency != "" {
				out = append(out, currency)
				currency = ""
			} else if fraction != "" {
				out = append(out, "point")
			}
			if fraction != "" {
				out = append(out, fraction)
			}
		case unicode.IsLetter(r):
			end := at + 1
			for end < len(runes) && (unicode.IsLetter(runes[end]) || unicode.IsMark(runes[end]) || isApostrophe(runes, end)) {
				end++
			}
			out = word(out, string(runes[at:end]), at > 0 && isDigit(runes[at-1]))
			at = end
		default:
			switch r {
			case '$':
				currency = "dollars"
			case '£':
				currency = "pounds"
			case '€':
				currency = "euros"
			case '%':
				out = append(out, "percent")
			case '&':
				out = append(out, "and")
			case '@':
				out = append(out, "at")
			}
			at++
		}
	}
	return out
}

// word appends a word; one that adjoins a number may be its ending.
func word(out []string, w string, adjoins bool) []string {
	if n := len(out); n > 0 && isNumber(out[n-1]) {
		switch w {
		case "am", "pm":
			return append(out, w[:1], w[1:])
		case "st", "nd", "rd", "th":
			if spelled, ok := ordinal(out[n-1]); ok && adjoins {
				return append(out[:n-1], spelled...)
			}
		}
	}
	return append(out, w)
}

// numberEnd returns where the number at at ends: digits, with a separator only
// where a digit follows it.
func numberEnd(runes []rune, at int) int {
	point := false
	for at < len(runes) {
		r := runes[at]
		inner := at+1 < len(runes) && isDigit(runes[at+1]) && !point
		if !isDigit(r) && (!inner || r != ',' && r != ':' && r != '.') {
			break
		}
		point = point || r == '.'
		at++
	}
	return at
}

func isApostrophe(runes []rune, at int) bool {
	return runes[at] == '\'' && at+1 < len(runes) && unicode.IsLetter(runes[at+1])
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNumber(w string) bool { return w != "" && isDigit(rune(w[0])) }

// spell writes out what is written short, and drops hesitations.
func spell(words []string) []string {
	out := words[:0:0]
	for _, w := range words {
		switch w {
		case "uh", "uhm", "um", "er", "erm", "hm", "hmm", "mm", "mhm":
		case "okay":
			out = append(out, "ok")
		case "gonna":
			out = append(out, "going", "to")
		case "wanna":
			out = append(out, "want", "to")
		case "cannot", "can't":
			out = append(out, "can", "not")
		case "won't":
			out = append(out, "will", "not")
		case "shan't":
			out = append(out, "shall", "not")
		case "let's":
			out = append(out, "let", "us")
		case "it's", "that's", "what's", "where's", "who's", "there's", "here's", "how's", "he's", "she's":
			out = append(out, strings.TrimSuffix(w, "'s"), "is")
		default:
			out = append(out, contraction(w)...)
		}
	}
	return out
}

func contraction(w string) []string {
	if stem, ok := strings.CutSuffix(w, "n't"); ok && stem != "" {
		return []string{stem, "not"}
	}
	for _, c := range [...][2]string{{"'re", "are"}, {"'ll", "will"}, {"'ve", "have"}, {"'m", "am"}} {
		if stem, ok := strings.CutSuffix(w, c[0]); ok && stem != "" {
			return []string{stem, c[1]}
		}
	}
	return []string{w}
}
