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

// The service has one code for several errors, and has changed others: the text
// tells which it is.
func TestKindsOfErrors(t *testing.T) {
	for message, want := range map[string]error{
		`{"type":"Error","error_code":3007,"error":"Input Duration Error: Input Duration Violation: 20.0 ms. Expected between 50 and 1000 ms"}`: stt.ErrBadAudio,
		`{"type":"Error","error_code":3007,"error":"Audio Transmission Rate Exceeded: Received 8.0 sec. audio in 4.0 sec"}`:                     stt.ErrOverloaded,
		`{"type":"Error","error_code":3009,"error":"Unauthorized Connection: Too many concurrent sessions"}`:                                    stt.ErrOverloaded,
		`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Too many concurrent sessions"}`:                                    stt.ErrOverloaded,
		`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Missing Authorization header"}`:                                    stt.ErrAuth,
		`{"type":"Error","error_code":3008,"error":"Session Expired: Maximum session duration exceeded"}`:                                       stt.ErrUnavailable,
		`{"type":"Error","error_code":3005,"error":"Session Cancelled: An error occurred"}`:                                                     stt.ErrUnavailable,
	} {
		assert.ErrorIs(t, (&session{}).Handle([]byte(message)).Err, want, message)
	}
}
