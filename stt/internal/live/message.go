package live

import (
	"encoding/json"
	"math"

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

// PCM returns audio as little-endian PCM16.
func PCM(audio []byte, f stt.Format) []byte {
	if f.Encoding == stt.PCM16 {
		return append([]byte(nil), audio...)
	}
	out := make([]byte, 0, 2*len(audio))
	for _, v := range f.AppendPCM(nil, audio) {
		out = append(out, byte(v), byte(uint16(v)>>8))
	}
	return out
}
