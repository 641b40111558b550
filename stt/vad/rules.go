package vad

import "math"

// rules judges by hand-made evidence: the mean rise of the bands over their
// noise floors, and how periodic the frame is.
func (d *Detector) rules() float32 {
	rise := float32(0)
	for _, snr := range d.features[:16] {
		rise += min(max(snr, 0), 2)
	}
	flux := float32(0)
	for _, delta := range d.features[24:30] {
		flux += max(delta, -delta)
	}
	x := 4*(rise/16-1.2) + 6*(d.features[30]-0.5) + 3*(min(flux, 2)-1.2) + 4*min(d.features[32]+2, 0) - 0.5
	d.smooth += 0.45 * (x - d.smooth)
	return float32(1 / (1 + math.Exp(float64(-d.smooth))))
}
