package deepgram

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// Finalize may be left without an answer: what is final by then is the
// utterance, and a guess is waited for.
func TestFinalizeWithoutAnAnswer(t *testing.T) {
	results := func(text, final string) []byte {
		return []byte(`{"type":"Results","start":1,"duration":1,"is_final":` + final + `,"channel":{"alternatives":[{"transcript":"` + text + `","confidence":0.9}]}}`)
	}
	s := &session{}
	r := s.Settle()
	assert.Equal(t, 1, r.Flushed)
	assert.Empty(t, r.Events)
	s.Handle(results("book a", "true"))
	s.Handle(results("room", "false"))
	assert.Zero(t, s.Settle().Flushed)
	s.Handle(results("room", "true"))
	r = s.Settle()
	assert.Equal(t, 1, r.Flushed)
	require.Len(t, r.Events, 2)
	assert.Equal(t, stt.Final, r.Events[0].Kind)
	assert.Equal(t, "book a room", r.Events[0].Transcript.Text)
	assert.Equal(t, stt.UtteranceEnd, r.Events[1].Kind)
	assert.Empty(t, s.Settle().Events, "once")
}

// Speech that began and has no words when all is final is over.
func TestSpeechWithoutWordsEnds(t *testing.T) {
	finalized := `{"type":"Results","is_final":true,"from_finalize":true,"channel":{"alternatives":[{"transcript":""}]}}`
	for name, flush := range map[string]func(s *session) live.Reply{
		"answered":   func(s *session) live.Reply { return s.Handle([]byte(finalized)) },
		"unanswered": (*session).Settle,
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{}
			s.Handle([]byte(`{"type":"SpeechStarted","timestamp":1}`))
			r := flush(s)
			assert.Equal(t, 1, r.Flushed)
			require.Len(t, r.Events, 1)
			assert.Equal(t, stt.UtteranceEnd, r.Events[0].Kind)
			assert.Len(t, s.Handle([]byte(`{"type":"SpeechStarted","timestamp":2}`)).Events, 1)
		})
	}
}

// A guess that comes to nothing, as of an "um", is waited for no longer.
func TestGuessThatComesToNothing(t *testing.T) {
	s := &session{}
	s.Handle([]byte(`{"type":"Results","is_final":false,"channel":{"alternatives":[{"transcript":"um"}]}}`))
	assert.Zero(t, s.Settle().Flushed)
	s.Handle([]byte(`{"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":""}]}}`))
	assert.Equal(t, 1, s.Settle().Flushed)
}
