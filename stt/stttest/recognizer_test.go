package stttest_test

import (
	"context"
	"math"

	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
)

// perCall hears the texts in the utterances of Speech.
type perCall struct{ texts []string }

func (r perCall) Recognize(_ context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	if len(r.texts) == 0 {
		return stt.Transcript{}, nil
	}
	return stt.Transcript{Text: r.texts[fakestt.Which(c.Format.AppendPCM(nil, audio))%len(r.texts)], Confidence: math.NaN(), Engine: "test"}, nil
}
