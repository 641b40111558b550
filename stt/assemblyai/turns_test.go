package assemblyai

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

// Conversations in the shape of the service's documentation.
func TestTurns(t *testing.T) {
	for name, script := range map[string]struct {
		o              Options
		messages, want string
	}{
		"over": {Options{}, `
{"type":"Begin","id":"s","expires_at":1}
{"type":"SpeechStarted","timestamp":320}
{"type":"Turn","turn_order":0,"turn_is_formatted":false,"end_of_turn":false,"end_of_turn_confidence":0.007,"transcript":"hi","words":[{"text":"hi","start":320,"end":480,"confidence":0.99,"word_is_final":true}]}
{"type":"Turn","turn_order":0,"turn_is_formatted":false,"end_of_turn":true,"end_of_turn_confidence":0.82,"transcript":"hi there","words":[{"text":"hi","start":320,"end":480,"confidence":0.99,"word_is_final":true},{"text":"there","start":500,"end":800,"confidence":0.97,"word_is_final":true}]}
{"type":"SpeechStarted","timestamp":3000}
`, `speech_start
turn_start
interim "hi"
final "hi there"
utterance_end
turn_end 0.82
speech_start
turn_start`},
		"formatted": {Options{FormatTurns: true}, `
{"type":"Turn","turn_order":0,"turn_is_formatted":false,"end_of_turn":true,"end_of_turn_confidence":0.7,"transcript":"book a room","words":[{"text":"book","start":1,"end":2,"confidence":0.9},{"text":"a","start":2,"end":3,"confidence":0.9},{"text":"room","start":3,"end":4,"confidence":0.9}]}
{"type":"Turn","turn_order":0,"turn_is_formatted":true,"end_of_turn":true,"end_of_turn_confidence":0.7,"transcript":"Book a room.","words":[{"text":"Book","start":1,"end":2,"confidence":0.9},{"text":"a","start":2,"end":3,"confidence":0.9},{"text":"room.","start":3,"end":4,"confidence":0.9}]}
{"type":"Turn","turn_order":0,"turn_is_formatted":true,"end_of_turn":true,"end_of_turn_confidence":0.7,"transcript":"Book a room.","words":[]}
`, `speech_start
turn_start
turn_eager 0.70 "book a room"
final "Book a room."
utterance_end
turn_end 0.70`},
		"an end that does not come, and one that is late": {Options{}, `
{"type":"Turn","turn_order":0,"end_of_turn":false,"end_of_turn_confidence":0.1,"transcript":"one","words":[]}
{"type":"Turn","turn_order":1,"end_of_turn":true,"end_of_turn_confidence":0.9,"transcript":"two","words":[]}
{"type":"Turn","turn_order":0,"end_of_turn":true,"end_of_turn_confidence":0.9,"transcript":"one","words":[]}
`, `speech_start
turn_start
interim "one"
degraded
utterance_end
turn_end
speech_start
turn_start
final "two"
utterance_end
turn_end 0.90`},
		"nothing in the end": {Options{}, `
{"type":"SpeechStarted","timestamp":320}
{"type":"SpeechStarted","timestamp":350}
{"type":"Turn","turn_order":0,"end_of_turn":true,"end_of_turn_confidence":0.4,"transcript":"","words":[]}
{"type":"Turn","turn_order":1,"end_of_turn":true,"end_of_turn_confidence":0.4,"transcript":"","words":[]}
`, `speech_start
turn_start
utterance_end
turn_end 0.40`},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{o: script.o, c: stt.Config{Interim: true}}
			assert.Equal(t, script.want, livetest.Steps(t, s, script.messages))
		})
	}
}

func TestOptionsOfTurns(t *testing.T) {
	for want, o := range map[string]Options{
		"MinSilence is above": {MinSilence: 2, MaxSilence: 1},
		"EndOfTurn":           {EndOfTurn: 1.1},
		"MinSilence":          {MinSilence: -1},
	} {
		o.Key = "k"
		_, err := New(o)
		assert.ErrorContains(t, err, want)
	}
	e, err := New(Options{Key: "k"})
	require.NoError(t, err)
	assert.True(t, e.Traits().Turns)
}
