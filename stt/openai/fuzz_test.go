package openai

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzAnswer(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		parseError(body)
		var r response
		if json.Unmarshal(body, &r) != nil {
			return
		}
		got := r.transcript()
		if !got.Final || strings.Join(strings.Fields(got.Text), " ") != got.Text {
			t.Fatalf("%+v", got)
		}
		if got.Text == "" && len(got.Words) > 0 {
			t.Fatalf("words of nothing: %+v", got)
		}
		if got.Confidence < 0 || got.Confidence > 1 {
			t.Fatalf("confidence %v", got.Confidence)
		}
	})
}
