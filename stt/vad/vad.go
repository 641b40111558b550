// Package vad detects speech: it computes the probability of speech for each 20 ms of
// telephone audio, and cuts the audio into utterances.
package vad

import (
	_ "embed"
	"sync"

	"agentos.dev/dialtone/stt/vad/internal/model"
)

const (
	SampleRate = 8000            // samples a second that every part of this package expects
	FrameSize  = model.FrameSize // samples in a frame: 20 ms
)

//go:generate go run ./internal/train -out weights.bin
//go:embed weights.bin
var weights string

var network = sync.OnceValue(func() *model.Detector { return model.Load(model.Features, weights).Detector() })

// Detector separates speech from noise, tones and silence with a network of 24 gated
// recurrent units over 34 features of each frame. It learns the line's noise as it
// goes, so each call needs its own. A Detector is not safe for concurrent use;
// different Detectors are independent. It is made by [NewDetector]; the zero value is
// not usable.
type Detector struct {
	extractor *model.Extractor
	network   *model.Detector
	state     model.State
	features  [model.Features]float32
	frame     [FrameSize]int16
	filled    int // samples of frame, between two calls of Append
}

// NewDetector returns a detector at the start of a call.
func NewDetector() *Detector {
	return &Detector{extractor: model.NewExtractor(), network: network()}
}

// Probability returns the probability that the frame holds speech, from 0 to 1; 0.5 is
// the usual threshold. The frame is the call's next 20 ms of 8 kHz PCM: fewer than
// FrameSize samples count as followed by silence, more are ignored. It does not
// allocate.
func (d *Detector) Probability(frame []int16) float32 {
	n := copy(d.frame[:], frame)
	clear(d.frame[n:])
	return d.judge()
}

// Append takes the call's next samples in pieces of any length, appends the
// probability for each frame that they complete to dst, and returns it.
func (d *Detector) Append(dst []float32, samples []int16) []float32 {
	for len(samples) > 0 {
		n := copy(d.frame[d.filled:], samples)
		samples = samples[n:]
		if d.filled += n; d.filled == FrameSize {
			d.filled = 0
			dst = append(dst, d.judge())
		}
	}
	return dst
}

func (d *Detector) judge() float32 {
	d.extractor.Extract(&d.features, &d.frame)
	return model.Sigmoid(d.network.Step(&d.state, d.features[:]))
}
