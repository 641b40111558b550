package corpus

import (
	"math"
	"math/rand/v2"
)

// Band plays what lines on hold do: chords that are strummed, a bass, drums and a melody of
// plucked, blown or bowed notes, in time.
func Band(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	beat := int((0.3 + 0.4*rng.Float64()) * Rate)
	key := 55 * math.Pow(2, float64(rng.IntN(12))/12)
	scale := []int{0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19}
	chords := [][]int{{0, 4, 7}, {5, 9, 12}, {7, 11, 14}, {9, 12, 16}, {2, 5, 9}}
	drums, melody, strum := 1.5*rng.Float64(), 1.5*rng.Float64(), 0.3+rng.Float64()
	lead, degree := rng.IntN(3), 5
	for bar, at := 0, 0; at < n; bar, at = bar+1, at+4*beat {
		chord := chords[rng.IntN(len(chords))]
		for step := range 8 {
			now := at + step*beat/2
			if now >= n {
				break
			}
			if step%4 == 0 {
				pluck(rng, out, now, key*semitones(chord[0]), 1.2, 0.9)
			}
			if step%2 == 0 || rng.IntN(3) == 0 {
				for i, note := range chord {
					pluck(rng, out, now+i*Rate/100, 4*key*semitones(note), strum, 0.5)
				}
			}
			if drums > 0.3 {
				hit := lowPass(white(rng, Rate/5), 0.1+0.8*float64((step+1)%2))
				burst(out, now, drums*(0.3+rng.Float64()), (0.01+0.05*rng.Float64())*Rate, hit)
			}
			if melody > 0.3 && rng.IntN(3) > 0 {
				degree = max(0, min(len(scale)-1, degree+rng.IntN(5)-2))
				freq, length := 8*key*semitones(scale[degree]), (0.5+rng.Float64())*float64(beat)
				if lead == 0 {
					pluck(rng, out, now, freq, melody, 0.2)
				} else {
					sustain(rng, out, now, int(length), freq, melody, lead == 2)
				}
			}
		}
	}
	return Room(rng, Telephone(out, Rate))
}

func semitones(n int) float64 { return math.Pow(2, float64(n)/12) }

// pluck is a string: noise that goes round in a delay line and loses its highs.
func pluck(rng *rand.Rand, out []float32, at int, freq, loud, dull float64) {
	line := lowPass(white(rng, max(2, int(Rate/freq))), dull)
	gain := float32(loud / math.Sqrt(Power(line)+1e-9))
	keep := float32(0.99 + 0.008*rng.Float64())
	before := float32(0)
	for i := range min(2*Rate, len(out)-at) {
		k := i % len(line)
		x := line[k]
		line[k] = keep * 0.5 * (x + before)
		before = x
		out[at+i] += gain * x
	}
}

// sustain is a pipe or a string that is bowed: harmonics with a vibrato.
func sustain(rng *rand.Rand, out []float32, at, n int, freq, loud float64, rich bool) {
	bright, most := 0.3, 5.0
	if rich {
		bright, most = 0.75, 12
	}
	vibrato, phase := 0.01*rng.Float64(), 0.0
	for i := range min(n, len(out)-at) {
		t := float64(i) / Rate
		phase += 2 * math.Pi * freq * (1 + vibrato*math.Sin(2*math.Pi*5.5*t)) / Rate
		env := loud * min(1, t*20) * min(1, float64(n-i)/400)
		gain := 1.0
		for h := 1.0; h <= most && freq*h < 3600; h++ {
			out[at+i] += float32(env * gain * math.Sin(h*phase))
			gain *= bright
		}
	}
}
