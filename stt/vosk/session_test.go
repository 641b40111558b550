package vosk

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/stt"
)

// What began as speech and has no words in the end is over all the same.
func TestSpeechWithoutWordsEnds(t *testing.T) {
	s := &session{}
	var kinds []stt.Kind
	for _, message := range []string{`{"partial":""}`, `{"partial":"huh"}`, `{"text":""}`, `{"text":""}`, `{"partial":"yes"}`, `{"text":"yes"}`} {
		for _, ev := range s.Handle([]byte(message)).Events {
			kinds = append(kinds, ev.Kind)
		}
	}
	assert.Equal(t, []stt.Kind{stt.SpeechStart, stt.UtteranceEnd, stt.SpeechStart, stt.Final, stt.UtteranceEnd}, kinds)
}
