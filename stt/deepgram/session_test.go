package deepgram

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

// Finalize may be left without an answer: what is final by then is the
// utterance, and a guess is waited for.
func TestFinalizeWithoutAnAnswer(t *testing.T) {
	results := func(text, final string) []byte { // of the same time
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

func kinds(r live.Reply) (kinds []stt.Kind) {
	for _, ev := range r.Events {
		kinds = append(kinds, ev.Kind)
	}
	return kinds
}

func results(start, duration float64, text string, final, speechFinal bool) string {
	return fmt.Sprintf(`{"type":"Results","start":%v,"duration":%v,"is_final":%v,"speech_final":%v,"channel":{"alternatives":[{"transcript":%q,"confidence":0.9}]}}`,
		start, duration, final, speechFinal, text)
}

// What was heard, and never made final, is lost when something after it is heard,
// or when nothing comes any more.
func TestGuessThatIsNeverFinal(t *testing.T) {
	s := &session{}
	livetest.Take(s, results(1, 1, "book", false, false))
	r := livetest.Take(s, results(2, 1, "yes", true, true))
	assert.Equal(t, []stt.Kind{stt.Degraded, stt.UtteranceEnd, stt.SpeechStart, stt.Final, stt.UtteranceEnd}, kinds(r))
	assert.ErrorIs(t, r.Events[0].Err, stt.ErrTimeout)

	livetest.Take(s, results(5, 1, "no", false, false))
	require.False(t, s.Due().IsZero())
	assert.Empty(t, s.Expire(s.Due().Add(-1)).Events)
	r = s.Expire(s.Due())
	assert.Equal(t, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, kinds(r))
	assert.True(t, s.Due().IsZero())
	s.Flush()
	assert.Equal(t, 1, s.Settle().Flushed, "nothing is waited for")
}

// An utterance whose end the service does not tell ends all the same.
func TestEndThatIsNotTold(t *testing.T) {
	s := &session{}
	livetest.Take(s, results(1, 1, "book a", true, false), results(2, 1, "room", true, false))
	assert.Empty(t, livetest.Take(s, results(3, 1, "", true, false)).Events, "a pause")
	r := livetest.Take(s, results(6, 1, "", true, false))
	require.Equal(t, []stt.Kind{stt.Final, stt.UtteranceEnd}, kinds(r))
	assert.Equal(t, "book a room", r.Events[0].Transcript.Text)

	livetest.Take(s, results(10, 1, "yes", true, false))
	r = s.Expire(s.Due())
	assert.Equal(t, []stt.Kind{stt.Final, stt.UtteranceEnd}, kinds(r))
}

func TestResultsThatAreNone(t *testing.T) {
	for _, message := range []string{
		`{"type":"Results","is_final":true}`, `{"type":"Results","is_final":true,"channel":null}`, `{"type":"Results","is_final":true,"channel":[0,1]}`,
		`{"type":"Results","is_final":true,"channel":{}}`, `{"type":"Results","is_final":true,"channel":{"alternatives":[]}}`,
		`{"type":"Results","is_final":true,"channel":{"alternatives":[{}]}}`, `{"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":7}]}}`,
		`{"type":"Results","is_final":"yes"}`,
	} {
		s := &session{}
		s.Handle([]byte(`{"type":"SpeechStarted","timestamp":1}`))
		r := livetest.Take(s, message)
		assert.ErrorIs(t, r.Unclear, stt.ErrUnavailable, message)
		assert.NoError(t, r.Err)
		assert.Equal(t, []stt.Kind{stt.Final, stt.UtteranceEnd}, kinds(livetest.Take(s, results(1, 1, "yes", true, true))), "it goes on")
	}
	s := &session{}
	s.Flush()
	assert.Equal(t, 1, livetest.Take(s, `{"type":"Results","is_final":true,"from_finalize":true}`).Flushed, "what it does say counts")
}

func TestNumbersThatAreNone(t *testing.T) {
	r := livetest.Take(&session{}, `{"type":"Results","start":-1,"duration":1e300,"is_final":true,"speech_final":true,"metadata":7,"channel":{"detected_language":"EN_us","alternatives":[
		{"transcript":"yes no","words":[{"word":"yes","start":-5,"end":1e300,"confidence":NaN},{"word":"no","punctuated_word":"No.","start":"1","end":0.5,"confidence":9}]}]}}`)
	require.Equal(t, []stt.Kind{stt.SpeechStart, stt.Final, stt.UtteranceEnd}, kinds(r))
	tr := r.Events[1].Transcript
	assert.True(t, math.IsNaN(tr.Confidence), "unknown is not 0")
	assert.Equal(t, "en-US", tr.Language)
	require.Len(t, tr.Words, 2)
	for _, w := range tr.Words {
		assert.True(t, math.IsNaN(w.Confidence))
		assert.True(t, 0 <= w.Start && w.Start <= w.End && w.End < 24*time.Hour)
	}
}

func TestErrors(t *testing.T) {
	for message, kind := range map[string]error{
		`{"type":"Error","variant":"ASR_PAYMENT_REQUIRED","description":"payment_required"}`: stt.ErrQuota,
		`{"type":"Error","err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}`:        stt.ErrAuth,
		`{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}`:                       stt.ErrAuth,
	} {
		assert.ErrorIs(t, livetest.Take(&session{}, message).Err, kind, message)
	}
	for _, message := range []string{`{"type":"Error","variant":"NET-0001","description":"no audio"}`, `{"type":"Warning","warn_msg":"old"}`, `{"type":"Error"}`, `{"error":"busy"}`} {
		r := livetest.Take(&session{}, message)
		assert.NoError(t, r.Err, message)
		if r.Unclear == nil {
			var e *stt.Error
			require.ErrorAs(t, r.Events[0].Err, &e)
			assert.True(t, e.Warning)
		}
	}
}

// A caller who never pauses, or a service that never says so, makes utterances of a
// bounded length.
func TestUtteranceWithoutAnEnd(t *testing.T) {
	s := &session{interim: true}
	finals := 0
	for i := range 3000 {
		r := livetest.Take(s, results(float64(i), 1, "twenty bytes of text", true, false))
		for _, ev := range r.Events {
			require.LessOrEqual(t, len(ev.Transcript.Text), stt.MaxText)
			if ev.Kind == stt.Final {
				finals++
			}
		}
	}
	assert.Equal(t, 3000*21/stt.MaxText, finals)
}

// What is wrong beside the text costs no text.
func TestOtherFieldsOfOtherTypes(t *testing.T) {
	r := livetest.Take(&session{}, `{"type":"Results","is_final":true,"speech_final":true,"metadata":[],"channel":{"detected_language":{},"alternatives":[{"transcript":"yes","confidence":"high","words":{"a":1},"languages":"en"}]}}`)
	require.NoError(t, r.Unclear)
	require.Len(t, r.Events, 3)
	assert.Equal(t, "yes", r.Events[1].Transcript.Text)
}
