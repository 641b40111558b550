package stttest

import (
	"bytes"
	_ "embed"
	"math"
	"time"

	"agentos.dev/dialtone/codec"
)

//go:embed yes.8k.ulaw.wav
var yes []byte

// Speech returns n utterances in the given format at 8000 Hz, each 1.35 s long
// with a word from about 0.44 to 0.85 s and silence around it. Each is a little
// softer than the one before, down to the fourth, and then it begins anew, so that
// a fake service can tell which it hears.
func Speech(n int, f codec.Format) []byte {
	mulaw, err := codec.ReadMulaw(bytes.NewReader(yes))
	if err != nil { // it is embedded
		return nil
	}
	word := codec.AppendDecodeMulaw(nil, mulaw[:utteranceSamples])
	var pcm []int16
	for i := range n {
		gain := math.Pow(step, float64(i%steps))
		for _, v := range word {
			pcm = append(pcm, int16(float64(v)*gain))
		}
	}
	if f.Encoding == codec.Mulaw {
		return codec.AppendEncodeMulaw(nil, pcm)
	}
	out := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		out = append(out, byte(v), byte(uint16(v)>>8))
	}
	return out
}

const (
	utteranceSamples = 10800
	wordBegin        = 440 * time.Millisecond
	wordEnd          = 850 * time.Millisecond
	utteranceT       = 1350 * time.Millisecond

	step  = 0.7 // from one utterance to the next softer one
	steps = 4
)
