package wer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"  ... -- ! ":                   "",
		"Book a room.":                  "book a room",
		"Two thirty p.m.":               "two thirty p m",
		"2:30 PM":                       "two thirty p m",
		"2:00 at 12:05":                 "two at twelve zero five",
		"I am at 2":                     "i am at two",
		"Nineteen eighty-four":          "nineteen eighty four",
		"7429":                          "seven thousand four hundred twenty nine",
		"0123456":                       "zero one two three four five six",
		"0 and 00":                      "zero and zero zero",
		"123456789012":                  "one two three four five six seven eight nine zero one two",
		"one oh oh one":                 "one zero zero one",
		"oh oh seven":                   "zero zero seven",
		"oh no, two":                    "oh no two",
		"oh 5":                          "zero five",
		"1,234.5":                       "one thousand two hundred thirty four point five",
		"version 1.2.3":                 "version one point two three",
		"on the 21st":                   "on the twenty first",
		"on the 3rd and 30th":           "on the third and thirtieth",
		"21 St James":                   "twenty one st james",
		"100th":                         "one hundred th",
		"$5, £6 and €7.50":              "five dollars six pounds and seven euros five zero",
		"50% off & more @ home":         "fifty percent off and more at home",
		"Don't, can't, won't":           "do not can not will not",
		"It’s John's; we'll say I'm ok": "it is john's we will say i am ok",
		"Okay, gonna, wanna":            "ok going to want to",
		"uh, um, yes":                   "yes",
		"uh, oh, 1":                     "zero one",
		"rock 'n' roll":                 "rock n roll",
		"'quoted'":                      "quoted",
		"n't":                           "n't",
		"Grüße, naïve":                  "grüße naïve",
	} {
		assert.Equal(t, want, strings.Join(Words(text), " "), "%q", text)
	}
}

// TestNumbersAreReadAsTheOtherTextDoes, whichever of the two has the digits.
func TestNumbersAreReadAsTheOtherTextDoes(t *testing.T) {
	for said, written := range map[string]string{
		"my order number is seven four two nine":      "My order number is 7429.",
		"seven thousand four hundred and twenty nine": "7,429",
		"seven thousand four hundred twenty nine":     "7429",
		"seventy four twenty nine":                    "7429",
		"nineteen eighty four":                        "1984",
		"nineteen hundred":                            "1900",
		"two thirty p m":                              "2:30 pm",
		"two thirty":                                  "230",
		"two hundred thirty":                          "230",
		"nine oh two one oh":                          "90210",
		"zero one eight zero three":                   "01803",
		"at five past ten on the twenty first":        "at 5 past 10 on the 21st",
		"one million two hundred thousand and five":   "1,200,000 and 5",
	} {
		e := Compare(said, written)
		assert.Zero(t, e.Total(), "%s / %s", said, written)
		assert.Equal(t, len(strings.Fields(said)), e.Words, "%s / %s", said, written)
		assert.Zero(t, Compare(written, said).Total(), "%s / %s", written, said)
	}
	assert.Equal(t, Errors{Words: 4, Substitutions: 1}, Compare("seven four two nine", "7 4 2 5"))
}

func TestCompare(t *testing.T) {
	assert.Equal(t, Errors{Words: 3}, Compare("book a room", "Book a room!"))
	assert.Equal(t, Errors{Words: 3, Deletions: 3}, Compare("book a room", ""))
	assert.Equal(t, Errors{Insertions: 1}, Compare("", "oh"))
	assert.Equal(t, Errors{3, 1, 0, 1}, Compare("book a room", "cook a big room"))
}

func TestRate(t *testing.T) {
	assert.Zero(t, Errors{}.Rate())
	assert.True(t, math.IsInf(Errors{Insertions: 1}.Rate(), 1))
	e := Errors{Words: 3, Substitutions: 1}.Add(Errors{Words: 1, Insertions: 1})
	assert.InDelta(t, 0.5, e.Rate(), 1e-9)
}

func TestAlign(t *testing.T) {
	require.Equal(t, []Pair{{"book", ""}, {"a", "cook"}, {"room", "room"}, {"please", "please"}, {"", "now"}},
		Align(strings.Fields("book a room please"), strings.Fields("cook room please now")))
	require.Empty(t, Align(nil, nil))
}

func FuzzCompare(f *testing.F) {
	f.Add("two thirty p.m.", "2:30 PM")
	f.Add("one hundred and", "$5.50% 21st oh oh")
	f.Fuzz(func(t *testing.T, reference, hypothesis string) {
		if len(reference)+len(hypothesis) > 2000 {
			return
		}
		e := Compare(reference, hypothesis)
		require.LessOrEqual(t, e.Substitutions+e.Deletions, e.Words)
		require.Zero(t, Compare(reference, reference).Total())
	})
}

func ExampleCompare() {
	errors := Compare("book a room for two thirty", "Book room for 2:30, please")
	fmt.Printf("%+v\n%.3f\n", errors, errors.Rate())
	// Output:
	// {Words:6 Substitutions:0 Deletions:1 Insertions:1}
	// 0.333
}
