package assemblyai

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

// What began as speech and has no words in the end is over all the same.
func TestSpeechWithoutWordsEnds(t *testing.T) {
	s := &session{}
	var kinds []stt.Kind
	take := func(r live.Reply) {
		for _, ev := range r.Events {
			if ev.Kind != stt.Turn {
				kinds = append(kinds, ev.Kind)
			}
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
		r := (&session{}).Handle([]byte(message))
		err := r.Err
		if len(r.Events) > 0 {
			err = r.Events[0].Err
		}
		assert.ErrorIs(t, err, want, message)
	}
}

func told(order int, text string, end, formatted bool) string {
	return fmt.Sprintf(`{"type":"Turn","turn_order":%d,"transcript":%q,"end_of_turn":%v,"turn_is_formatted":%v,"words":[{"text":%q,"start":100,"end":500,"confidence":0.9}]}`,
		order, text, end, formatted, text)
}

// A turn whose end is not told is lost, and the next ones are heard.
func TestTurnWithoutAnEnd(t *testing.T) {
	s := &session{}
	livetest.Take(s, told(0, "book", false, false))
	r := livetest.Take(s, told(1, "yes", true, false))
	assert.Equal(t, []string{"degraded", "utterance_end", "speech_start", "final yes", "utterance_end"}, livetest.Heard(r))
	assert.ErrorIs(t, r.Events[0].Err, stt.ErrTimeout)
	assert.Empty(t, livetest.Heard(livetest.Take(s, told(0, "book a room", true, false), told(1, "yes", true, false))), "late, and repeated")

	livetest.Take(s, told(2, "no", false, false))
	require.False(t, s.Due().IsZero())
	assert.Empty(t, livetest.Heard(s.Expire(s.Due().Add(-1))))
	assert.Equal(t, []string{"degraded", "utterance_end"}, livetest.Heard(s.Expire(s.Due())))
	assert.True(t, s.Due().IsZero())

	// A flush waits no longer than that.
	livetest.Take(s, told(3, "maybe", false, false))
	s.Flush()
	assert.Zero(t, s.Settle().Flushed)
	r = s.Expire(s.Due())
	assert.Equal(t, 1, r.Flushed)
	assert.Equal(t, []string{"degraded", "utterance_end"}, livetest.Heard(r))
}

// A turn that ended, and whose formatted text does not come, is as it was heard.
func TestTurnThatIsNeverFormatted(t *testing.T) {
	s := &session{o: Options{FormatTurns: true}}
	assert.Equal(t, []string{"speech_start"}, livetest.Heard(livetest.Take(s, told(0, "book a room", true, false))))
	assert.Equal(t, []string{"final book a room", "utterance_end"}, livetest.Heard(s.Expire(s.Due())))
	assert.Empty(t, livetest.Heard(livetest.Take(s, told(0, "Book a room.", true, true))), "late")
	livetest.Take(s, told(1, "yes", true, false))
	assert.Equal(t, []string{"final yes", "utterance_end", "speech_start", "final No.", "utterance_end"}, livetest.Heard(livetest.Take(s, told(2, "No.", true, true))))
}

// A number of a turn that is nonsense silences nothing.
func TestTurnOrders(t *testing.T) {
	s := &session{}
	var what []string
	for _, order := range []int{0, math.MaxInt, 1, -7, 2} {
		what = append(what, livetest.Heard(livetest.Take(s, told(order, fmt.Sprint("word ", order), true, false)))[1])
	}
	assert.Equal(t, []string{"final word 0", "final word " + fmt.Sprint(math.MaxInt), "final word 1", "final word -7", "final word 2"}, what)
	for _, message := range []string{`{"type":"Turn","transcript":"yes","end_of_turn":true}`, `{"type":"Turn","turn_order":"3","transcript":"yes","end_of_turn":true}`,
		`{"type":"Turn","turn_order":3,"end_of_turn":true}`, `{"type":"Turn","turn_order":4,"transcript":null,"end_of_turn":true}`, `{"type":"Turn","turn_order":5,"transcript":{},"end_of_turn":true}`} {
		assert.ErrorIs(t, livetest.Take(s, message).Unclear, stt.ErrUnavailable, message)
	}
	assert.Empty(t, livetest.Heard(livetest.Take(s, `{"type":"Turn","turn_order":6,"transcript":"","end_of_turn":true}`)), "documented silence")
}

// Errors that do not concern the account, or the age of the session, are survived;
// where the service means the end, its close follows.
func TestErrorsThatEndNothing(t *testing.T) {
	for message, ends := range map[string]bool{
		`{"type":"Error","error_code":3005,"error":"Session Cancelled"}`: false,
		`{"type":"Error","error_code":3006,"error":"Invalid Message"}`:   false,
		`{"type":"Error","error":"oops"}`:                                false,
		`{"type":"Warning","warning_code":1,"warning":"old"}`:            false,
		`{"error":"oops"}`: false,
		`{"type":"Error","error_code":3008,"error":"Session Expired"}`:                                       true,
		`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Missing Authorization header"}`: true,
		`{"type":"Error","error_code":4002,"error":"Insufficient funds"}`:                                    true,
	} {
		r := livetest.Take(&session{}, message)
		if ends {
			assert.Error(t, r.Err, message)
			continue
		}
		require.NoError(t, r.Err, message)
		require.Len(t, r.Events, 1, message)
		var e *stt.Error
		require.ErrorAs(t, r.Events[0].Err, &e)
		assert.True(t, e.Warning)
	}
}

// What is wrong beside the text costs no text.
func TestOtherFieldsOfOtherTypes(t *testing.T) {
	r := livetest.Take(&session{}, `{"type":"Turn","turn_order":0,"end_of_turn":true,"transcript":"yes","words":"none","language_code":7}`)
	require.NoError(t, r.Unclear)
	assert.Equal(t, []string{"speech_start", "final yes", "utterance_end"}, livetest.Heard(r))
}
