package codec

import "math"

// filterBits is the fixed-point precision of filter coefficients. Integers make
// the result the same on every processor and in every order of summation.
const filterBits = 22

// reach is how far the low-pass kernel reaches to each side, in samples of the
// lower rate.
const reach = 18

// A filter is a low-pass filter for up phases.
type filter struct {
	taps         int     // per phase
	delay        int     // in ticks: 1/up of an input sample
	coefficients []int32 // phase after phase, oldest input first
}

// designFilter returns the filter that interpolates inRate by up and removes
// what lies above half of lowRate.
func designFilter(inRate, up, lowRate int) filter {
	tick := float64(lowRate) / (float64(inRate) * float64(up)) // in samples of the lower rate
	delay := int(math.Ceil(reach/tick)) - 1
	f := filter{taps: 2*delay/up + 1, delay: delay}
	f.coefficients = make([]int32, up*f.taps)
	gain := float64(lowRate) / float64(inRate)
	for phase := range up {
		c := f.coefficients[phase*f.taps:][:f.taps]
		h, sum := make([]float64, f.taps), 0.0
		for m := range h {
			h[f.taps-1-m] = gain * kernel(float64(phase+m*up-delay)*tick)
			sum += h[f.taps-1-m]
		}
		total, largest := int32(0), 0
		for i, v := range h {
			c[i] = int32(math.Round(v / sum * (1 << filterBits)))
			total += c[i]
			if c[i] > c[largest] {
				largest = i
			}
		}
		c[largest] += 1<<filterBits - total // a constant stays exactly what it is
	}
	return f
}

// kernel is the low-pass filter in continuous time, t in samples of the lower rate.
func kernel(t float64) float64 {
	x := t / reach
	if x <= -1 || x >= 1 {
		return 0
	}
	w := bessel(8.2*math.Sqrt(1-x*x)) / bessel(8.2)
	if t == 0 {
		return w
	}
	return w * math.Sin(math.Pi*t) / (math.Pi * t)
}

func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= x / 2 / k * (x / 2 / k)
		sum += term
	}
	return sum
}
