// Package corpus makes labelled telephone audio to train and judge voice
// activity detection with: synthetic voices, noises, and both mixed and coded
// as a call carries them. All of it is computed; nothing is recorded.
package corpus

import (
	"math"
	"math/rand/v2"

	"agentos.dev/dialtone/codec"
)

const (
	Rate  = 8000 // samples a second
	Frame = 160  // samples: 20 ms
)

// Clip is audio off a call with the truth about it.
type Clip struct {
	PCM    []int16 // whole frames
	Voiced []bool  // per frame
}

// Label tells which frames of clean speech are voiced: those within 30 dB of
// the speech's level, and gaps of at most 100 ms between them.
func Label(clean []float32) []bool {
	frames := len(clean) / Frame
	power := make([]float64, frames)
	peak := 0.0
	for i := range power {
		power[i] = Power(clean[i*Frame : (i+1)*Frame])
		peak = max(peak, power[i])
	}
	level, n := 0.0, 0
	for _, p := range power {
		if p > peak/1000 {
			level += p
			n++
		}
	}
	voiced := make([]bool, frames)
	if n == 0 {
		return voiced
	}
	level /= float64(n)
	last := -1
	for i, p := range power {
		if p < level/1000 || p < 1 {
			continue
		}
		if last >= 0 && i-last <= 6 {
			for j := last; j < i; j++ {
				voiced[j] = true
			}
		}
		voiced[i], last = true, i
	}
	return voiced
}

// Power returns the mean square.
func Power(samples []float32) float64 {
	sum := 0.0
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return sum / float64(max(len(samples), 1))
}

// voicedPower returns the mean square over the voiced frames.
func voicedPower(speech []float32, voiced []bool) float64 {
	sum, n := 0.0, 0
	for i, v := range voiced {
		if v {
			sum += Power(speech[i*Frame : (i+1)*Frame])
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// Mix adds noise to clean speech at the signal-to-noise ratio in dB, brings the
// speech to level (dB against full scale), and codes the sum with mu-law. Noise
// is repeated when short. With no voiced frame, snr tells how far under level
// the noise is. A ratio of +Inf leaves the noise out.
func Mix(speech, noise []float32, voiced []bool, snr, level float64) Clip {
	want := math.Pow(10, level/20) * math.MaxInt16
	gain := 0.0
	if p := voicedPower(speech, voiced); p > 0 {
		gain = want / math.Sqrt(p)
	}
	noiseGain := 0.0
	if p := Power(noise); p > 0 && !math.IsInf(snr, 1) {
		noiseGain = want * math.Pow(10, -snr/20) / math.Sqrt(p)
	}
	pcm := make([]int16, len(voiced)*Frame)
	for i := range pcm {
		x := gain * float64(speech[i])
		if noiseGain > 0 {
			x += noiseGain * float64(noise[i%len(noise)])
		}
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(x))))
	}
	codes := make([]byte, len(pcm))
	codec.EncodeMulaw(codes, pcm)
	codec.DecodeMulaw(pcm, codes)
	return Clip{pcm, voiced}
}

// Dialogue strings utterances together with pauses of 0.35 to 2.2 s.
func Dialogue(rng *rand.Rand, utterances ...[]float32) []float32 {
	var all []float32
	pause := func() {
		all = append(all, make([]float32, int((0.35+1.85*rng.Float64())*Rate))...)
	}
	pause()
	for _, u := range utterances {
		all = append(all, u...)
		pause()
	}
	return all[:len(all)/Frame*Frame]
}
