package vosk

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
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

// Noise has a word of its own, which nobody says.
func TestNoneOfThePhrases(t *testing.T) {
	s := &session{c: stt.Config{Phrases: []string{"yes", "no"}, Interim: true}}
	r := livetest.Take(s, `{"partial":"[unk]"}`, `{"result":[{"conf":1,"start":0.1,"end":0.9,"word":"[unk]"}],"text":"[unk]"}`)
	assert.Empty(t, r.Events)
	r = livetest.Take(s, `{"result":[{"conf":0.4,"start":0.1,"end":0.3,"word":"[unk]"},{"conf":0.9,"start":0.3,"end":0.6,"word":"yes"}],"text":"[unk] yes"}`)
	require.Len(t, r.Events, 3)
	tr := r.Events[1].Transcript
	assert.Equal(t, "yes", tr.Text)
	require.Len(t, tr.Words, 1)
	assert.Equal(t, 300*time.Millisecond, tr.Start)
	assert.Equal(t, 0.9, tr.Confidence)
}

// Without phrases nothing is limited, and there is no word for the rest.
func TestNoPhrases(t *testing.T) {
	assert.NotContains(t, string((&session{}).Hello().Data), "phrase_list")
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, message := range []string{`{}`, `{"text":null}`, `{"text":7}`, `{"partial":null}`, `{"result":[]}`, `{"alternatives":[]}`, `{"alternatives":[{}]}`,
		`{"status":"busy"}`, `{"error":"busy"}`, ``, `null`, `{"text":"ye`} {
		s := &session{}
		r := livetest.Take(s, message)
		assert.ErrorIs(t, r.Unclear, stt.ErrUnavailable, message)
		assert.NoError(t, r.Err)
		assert.Empty(t, r.Events)
		r = livetest.Take(s, `{"text":"yes"}`)
		assert.NoError(t, r.Unclear)
		assert.Len(t, r.Events, 3, "it goes on")
	}
	r := livetest.Take(&session{}, `{"error":{"code":401,"message":"no"}}`)
	assert.ErrorIs(t, r.Err, stt.ErrAuth)
	r = livetest.Take(&session{}, `{"alternatives":[{"text":"yes","confidence":227.5,"result":[{"word":"yes","start":0.1,"end":0.4}]}]}`)
	require.Len(t, r.Events, 3)
	assert.True(t, math.IsNaN(r.Events[1].Transcript.Confidence))
}

// The count of answers comes right again after one was lost.
func TestLostAnswer(t *testing.T) {
	s := &session{}
	audio := func(n int) {
		for range n {
			s.Audio(make([]byte, 1600))
		}
	}
	audio(3)
	s.Flush()
	r := livetest.Take(s, `{"partial":""}`, `{"partial":""}`) // and one was lost
	assert.Zero(t, r.Flushed)
	r = livetest.Take(s, `{"text":"yes"}`)
	assert.Zero(t, r.Flushed)
	settled := s.Settle()
	assert.Equal(t, 1, settled.Flushed)
	require.Len(t, settled.Events, 1)
	assert.ErrorIs(t, settled.Events[0].Err, stt.ErrTimeout)

	audio(1)
	s.Flush()
	r = livetest.Take(s, `{"partial":""}`)
	assert.Zero(t, r.Flushed)
	assert.Zero(t, s.Settle().Flushed, "it has not answered yet")
	r = livetest.Take(s, `{"text":""}`)
	assert.Equal(t, 1, r.Flushed)
}

// NaN, as C++ writes it, costs no transcript.
func TestNumbersThatAreNone(t *testing.T) {
	r := livetest.Take(&session{}, `{"result":[{"conf":-nan,"start":inf,"end":-1,"word":"yes"}],"text":"yes"}`)
	assert.NoError(t, r.Unclear)
	require.Len(t, r.Events, 3)
	assert.Equal(t, "yes", r.Events[1].Transcript.Text)
	assert.True(t, math.IsNaN(r.Events[1].Transcript.Confidence))
}
