package corpus

import (
	"math"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// Start is a moment in which a detector takes the caller to speak.
type Start struct {
	Frame int  // with the end of which it is believed
	End   int  // frame with which the utterance is over
	Sure  bool // most of the 400 ms after it was speech as well
}

const (
	sureFrames = 20   // that confirm a start
	sureShare  = 0.6  // of them that have to be speech
	sureLevel  = 0.49 // probability that counts
)

// Starts returns where a segmenter takes speech to start, by the probabilities of frames.
func Starts(s *vad.Segmenter, probabilities []float32) (starts []Start) {
	for i := range probabilities {
		for _, e := range s.Step(probabilities[i]) {
			if e.Kind != vad.SpeechStart {
				starts[len(starts)-1].End = i
				continue
			}
			voiced, end := 0, min(i+1+sureFrames, len(probabilities))
			for _, p := range probabilities[i+1 : end] {
				if p >= sureLevel {
					voiced++
				}
			}
			starts = append(starts, Start{i, len(probabilities), float64(voiced) >= sureShare*sureFrames})
		}
	}
	return starts
}

// Late returns how long after the beginning of a frame the first start behind it is
// believed, for ever if none is, and that start; or that one before it is not over yet, so
// that nothing is to be noticed.
func Late(starts []Start, begin int) (late time.Duration, first Start, already bool) {
	for _, s := range starts {
		switch {
		case s.Frame >= begin:
			return time.Duration(s.Frame+1-begin) * Frame * time.Second / Rate, s, false
		case s.End > begin:
			return 0, s, true
		}
	}
	return math.MaxInt64, Start{}, false
}
