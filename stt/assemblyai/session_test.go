package assemblyai

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// What began as speech and has no words in the end is over all the same.
func TestSpeechWithoutWordsEnds(t *testing.T) {
	s := &session{}
	var kinds []stt.Kind
	take := func(r live.Reply) {
		for _, ev := range r.Events {
			kinds = append(kinds, ev.Kind)
		}
	}
	take(s.Handle([]byte(`{"type":"SpeechStarted"}`)))
	take(s.Handle([]byte(`{"type":"Turn","turn_order":0,"end_of_turn":true,"transcript":""}`)))
	take(s.Handle([]byte(`{"type":"SpeechStarted"}`)))
	s.Flush()
	take(s.Settle())
	take(s.Settle())
	take(s.Handle([]byte(`{"type":"Turn","turn_order":1,"end_of_turn":true,"transcript":"yes"}`)))
	assert.Equal(t, []stt.Kind{stt.SpeechStart, stt.UtteranceEnd, stt.SpeechStart, stt.UtteranceEnd, stt.SpeechStart, stt.Final, stt.UtteranceEnd}, kinds)
}
