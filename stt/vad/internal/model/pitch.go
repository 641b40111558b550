package model

import "math"

const (
	minLag  = 10 // samples at 4 kHz: 400 Hz
	maxLag  = 66 // 60 Hz
	span    = 96 // samples compared: 24 ms
	lowSize = span + maxLag
	lowRoom = span - 1 + wide // what combine reads: zeros follow the samples
)

// pitch returns how well the signal resembles itself a pitch period earlier
// (normalised cross-correlation, 0 to 1) and that period in samples at 4 kHz.
func (e *Extractor) pitch() (strength, period float32) {
	now := (*[span]float32)(e.low[maxLag:])
	energy := float32(span * 16) // keeps the faintest noise from looking periodic
	past := energy
	for i, x := range now {
		y := e.low[maxLag-minLag+i]
		energy += x * x
		past += y * y
	}
	var like [wide]float32 // like[i] is the correlation at lag maxLag-i
	combine(&like, e.low[:], 1, now[:])
	best := float32(0) // squared correlation over the past's energy
	period = minLag
	for lag := minLag; ; {
		if c := like[maxLag-lag]; c > 0 {
			if score := c * c / past; score > best {
				best, period = score, float32(lag)
			}
		}
		if lag++; lag > maxLag {
			break
		}
		first, last := e.low[maxLag-lag], e.low[maxLag-lag+span]
		past += first*first - last*last
	}
	return float32(math.Sqrt(float64(best / energy))), period
}
