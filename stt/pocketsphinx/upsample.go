package pocketsphinx

import "math"

// doubler turns 8 kHz into 16 kHz. The model and its telephone transform were
// made with a resampler that is flat to 3.8 kHz and silent from 4.2 kHz; gentler
// filters cost accuracy.
type doubler struct {
	odd [2 * doublerReach]float32 // the filter of the samples in between; the others stay as they are
}

// doublerReach is how many samples to either side of a new one count for it.
const doublerReach = 48

func newDoubler() *doubler {
	var d doubler
	sum := 0.0
	taps := make([]float64, len(d.odd))
	for i := range taps {
		x := float64(i-doublerReach) + 0.5
		taps[i] = math.Sin(math.Pi*x) / (math.Pi * x) * kaiser(x/doublerReach)
		sum += taps[i]
	}
	for i := range taps {
		d.odd[i] = float32(taps[i] / sum)
	}
	return &d
}

// double returns pcm at twice its rate.
func (d *doubler) double(pcm []int16) []int16 {
	padded := make([]float32, len(pcm)+2*doublerReach)
	for i, v := range pcm {
		padded[doublerReach+i] = float32(v)
	}
	out := make([]int16, 0, 2*len(pcm))
	for i, v := range pcm {
		sum := float32(0)
		for j, tap := range d.odd {
			sum += tap * padded[i+1+j]
		}
		out = append(out, v, int16(max(-32768, min(32767, math.Round(float64(sum))))))
	}
	return out
}

// kaiser is the Kaiser window with 80 dB of attenuation, x from -1 to 1.
func kaiser(x float64) float64 {
	const beta = 8
	bessel := func(x float64) float64 {
		sum, term := 1.0, 1.0
		for k := 1.0; term > 1e-12*sum; k++ {
			term *= (x / (2 * k)) * (x / (2 * k))
			sum += term
		}
		return sum
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}
