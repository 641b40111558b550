// Package model is what the voice activity detector and its trainer share: the
// features of a frame and the network that judges them.
package model

import (
	"math"
	"sync"
)

const (
	FrameSize = 160 // samples: 20 ms at 8 kHz
	Features  = 34  // numbers per frame

	bands   = 16
	cepstra = 8
	deltas  = 6
)

// Where each kind of feature starts.
const (
	featSNR     = 0                     // band energy over the band's noise floor
	featCepstra = featSNR + bands       // level and shape of the spectrum
	featDelta   = featCepstra + cepstra // their change since the frame before
	featHarmony = featDelta + deltas    // how periodic the frame is
	featPitch   = featHarmony + 1       // how far the period jumped
	featFlat    = featPitch + 1         // spectral flatness
	featFloor   = featFlat + 1          // level of the noise floor
)

// edges are the limits of the bands in bins of 31.25 Hz: 125 Hz to 3594 Hz,
// about as wide as the ear's.
var edges = [bands + 1]int{4, 7, 10, 13, 16, 20, 24, 28, 33, 39, 45, 52, 60, 70, 82, 97, 115}

// quiet is added to every band: about the power of the steps of mu-law near
// zero, so that digital silence and the faintest noise look alike.
const quiet = 2000

type tables struct {
	*transform
	dct [cepstra][bands]float32
}

var shared = sync.OnceValue(func() *tables {
	t := &tables{transform: newTransform()}
	for c := range t.dct {
		for b := range t.dct[c] {
			t.dct[c][b] = float32(math.Cos(math.Pi*float64(c)*(float64(b)+0.5)/bands) / bands)
		}
	}
	return t
})

// Extractor turns frames into features. It remembers what it needs of the
// frames before.
type Extractor struct {
	tables  *tables
	frames  int
	in, out float32          // of the high-pass filter
	silent  int              // frames of nothing but zeros, the filter's output too
	window  [fftSize]float32 // the latest samples
	low     [lowRoom]float32 // the latest samples at 4 kHz
	energy  [bands]float32   // of the latest frame, log2 of power
	floor   [bands]float32   // noise floor, log2 of power
	cepstra [cepstra]float32 // of the frame before
	period  float32
}

// NewExtractor returns an extractor at the start of a call.
func NewExtractor() *Extractor {
	return &Extractor{tables: shared()}
}

// Extract puts the features of the next frame into dst.
func (e *Extractor) Extract(dst *[Features]float32, frame *[FrameSize]int16) {
	e.take(frame)

	var power [half]float32
	strength, period := float32(0), float32(minLag)
	if e.silent < forgotten { // of digital silence both are known
		e.tables.power(&power, &e.window)
		strength, period = e.pitch()
	}

	energy := &e.energy
	all, logs := levels(energy, &power)
	e.track(energy)

	floor := float32(0)
	for b, level := range energy {
		dst[featSNR+b] = (level - e.floor[b]) * 0.25
		floor += e.floor[b]
	}
	for c := range e.cepstra {
		sum := float32(0)
		for b, w := range e.tables.dct[c] {
			sum += w * energy[b]
		}
		if c == 0 {
			sum = (sum - 17) * 0.25 // log2 of power runs from 11 to 30
		}
		if c < deltas {
			dst[featDelta+c] = sum - e.cepstra[c]
		}
		dst[featCepstra+c], e.cepstra[c] = sum, sum
	}
	if e.frames == 0 {
		clear(dst[featDelta : featDelta+deltas])
	}
	dst[featHarmony] = strength
	dst[featPitch] = min(abs(log2(period/max(e.period, 1))), 1)
	e.period = period
	dst[featFlat] = (logs/bands - log2(all/bands)) * 0.25
	dst[featFloor] = (floor/bands - 17) * 0.25
	e.frames++
}

// levels puts the level of each band of a spectrum into dst, log2 of power, and returns the
// sums of the powers and of the levels.
func levels(dst *[bands]float32, power *[half]float32) (all, logs float32) {
	for b := range dst {
		sum := float32(0)
		bins := power[edges[b]:edges[b+1]]
		for _, p := range bins {
			sum += p
		}
		mean := sum/float32(len(bins)) + quiet
		dst[b] = log2(mean)
		all += mean
		logs += dst[b]
	}
	return all, logs
}

// forgotten is how many frames reach beyond the windows.
const forgotten = max(fftSize, 2*lowSize+1)/FrameSize + 1

// take appends a frame to the windows, without its lowest frequencies: the
// telephone carries no speech there, but hum and breath.
func (e *Extractor) take(frame *[FrameSize]int16) {
	if e.in == 0 && e.out == 0 && *frame == ([FrameSize]int16{}) {
		if e.silent++; e.silent > forgotten {
			return // the windows hold zeros already
		}
	} else {
		e.silent = 0
	}
	copy(e.window[:], e.window[FrameSize:])
	in, out := e.in, e.out
	fresh := e.window[fftSize-FrameSize:]
	for i, s := range frame {
		x := float32(s)
		out = x - in + 0.94*out
		in = x
		fresh[i] = out
	}
	if abs(out) < 1e-12 { // far under any rounding: let silence be silent
		out = 0
	}
	e.in, e.out = in, out

	copy(e.low[:lowSize], e.low[FrameSize/2:lowSize])
	for i := range FrameSize / 2 {
		at := fftSize - FrameSize + 2*i
		e.low[lowSize-FrameSize/2+i] = 0.25*e.window[at-1] + 0.5*e.window[at] + 0.25*e.window[at+1]
	}
}

// track follows the noise floor of each band: down with the signal, up by
// 3 dB a second at most.
func (e *Extractor) track(energy *[bands]float32) {
	if e.frames == 0 {
		e.floor = *energy
		return
	}
	for b, level := range energy {
		if f := e.floor[b]; level < f {
			e.floor[b] = f + 0.3*(level-f)
		} else {
			e.floor[b] = f + min(0.02, 0.05*(level-f))
		}
	}
}

func abs(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
}

// log2 of a positive number to within 0.01.
func log2(x float32) float32 {
	bits := math.Float32bits(x)
	m := math.Float32frombits(bits&(1<<23-1) | 127<<23) // [1, 2)
	return float32(int(bits>>23)-128) + (-0.33582878*m+2)*m - 0.65871759
}
