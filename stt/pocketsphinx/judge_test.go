package pocketsphinx

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The judge accepts or rejects recorded answers of the decoder and the phone loop,
// off hold and on hold.
func TestJudge(t *testing.T) {
	j := judge{rejection: -18, telephone: true, lengths: map[string]int{"main": 3, "menu": 5, "no": 2, "hang": 3, "up": 2}}
	for name, c := range map[string]struct {
		words, phones        string
		usually, held, music bool
	}{
		"flite says main menu": {
			"S 0 T 0 A -1678 L 0 0 0 0 <sil> 22 -337 0 main 47 -720 0 menu(2) 103 0 0 <sil> 138",
			"S 0 T 0 A -1216 L 0 0 -218 0 SIL 22 -108 0 DH 28 -83 0 EY 45 -219 0 L 56 -10 0 AE 66 -62 0 N 73 -201 0 EY 85 -111 0 UW 97 -56 0 D 103 -131 0 SIL 115 -17 0 SIL 138",
			true, true, false},
		"no, in hold music": {
			"S 0 T 0 A -1816 L 0 0 0 0 <sil> 26 -479 0 no 41 0 0 <sil> 88",
			"S 0 T 0 A -1513 L 0 0 -416 0 SIL 25 -366 0 N 41 -731 0 SIL 88",
			true, false, true},
		"hang up, in hold music": {
			"S 0 T 0 A -1961 L 0 0 0 0 <sil> 12 -873 0 hang 77 0 0 <sil> 83 -448 0 up 103 0 0 <sil> 128",
			"S 0 T 0 A -2119 L 0 0 -317 0 SIL 14 0 0 +NSN+ 77 -200 0 B 84 -289 0 UW 101 -258 0 SIL 128",
			false, false, true},
		"main menu, in other words": {
			"S 0 T 0 A -4678 L 0 0 0 0 <sil> 22 -1337 0 main 47 -2720 0 menu 103 0 0 <sil> 138",
			"S 0 T 0 A -1216 L 0 0 -218 0 SIL 22 -108 0 DH 28 -83 0 EY 45 -219 0 L 56 -10 0 AE 66 -62 0 N 73 -201 0 EY 85 -111 0 UW 97 -56 0 D 103 -131 0 SIL 115 -17 0 SIL 138",
			false, false, false},
		"nothing": {"S 0 T 0 A 0 L 0 0 0 0 <sil> 50", "S 0 T 0 A 0 L 0 0 -300 0 SIL 50", false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			words, err := parseHypothesis(c.words)
			require.NoError(t, err)
			phones, err := parseHypothesis(c.phones)
			require.NoError(t, err)
			assert.Equal(t, c.usually, j.accepts(words, phones, false))
			assert.Equal(t, c.held, j.accepts(words, phones, true))
			assert.Equal(t, c.music, phones.music())
		})
	}
}

// Whatever the programs answer, evidence is a number.
func FuzzJudge(f *testing.F) {
	f.Add("S 0 T -2918 A -2244 L -674 0 -316 -337 <sil> 22 -376 0 book(2) 142", "S 0 T 0 A 0 L 0 0 0 0 B 142")
	f.Add("S 0 T 0 A 0 L 0 0 0 0 yes 1", "S 0 T 0 A 0 L 0 312")
	f.Add("S 0 T 0 A 0 L 0 9 0 0 yes 1", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		words, err := parseHypothesis(a)
		if err != nil || len(words.segments) == 0 {
			return
		}
		phones, err := parseHypothesis(b)
		if err != nil {
			return
		}
		j := judge{rejection: -18, telephone: true, lengths: map[string]int{"yes": 3}}
		if score := j.weigh(words, phones).score(); math.IsNaN(score) || math.IsInf(score, 1) {
			t.Fatal(score)
		}
		j.accepts(words, phones, true)
		phones.music()
	})
}

// What the phone loop heard in two pieces is what it would have heard in one, on one
// clock, and a part of it is that part.
func TestThenFrom(t *testing.T) {
	one := hypothesis{segments: []segment{{silence, 0, 20, -100}, {"M", 20, 30, -60}, {"EY", 30, 48, -90}}, acoustic: -250, frames: 48, skipped: 2}
	two := hypothesis{segments: []segment{{"N", 0, 10, -40}, {silence, 12, 30, -30}}, acoustic: -80, frames: 30, skipped: 5}
	both := one.then(500*time.Millisecond, two)
	require.Equal(t, hypothesis{segments: append(slices.Clone(one.segments), segment{"N", 53, 63, -40}, segment{silence, 65, 83, -30}),
		acoustic: -330, frames: 83, skipped: 2}, both)
	require.Equal(t, two, both.from(500*time.Millisecond, 5))
	overlapping := one.then(400*time.Millisecond, two)
	require.Equal(t, segment{"N", 48, 53, -20}, overlapping.segments[3], "what was heard before counts")
	require.Equal(t, -310, overlapping.acoustic)
}
