package wer

import (
	"slices"
	"strings"
	"unicode"
)

// Words returns the words of a text in the one form in which reference and
// hypothesis are compared:
//
//   - Letters are lower case. Everything but letters, digits and inner
//     apostrophes separates words: "p.m." is "p m", "check-in" is "check in".
//   - Numbers are written out. [Compare] reads them as the other text does:
//     "7429" is "seven four two nine", "seventy four twenty nine" or "seven
//     thousand four hundred (and) twenty nine", "2:30" and "230" are "two
//     thirty". Words has only one text, and says quantities: "two hundred
//     thirty", but "two thirty" for "2:30" and digits for "0123456".
//   - "oh" next to a number is "zero"; "21st" is "twenty first".
//   - "$5" is "five dollars" (also £ and €), "5%" is "five percent", "&" is
//     "and", "@" is "at", "3.5" is "three point five", and "pm" after a number
//     is "p m".
//   - Contractions that have one reading are spelled out: "don't" is "do not",
//     "it's" is "it is". "he'd" and possessives stay.
//   - "okay" is "ok", "gonna" is "going to", "wanna" is "want to".
//   - Hesitations (uh, um, er, hm and their like) are dropped.
func Words(text string) []string {
	return choose(tokens(text), nil)
}

// token is a word, or a number with the ways to say it.
type token struct {
	word     string     // the number's digits, if it is one
	readings [][]string // of a number, the usual one first
}

// tokens cuts a text into its words and numbers.
func tokens(text string) []token {
	return spell(split(strings.ToLower(text)))
}

// choose reads each number in the first way that occurs in the other text, or else in
// the usual way.
func choose(tokens []token, other []string) []string {
	var out []string
	for _, t := range tokens {
		if t.readings == nil {
			out = append(out, t.word)
			continue
		}
		best := t.readings[0]
		for _, r := range t.readings {
			if contains(other, r) {
				best = r
				break
			}
		}
		out = append(out, best...)
	}
	return out
}

func contains(words, part []string) bool {
	for len(words) >= len(part) {
		if slices.Equal(words[:len(part)], part) {
			return true
		}
		words = words[1:]
	}
	return false
}

// split cuts a text into words and written numbers.
func split(text string) []token {
	var out []token
	add := func(words ...string) {
		for _, w := range words {
			out = append(out, token{word: w})
		}
	}
	var currency string
	runes := []rune(strings.ReplaceAll(text, "’", "'"))
	for at := 0; at < len(runes); {
		r := runes[at]
		switch {
		case isDigit(r):
			end := numberEnd(runes, at)
			whole, fraction, _ := strings.Cut(string(runes[at:end]), ".")
			out = append(out, numberToken(whole))
			at = end
			if currency != "" {
				add(currency)
				currency = ""
			} else if fraction != "" {
				add("point")
			}
			if fraction != "" {
				out = append(out, token{fraction, [][]string{digitByDigit(fraction)}})
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
				add("percent")
			case '&':
				add("and")
			case '@':
				add("at")
			}
			at++
		}
	}
	return out
}

// word appends a word; one that adjoins a number may be its ending.
func word(out []token, w string, adjoins bool) []token {
	if n := len(out); n > 0 && out[n-1].readings != nil {
		switch w {
		case "am", "pm":
			return append(out, token{word: w[:1]}, token{word: w[1:]})
		case "st", "nd", "rd", "th":
			if spelled, ok := ordinal(out[n-1].word); ok && adjoins {
				out[n-1].readings = [][]string{spelled}
				return out
			}
		}
	}
	return append(out, token{word: w})
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

// spell writes out short forms, and drops hesitations.
func spell(tokens []token) []token {
	var out []token
	add := func(words ...string) {
		for _, w := range words {
			out = append(out, token{word: w})
		}
	}
	for i, t := range tokens {
		if t.readings != nil {
			out = append(out, t)
			continue
		}
		switch w := t.word; w {
		case "uh", "uhm", "um", "er", "erm", "hm", "hmm", "mm", "mhm":
		case "oh":
			if i > 0 && out != nil && isNumber(out[len(out)-1]) || beforeNumber(tokens[i+1:]) {
				w = "zero"
			}
			add(w)
		case "okay":
			add("ok")
		case "gonna":
			add("going", "to")
		case "wanna":
			add("want", "to")
		case "cannot", "can't":
			add("can", "not")
		case "won't":
			add("will", "not")
		case "shan't":
			add("shall", "not")
		case "let's":
			add("let", "us")
		case "it's", "that's", "what's", "where's", "who's", "there's", "here's", "how's", "he's", "she's":
			add(strings.TrimSuffix(w, "'s"), "is")
		default:
			add(contraction(w)...)
		}
	}
	return out
}

// beforeNumber reports whether a number comes next, after any further "oh".
func beforeNumber(tokens []token) bool {
	for len(tokens) > 0 && tokens[0].word == "oh" {
		tokens = tokens[1:]
	}
	return len(tokens) > 0 && isNumber(tokens[0])
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
