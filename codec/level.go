package codec

import "math"

// Level measures loudness over any number of samples. The zero value has
// measured nothing.
type Level struct {
	Samples int    // how many samples were added
	Peak    int    // the largest magnitude, 0 to 32768
	Clipped int    // how many samples were at the limit of their encoding
	Squares uint64 // the sum of the squared samples
}

// mulawSquares holds the squared sample of every mu-law code.
var mulawSquares = squareTable()

func squareTable() (t [256]uint32) {
	for i := range t {
		v := int32(mulawToPCM(byte(i)))
		t[i] = uint32(v * v)
	}
	return t
}

// AddMulaw adds mu-law codes without decoding them. A sample is clipped when its
// code is 0x00 or 0x80, the largest that mu-law has.
func (l *Level) AddMulaw(codes []byte) {
	var squares uint64
	var loudest byte
	clipped := 0
	for _, c := range codes {
		squares += uint64(mulawSquares[c])
		m := ^c & 0x7f // the magnitude: mu-law is monotonic in it
		loudest = max(loudest, m)
		if m == 0x7f {
			clipped++
		}
	}
	l.Samples += len(codes)
	l.Squares += squares
	l.Clipped += clipped
	l.Peak = max(l.Peak, int(mulawToPCM(^loudest)))
}

// AddPCM adds samples. A sample is clipped when it is -32768 or 32767.
func (l *Level) AddPCM(samples []int16) {
	var squares uint64
	peak, clipped := int32(0), 0
	for _, x := range samples {
		v := int32(x)
		squares += uint64(uint32(v * v))
		peak = max(peak, v, -v)
		if x == math.MaxInt16 || x == math.MinInt16 {
			clipped++
		}
	}
	l.Samples += len(samples)
	l.Squares += squares
	l.Clipped += clipped
	l.Peak = max(l.Peak, int(peak))
}

// RMS returns the root mean square, 0 to 32768.
func (l *Level) RMS() float64 {
	if l.Samples == 0 {
		return 0
	}
	return math.Sqrt(float64(l.Squares) / float64(l.Samples))
}

// DBov returns the RMS in decibels relative to the overload point of the system
// (RFC 6464 section 3, where a full-scale square wave is 0 dBov), from 0 down to
// -127, which stands for silence.
func (l *Level) DBov() float64 { return dBov(l.RMS()) }

// PeakDBov returns the peak in decibels relative to overload, from 0 down to -127.
func (l *Level) PeakDBov() float64 { return dBov(float64(l.Peak)) }

func dBov(amplitude float64) float64 {
	return max(-127, 20*math.Log10(amplitude/32768))
}
