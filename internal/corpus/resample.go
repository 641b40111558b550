package corpus

import "math"

// The telephone's band in Hz.
const (
	bandLow  = 250
	bandHigh = 3450
)

const (
	reach = 96  // half the kernel's length, in samples at Rate: 12 ms
	fine  = 256 // kernel points per sample at Rate
)

// Telephone resamples to Rate and keeps only the telephone's band.
func Telephone(samples []float32, rate int) []float32 {
	kernel := bandKernel()
	ratio := float64(rate) / Rate
	out := make([]float32, int(float64(len(samples))/ratio))
	for i := range out {
		centre := float64(i) * ratio
		from := max(0, int(math.Ceil(centre-reach*ratio)))
		to := min(len(samples)-1, int(math.Floor(centre+reach*ratio)))
		sum := 0.0
		for j := from; j <= to; j++ {
			at := math.Abs(float64(j)-centre) / ratio * fine
			sum += float64(samples[j]) * float64(kernel[int(at+0.5)])
		}
		out[i] = float32(sum / ratio)
	}
	return out
}

// bandKernel is one half of a windowed ideal band-pass.
func bandKernel() []float32 {
	k := make([]float32, reach*fine+2)
	for i := range k {
		t := float64(i) / fine // samples at Rate
		window := 0.5 + 0.5*math.Cos(math.Pi*min(t/reach, 1))
		low, high := 2.0*bandLow/Rate, 2.0*bandHigh/Rate
		k[i] = float32((high*sinc(high*t) - low*sinc(low*t)) * window)
	}
	return k
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}
