package wer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"  ... -- ! ":          "",
		"Book a room.":         "book a room",
		"Two thirty p.m.":      "2 3 0 p m",
		"2:30 PM":              "2 3 0 p m",
		"two thirty p m":       "2 3 0 p m",
		"I am at 2":            "i am at 2",
		"Nineteen eighty-four": "1 9 8 4",
		"1984":                 "1 9 8 4",
		"7429":                 "7 4 2 9",
		"seven four two nine":  "7 4 2 9",
		"seven thousand four hundred and twenty nine": "7 4 2 9",
		"one oh oh one":                 "1 0 0 1",
		"oh oh seven":                   "0 0 7",
		"oh no, two":                    "oh no 2",
		"nineteen hundred":              "1 9 0 0",
		"one million five thousand two": "1 0 0 5 0 0 2",
		"two hundred thousand":          "2 0 0 0 0 0",
		"hundred":                       "1 0 0",
		"twenty twenty six":             "2 0 2 6",
		"one hundred and":               "1 0 0 and",
		"one hundred and ten":           "1 1 0",
		"ten and five":                  "1 0 and 5",
		"zero zero":                     "0 0",
		"twenty zero":                   "2 0 0",
		"1,234.5":                       "1 2 3 4 point 5",
		"version 1.2.3":                 "version 1 point 2 3",
		"on the 21st":                   "on the 2 0 first",
		"on the twenty first":           "on the 2 0 first",
		"on the 3rd and 30th":           "on the third and thirtieth",
		"21 St James":                   "2 1 st james",
		"100th":                         "1 0 0 th",
		"$5, £6 and €7.50":              "5 dollars 6 pounds and 7 euros 5 0",
		"50% off & more @ home":         "5 0 percent off and more at home",
		"Don't, can't, won't":           "do not can not will not",
		"It’s John's; we'll say I'm ok": "it is john's we will say i am ok",
		"Okay, gonna, wanna":            "ok going to want to",
		"uh, um, yes":                   "yes",
		"rock 'n' roll":                 "rock n roll",
		"'quoted'":                      "quoted",
		"n't":                           "n't",
		"Grüße, naïve":                  "grüße naïve",
	} {
		assert.Equal(t, want, strings.Join(Words(text), " "), "%q", text)
	}
}

// TestNumbersAsSaid: a number said in words has the digits of the number written.
func TestNumbersAsSaid(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 3000 {
		n := i
		if i > 1100 {
			n = rng.IntN(1000000000)
		}
		assert.Equal(t, Words(strconv.Itoa(n)), Words(say(n)), "%d: %s", n, say(n))
	}
}

// say is a number in words.
func say(n int) string {
	switch {
	case n == 0:
		return "zero"
	case n < 20:
		return units()[n-1]
	case n < 100:
		return join(tens()[n/10-2], n%10)
	case n < 1000:
		return join(say(n/100)+" hundred", n%100)
	case n < 1000000:
		return join(say(n/1000)+" thousand", n%1000)
	}
	return join(say(n/1000000)+" million", n%1000000)
}

func join(head string, rest int) string {
	if rest == 0 {
		return head
	}
	return head + " " + say(rest)
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
		require.Equal(t, len(Words(reference)), e.Words)
		require.LessOrEqual(t, e.Substitutions+e.Deletions, e.Words)
		require.Equal(t, len(Words(hypothesis)), e.Words-e.Deletions+e.Insertions)
		require.Zero(t, Compare(reference, reference).Total())
	})
}

func ExampleCompare() {
	errors := Compare("book a room for two thirty", "Book room for 2:30, please")
	fmt.Printf("%+v\n%.3f\n", errors, errors.Rate())
	// Output:
	// {Words:7 Substitutions:0 Deletions:1 Insertions:1}
	// 0.286
}
