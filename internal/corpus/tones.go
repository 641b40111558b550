package corpus

import (
	"math"
	"math/rand/v2"
)

// Tones returns n samples of what exchanges and telephones send: keys, ringback,
// busy, beeps and special information tones, with silence between.
func Tones(rng *rand.Rand, n int) []float32 {
	rows, cols := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477}
	out := make([]float32, n)
	at := 0
	play := func(seconds float64, freqs ...float64) {
		end := min(n, at+int(seconds*Rate))
		for i := at; i < end; i++ {
			for _, f := range freqs {
				out[i] += float32(math.Sin(2 * math.Pi * f * float64(i) / Rate))
			}
		}
		at = end
	}
	for at < n {
		at = min(n, at+int(rng.Float64()*0.8*Rate))
		switch rng.IntN(6) {
		case 0:
			for range 1 + rng.IntN(8) {
				play(0.06+0.15*rng.Float64(), rows[rng.IntN(4)], cols[rng.IntN(3)])
				at = min(n, at+int((0.05+0.2*rng.Float64())*Rate))
			}
		case 1:
			play(0.5+1.5*rng.Float64(), 440, 480)
		case 2:
			for range 4 {
				play(0.5, 480, 620)
				at = min(n, at+Rate/2)
			}
		case 3:
			play(0.1+0.6*rng.Float64(), 300+2500*rng.Float64())
		case 4:
			play(0.33, 950)
			play(0.33, 1400)
			play(0.33, 1800)
		case 5:
			play(0.4+rng.Float64(), 400, 450)
		}
	}
	return out
}
