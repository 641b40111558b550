package model

import "math"

const (
	minLag  = 10 // samples at 4 kHz: 400 Hz
	maxLag  = 66 // 60 Hz
	span    = 96 // samples compared: 24 ms
	lowSize = span + maxLag
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
	best := float32(0) // squared correlation over the past's energy
	period = minLag
	for lag := minLag; ; {
		if c := correlate(now, (*[span]float32)(e.low[maxLag-lag:])); c > 0 {
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

func correlate(a, b *[span]float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i < span; i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}
