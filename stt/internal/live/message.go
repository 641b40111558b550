package live

import (
	"encoding/json"
	"errors"
	"math"
	"time"

	"agentos.dev/dialtone/stt"
)

// Seconds is a time in seconds, as services send it.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Milliseconds is a time in milliseconds.
func Milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// JSON returns v as a text message.
func JSON(v any) Message {
	data, err := json.Marshal(v)
	if err != nil { // v is always one of our own structs
		return Message{}
	}
	return Message{Data: data}
}

// NotJSON is the error of a message that cannot be read.
func NotJSON(engine string) error {
	return &stt.Error{Engine: engine, Op: "read", Kind: stt.ErrUnavailable, Err: errors.New("message is not JSON")}
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
