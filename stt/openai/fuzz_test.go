package openai

import (
	"net/http"
	"strings"
	"testing"

	"agentos.dev/dialtone/stt"
)

func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"text":" Book a room.","language":"english","segments":[{"start":0,"end":1,"text":" Book a room.","avg_logprob":-0.1,"no_speech_prob":0.01}],"words":[{"word":"Book","start":0,"end":0.5}]}`,
		`{"text":"yes","segments":[{"text":" yes","words":[{"word":" y","probability":0.5},{"word":"es","t_dtw":-1}]}]}`,
		`{"error":{"code":429,"message":"slow down"}}`,
		`{"text":"a","segments":[{"no_speech_prob":0.9,"avg_logprob":NaN},{"start":1e999}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, d := range []Dialect{OpenAI, WhisperCPP} {
			got, err := read(reply{200, http.Header{}, body}, stt.Config{Phrases: []string{"yes", "no"}}, d)
			if err != nil {
				continue
			}
			if !got.Final || strings.Join(strings.Fields(got.Text), " ") != got.Text {
				t.Fatalf("%+v", got)
			}
			if got.Text == "" && len(got.Words) > 0 {
				t.Fatalf("words of nothing: %+v", got)
			}
			if got.Confidence < 0 || got.Confidence > 1 {
				t.Fatalf("confidence %v", got.Confidence)
			}
			if got.Start < 0 || got.End < got.Start {
				t.Fatalf("from %v to %v", got.Start, got.End)
			}
			for _, w := range got.Words {
				if w.Text == "" || w.Start < 0 || w.End < w.Start || w.Confidence < 0 || w.Confidence > 1 {
					t.Fatalf("word %+v", w)
				}
			}
		}
	})
}
