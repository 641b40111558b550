package corpus

import "agentos.dev/dialtone/stt/vad"

// Start is a moment in which a detector takes the caller to speak.
type Start struct {
	Frame int  // with the end of which it is believed
	Sure  bool // the most of the 400 ms after it was speech as well
}

const (
	sureFrames = 20   // that confirm a start
	sureShare  = 0.6  // of them that have to be speech
	sureLevel  = 0.29 // probability that counts: what goes on needs less than what begins
)

// Starts returns where a segmenter takes speech to start, by the probabilities of frames.
func Starts(s *vad.Segmenter, probabilities []float32) (starts []Start) {
	for i := range probabilities {
		for _, e := range s.Step(probabilities[i]) {
			if e.Kind != vad.SpeechStart {
				continue
			}
			voiced, end := 0, min(i+1+sureFrames, len(probabilities))
			for _, p := range probabilities[i+1 : end] {
				if p >= sureLevel {
					voiced++
				}
			}
			starts = append(starts, Start{i, float64(voiced) >= sureShare*sureFrames})
		}
	}
	return starts
}
