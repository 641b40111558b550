package deepgram

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

// fluxScripts are conversations in the shape of the service's documentation.
var fluxScripts = map[string]struct{ messages, want string }{
	"over": {`
{"type":"Connected","request_id":"r","sequence_id":0}
{"type":"TurnInfo","request_id":"r","sequence_id":1,"event":"Update","turn_index":0,"audio_window_start":0.0,"audio_window_end":0.24,"transcript":"","words":[],"end_of_turn_confidence":0.01}
{"type":"TurnInfo","request_id":"r","sequence_id":2,"event":"StartOfTurn","turn_index":0,"audio_window_start":0.0,"audio_window_end":0.72,"transcript":"Hi","words":[{"word":"Hi","confidence":0.99}],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","request_id":"r","sequence_id":3,"event":"Update","turn_index":0,"audio_window_start":0.0,"audio_window_end":0.96,"transcript":"Hi, I need","words":[{"word":"Hi,","confidence":0.99},{"word":"I","confidence":0.98},{"word":"need","confidence":0.97}],"end_of_turn_confidence":0.04}
{"type":"TurnInfo","request_id":"r","sequence_id":4,"event":"EndOfTurn","turn_index":0,"audio_window_start":0.0,"audio_window_end":2.0,"transcript":"Hi, I need help.","words":[{"word":"Hi,","confidence":0.99},{"word":"I","confidence":0.98},{"word":"need","confidence":0.97},{"word":"help.","confidence":0.96}],"end_of_turn_confidence":0.83,"trigger":"model"}
`, `speech_start
turn_start 0.10
interim "Hi"
interim "Hi, I need"
final "Hi, I need help."
utterance_end
turn_end 0.83`},
	"eager and resumed": {`
{"type":"TurnInfo","event":"StartOfTurn","turn_index":3,"audio_window_start":10,"audio_window_end":10.7,"transcript":"cancel","words":[{"word":"cancel","confidence":0.9,"start":10.2,"end":10.6}],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","event":"EagerEndOfTurn","turn_index":3,"audio_window_start":10,"audio_window_end":11.2,"transcript":"cancel","words":[{"word":"cancel","confidence":0.9,"start":10.2,"end":10.6}],"end_of_turn_confidence":0.45}
{"type":"TurnInfo","event":"TurnResumed","turn_index":3,"audio_window_start":10,"audio_window_end":11.5,"transcript":"cancel my","words":[],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","event":"EagerEndOfTurn","turn_index":3,"audio_window_start":10,"audio_window_end":12,"transcript":"cancel my order","words":[],"end_of_turn_confidence":0.5}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":3,"audio_window_start":10,"audio_window_end":12.4,"transcript":"cancel my order","words":[],"end_of_turn_confidence":0.81}
{"type":"TurnInfo","event":"StartOfTurn","turn_index":4,"audio_window_start":12.4,"audio_window_end":13,"transcript":"please","words":[],"end_of_turn_confidence":0.2}
`, `speech_start
turn_start 0.10
interim "cancel"
turn_eager 0.45 "cancel"
interim "cancel my"
turn_resumed 0.10
interim "cancel my order"
turn_eager 0.50 "cancel my order"
final "cancel my order"
utterance_end
turn_end 0.81
speech_start
turn_start 0.20
interim "please"`},
	"an end, a start and a resumption that do not come": {`
{"type":"TurnInfo","event":"StartOfTurn","turn_index":0,"audio_window_start":0,"audio_window_end":1,"transcript":"one","words":[],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","event":"Update","turn_index":1,"audio_window_start":1,"audio_window_end":2,"transcript":"","words":[],"end_of_turn_confidence":0}
{"type":"TurnInfo","event":"EagerEndOfTurn","turn_index":1,"audio_window_start":1,"audio_window_end":3,"transcript":"two","words":[],"end_of_turn_confidence":0.4}
{"type":"TurnInfo","event":"Update","turn_index":1,"audio_window_start":1,"audio_window_end":4,"transcript":"two three","words":[],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":1,"audio_window_start":1,"audio_window_end":5,"transcript":"two three","words":[],"end_of_turn_confidence":0.9,"trigger":"timeout"}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":1,"audio_window_start":1,"audio_window_end":5,"transcript":"two three","words":[],"end_of_turn_confidence":0.9}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":2,"audio_window_start":5,"audio_window_end":6,"transcript":"four","words":[],"end_of_turn_confidence":0.9}
`, `speech_start
turn_start 0.10
interim "one"
final "one"
utterance_end
turn_end
speech_start
turn_start 0.40
interim "two"
turn_eager 0.40 "two"
interim "two three"
turn_resumed 0.10
final "two three"
utterance_end
turn_end 0.90
speech_start
turn_start 0.90
final "four"
utterance_end
turn_end 0.90`},
	"nothing in the end": {`
{"type":"TurnInfo","event":"StartOfTurn","turn_index":0,"audio_window_start":0,"audio_window_end":1,"transcript":"um","words":[],"end_of_turn_confidence":0.1}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"audio_window_start":0,"audio_window_end":2,"transcript":"","words":[],"end_of_turn_confidence":0.9}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":1,"audio_window_start":2,"audio_window_end":3,"transcript":"","words":[],"end_of_turn_confidence":0.9}
{"type":"TurnInfo","event":"TurnResumed","turn_index":2,"audio_window_start":3,"audio_window_end":3.2,"transcript":"","words":[],"end_of_turn_confidence":0.9}
`, `speech_start
turn_start 0.10
interim "um"
utterance_end
turn_end 0.90`},
}

func TestTurnsOfFlux(t *testing.T) {
	for name, script := range fluxScripts {
		t.Run(name, func(t *testing.T) {
			s := &fluxSession{c: stt.Config{Interim: true}}
			assert.Equal(t, script.want, livetest.Steps(t, s, script.messages))
		})
	}
}

// A Configure that is refused costs nothing but itself.
func TestConfigureFailure(t *testing.T) {
	for message, want := range map[string]error{
		`{"type":"ConfigureFailure","request_id":"r","sequence_id":7}`:                               stt.ErrRefused,
		`{"type":"ConfigureFailure","code":"INTERNAL_SERVER_ERROR","description":"try again later"}`: stt.ErrUnavailable,
	} {
		r := livetest.Take(&fluxSession{}, message)
		require.NoError(t, r.Err)
		require.NoError(t, r.Unclear)
		require.Len(t, r.Events, 1)
		var e *stt.Error
		require.ErrorAs(t, r.Events[0].Err, &e)
		assert.ErrorIs(t, e, want)
		assert.True(t, e.Warning)
	}
	assert.Empty(t, livetest.Take(&fluxSession{}, `{"type":"ConfigureSuccess","thresholds":{"eot_threshold":0.9},"keyterms":[]}`).Events)
	assert.Equal(t, `{"type":"Configure","thresholds":{"eot_threshold":0.7},"keyterms":[]}`, string((&fluxSession{}).Expect(stt.Expectation{}).Data), "without phrases there are none")
}

// A ForceEndTurn is answered when what was sent before it is transcribed and no turn
// is open, or when the service has nothing to say; a turn that nothing is told of any
// more ends with what was heard last.
func TestForcedEnds(t *testing.T) {
	update := `{"type":"TurnInfo","event":"Update","turn_index":0,"audio_window_start":0,"audio_window_end":0.9,"transcript":"","words":[]}`
	start := `{"type":"TurnInfo","event":"StartOfTurn","turn_index":0,"audio_window_start":0,"audio_window_end":0.95,"transcript":"one","words":[]}`
	flushed := func() *fluxSession {
		s := &fluxSession{}
		s.Audio(make([]byte, 8000))
		s.Flush()
		return s
	}
	assert.Equal(t, 1, livetest.Take(flushed(), update).Flushed)
	s := flushed()
	assert.Zero(t, livetest.Take(s, start).Flushed)
	assert.Zero(t, s.Settle().Flushed)
	assert.Equal(t, 1, livetest.Take(s, `{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"audio_window_start":0,"audio_window_end":0.95,"transcript":"one","words":[],"trigger":"manual"}`).Flushed)

	s = flushed()
	livetest.Take(s, start)
	assert.Empty(t, s.Expire(s.Due().Add(-1)).Events)
	assert.Equal(t, []string{"final one", "utterance_end"}, livetest.Heard(s.Expire(s.Due())))
	assert.Equal(t, 1, s.Settle().Flushed)

	s = &fluxSession{}
	s.Audio(make([]byte, 80_000))
	s.Flush()
	assert.Zero(t, livetest.Take(s, update).Flushed, "it is not so far yet")
	assert.Equal(t, 1, s.Settle().Flushed)
}

func TestTurnInfosThatAreNone(t *testing.T) {
	for _, message := range []string{
		`{"type":"TurnInfo"}`, `{"type":"TurnInfo","event":"EndOfTurn","transcript":"yes"}`, `{"type":"TurnInfo","event":"EndOfTurn","turn_index":0}`,
		`{"type":"TurnInfo","event":"EndOfTurn","turn_index":"first","transcript":"yes"}`, `{"type":"TurnInfo","event":"StartOfTurn","turn_index":0,"transcript":null}`,
	} {
		s := &fluxSession{}
		r := livetest.Take(s, message)
		assert.ErrorIs(t, r.Unclear, stt.ErrUnavailable, message)
		assert.NoError(t, r.Err)
		assert.Equal(t, []string{"speech_start", "final no", "utterance_end"}, livetest.Heard(livetest.Take(s,
			`{"type":"TurnInfo","event":"EndOfTurn","turn_index":1,"audio_window_end":"x","transcript":"no","words":{},"languages":7}`)), "it goes on")
	}
}
