package live

import (
	"encoding/json"
	"math"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
)

// JSON returns v as a text message.
func JSON(v any) Message {
	data, err := json.Marshal(v)
	if err != nil { // v is always one of our own structs
		return Message{}
	}
	return Message{Data: data}
}

// Confidence is the mean of the words', NaN without words.
func Confidence(words []stt.Word) float64 {
	if len(words) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, w := range words {
		sum += w.Confidence
	}
	return sum / float64(len(words))
}

// ByWords gives a transcript the bounds and the confidence of its words, if it has any.
func ByWords(t *stt.Transcript) {
	if n := len(t.Words); n > 0 {
		t.Start, t.End, t.Confidence = t.Words[0].Start, t.Words[n-1].End, Confidence(t.Words)
	}
}

// Sure returns a service's confidence, NaN if it is missing or outside [0, 1].
func Sure(n answer.Number) float64 {
	if v := n.Float(); v >= 0 && v <= 1 {
		return v
	}
	return math.NaN()
}

// PCM returns audio as little-endian PCM16.
func PCM(audio []byte, f codec.Format) []byte {
	if f.Encoding == codec.PCM16 {
		return append([]byte(nil), audio...)
	}
	out := make([]byte, 0, 2*len(audio))
	for _, v := range f.AppendPCM(nil, audio) {
		out = append(out, byte(v), byte(uint16(v)>>8))
	}
	return out
}
