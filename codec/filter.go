package codec

import "math"

const (
	// filterBits is the fixed-point precision of filter coefficients. Integers make
	// the result the same on every processor and in every order of summation.
	filterBits = 22

	// splitBits is the precision of the high part of a coefficient; the low part has
	// the other filterBits-splitBits bits. The vector kernels sum the parts apart, and
	// neither sum leaves 32 bits with up to 511 taps.
	splitBits = 14

	// lane is the number of 16-bit values in a vector.
	lane = 16

	// reach is how far the low-pass kernel reaches to each side, in samples of the
	// lower rate: 2 ms at 8 kHz.
	reach = 16
)

// window holds the cosine series of the kernel's window. The program
// codec/internal/window found it: of all windows of this reach it leaves the least
// above 0.575 of the lower rate, -80.4 dB, whatever the sampling rate of the kernel.
var window = [...]float64{
	0.459227084086, 0.493150053620, 0.048125205739, -0.000165520684, -0.000678696337,
	0.000592340296, -0.000427271511, 0.000300779651, -0.000211444117, 0.000151189229,
	-0.000112652805, 0.000095984795, -0.000047051964,
}

// A phase is the filter for one of the positions that an output sample can have between
// two input samples. An interpolation by up has up of them, in turn.
type phase struct {
	taps      []int32 // oldest sample first
	split     []int16 // for each sixteen taps, their high parts and then their low parts
	symmetric bool
	only      int // index of the one tap that is not zero: samples pass unchanged; -1 in other phases
}

// A filter is a low-pass filter that also changes the rate.
type filter struct {
	phases []phase
	taps   int // of each phase
	delay  int // of the whole filter, in ticks of 1/len(phases) of an input sample
}

// filterTaps returns the number of taps per phase and the delay in ticks.
func filterTaps(inRate, up, lowRate int) (taps, delay int) {
	// The kernel is zero at both ends, so the outermost taps are the last ticks before them.
	delay = int((reach*int64(inRate)*int64(up) - 1) / int64(lowRate))
	return 2*delay/up + 1, delay
}

// designFilter returns the filter that interpolates inRate by up and removes what
// lies above half of lowRate.
func designFilter(inRate, up, lowRate int) filter {
	taps, delay := filterTaps(inRate, up, lowRate)
	f := filter{phases: make([]phase, up), taps: taps, delay: delay}
	tick := float64(lowRate) / (float64(inRate) * float64(up)) // in samples of the lower rate
	gain := float64(lowRate) / float64(inRate)
	h := make([]float64, taps)
	for p := range f.phases {
		for m := range h {
			h[taps-1-m] = gain * kernel(float64(p+m*up-delay)*tick)
		}
		f.phases[p] = newPhase(h)
	}
	return f
}

// newPhase rounds the taps h to fixed point and splits them for the vector kernels.
func newPhase(h []float64) phase {
	p := phase{taps: make([]int32, len(h)), only: -1}
	for i, v := range h {
		p.taps[i] = int32(math.Round(v * (1 << filterBits)))
		if p.taps[i] == 1<<filterBits { // the top of the sinc: all other taps are at its zeros
			p.only = i
		}
	}
	p.symmetric = true
	for i, c := range p.taps {
		p.symmetric = p.symmetric && c == p.taps[len(p.taps)-1-i]
	}

	const low = filterBits - splitBits
	p.split = make([]int16, (len(h)+lane-1)/lane*2*lane)
	for i, c := range p.taps {
		high := (c + 1<<(low-1)) >> low
		at := i/lane*2*lane + i%lane
		p.split[at], p.split[at+lane] = int16(high), int16(c-high<<low)
	}
	return p
}

// kernel returns the low-pass filter at the time t, in samples of the lower rate: a
// windowed sinc. It is zero at every whole t but 0, so the filter from 8 to 16 kHz is
// a half-band filter, which keeps the input's own samples.
func kernel(t float64) float64 {
	if t <= -reach || t >= reach {
		return 0
	}
	if t == 0 {
		return 1
	}
	if t == math.Trunc(t) {
		return 0
	}
	return math.Sin(math.Pi*t) / (math.Pi * t) * cosines(window[:], math.Pi*t/reach)
}

// cosines returns the sum of a[k]*cos(k*x), by Clenshaw's recurrence.
func cosines(a []float64, x float64) float64 {
	c := math.Cos(x)
	var b1, b2 float64
	for k := len(a) - 1; k > 0; k-- {
		b1, b2 = a[k]+2*c*b1-b2, b1
	}
	return a[0] + c*b1 - b2
}
