package openairealtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

// turnScripts are conversations in the shape of the service's documentation, with
// semantic detection.
var turnScripts = map[string]struct{ messages, want string }{
	"over": {`
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"input_audio_buffer.speech_stopped","item_id":"a","audio_end_ms":1200}
{"type":"input_audio_buffer.committed","item_id":"a","previous_item_id":null}
{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","delta":"book "}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"book a room"}
`, `speech_start
turn_start
turn_eager
final "book a room"
utterance_end
turn_end`},
	"the caller goes on before the text has come": {`
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"input_audio_buffer.speech_stopped","item_id":"a","audio_end_ms":1200}
{"type":"input_audio_buffer.committed","item_id":"a","previous_item_id":null}
{"type":"input_audio_buffer.speech_started","item_id":"b","audio_start_ms":1500}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"book a room"}
{"type":"input_audio_buffer.speech_stopped","item_id":"b","audio_end_ms":2200}
{"type":"input_audio_buffer.committed","item_id":"b","previous_item_id":"a"}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"b","transcript":"for two"}
`, `speech_start
turn_start
turn_eager
speech_start
turn_resumed
final "book a room"
utterance_end
turn_eager
final "for two"
utterance_end
turn_end`},
	"in another order": {`
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"input_audio_buffer.speech_stopped","item_id":"a","audio_end_ms":1200}
{"type":"input_audio_buffer.committed","item_id":"a","previous_item_id":null}
{"type":"input_audio_buffer.speech_started","item_id":"b","audio_start_ms":1500}
{"type":"input_audio_buffer.speech_stopped","item_id":"b","audio_end_ms":2200}
{"type":"input_audio_buffer.committed","item_id":"b","previous_item_id":"a"}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"b","transcript":"for two"}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"book a room"}
`, `speech_start
turn_start
turn_eager
speech_start
turn_resumed
turn_eager
final "book a room"
utterance_end
final "for two"
utterance_end
turn_end`},
	"no text": {`
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"input_audio_buffer.speech_stopped","item_id":"a","audio_end_ms":1200}
{"type":"input_audio_buffer.committed","item_id":"a","previous_item_id":null}
{"type":"conversation.item.input_audio_transcription.failed","item_id":"a","error":{"code":"audio_unintelligible","message":"no"}}
`, `speech_start
turn_start
turn_eager
degraded
utterance_end
turn_end`},
	"an end that is not told": {`
{"type":"input_audio_buffer.speech_started","item_id":"a","audio_start_ms":300}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"yes"}
`, `speech_start
turn_start
final "yes"
utterance_end
turn_end`},
}

func semantic() live.Session {
	return &session{o: Options{Eagerness: "auto"}, items: map[string]*item{}}
}

func TestTurns(t *testing.T) {
	for name, script := range turnScripts {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, script.want, livetest.Steps(t, semantic(), script.messages))
			s := &session{items: map[string]*item{}}
			assert.NotContains(t, livetest.Steps(t, s, script.messages), "turn_", "without semantic detection the session finds turns")
		})
	}
}

func FuzzTurns(f *testing.F) {
	for _, script := range turnScripts {
		f.Add([]byte(script.messages))
	}
	livetest.Fuzz(f, semantic)
}

func TestEagerness(t *testing.T) {
	m := string((&session{o: Options{Model: "m", Eagerness: "low"}}).configure().Data)
	assert.Contains(t, m, `"turn_detection":{"eagerness":"low","type":"semantic_vad"}`)
	e, err := New(Options{Key: "k", Eagerness: "high"})
	require.NoError(t, err)
	assert.True(t, e.Traits().Turns)
	e, err = New(Options{Key: "k"})
	require.NoError(t, err)
	assert.False(t, e.Traits().Turns)
	_, err = New(Options{Key: "k", Eagerness: "very"})
	require.ErrorContains(t, err, "Options.Eagerness")
	_, err = New(Options{Key: "k", Eagerness: "low", Silence: 1})
	require.ErrorContains(t, err, "set one")
}
