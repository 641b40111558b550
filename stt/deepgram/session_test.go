package deepgram

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
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
