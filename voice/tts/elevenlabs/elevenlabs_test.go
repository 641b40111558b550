package elevenlabs_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/elevenlabs"
)

func TestMain(m *testing.M) { leak.Main(m) }

const key = "very-secret-key"

// engine returns an engine for a fake server. The end of the test closes it.
func engine(t testing.TB, server *faketts.Live, o elevenlabs.Options) *elevenlabs.Engine {
	t.Helper()
	o.Key, o.URL = key, server.URL+o.URL
	e, err := elevenlabs.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// say returns the words of pieces as "word start-end", in ms of the audio.
func say(t testing.TB, e tts.Synthesizer, c tts.Config, pieces ...string) (words []string, err error) {
	list := func(yield func(string) bool) {
		for _, p := range pieces {
			if !yield(p) {
				return
			}
		}
	}
	for c, err := range tts.Stream(t.Context(), e, list, c) {
		if err != nil {
			return words, err
		}
		for _, w := range c.Words {
			words = append(words, fmt.Sprintf("%s %d-%d", pieces[w.Piece][w.From:w.To], w.Start.Round(time.Millisecond).Milliseconds(), w.End.Round(time.Millisecond).Milliseconds()))
		}
	}
	return words, nil
}

func TestOptions(t *testing.T) {
	for _, o := range []elevenlabs.Options{{}, {Key: "a b"}, {Key: key, Voice: "no voice"}, {Key: key, Voice: "../../x/y/z"}, {Key: key, URL: "ftp://x"}, {Key: key, MaxWait: -1}, {Key: key, Stability: 2}, {Key: key, Similarity: -1}} {
		_, err := elevenlabs.New(o)
		assert.ErrorContains(t, err, "elevenlabs: Options.")
	}
	o := elevenlabs.Options{Key: key, URL: "wss://x/?token=" + key}
	text, err := json.Marshal(map[string]any{"o": o})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %v", o, o, o, text, &o), key)
}

// TestTimes: words come as the text writes them, at their times in the utterance.
func TestTimes(t *testing.T) {
	e := engine(t, faketts.NewElevenLabs(t, nil), elevenlabs.Options{})
	words, err := say(t, e, tts.Config{}, "Hi, Bob.", "O'Brien, it is 4.50!")
	require.NoError(t, err)
	want := []string{"Hi 40-160", "Bob 310-490", "O'Brien 680-1100", "it 1250-1370", "is 1410-1530", "4.50 1570-1810"}
	require.Equal(t, want, words)
	words, err = say(t, engine(t, faketts.NewElevenLabs(t, func(int) faketts.Trouble { return faketts.Trouble{Untimed: true} }), elevenlabs.Options{}), tts.Config{}, "Hi, Bob.")
	require.NoError(t, err, "times are worth less than the audio")
	require.Empty(t, words)
}

// TestComplaints: the service's error message decides the kind of a failure.
func TestComplaints(t *testing.T) {
	for message, want := range map[string]error{
		`{"message":"bad very-secret-key","error":"invalid_api_key","code":1008}`:            tts.ErrAuth,
		`{"message":"pay","error":"quota_exceeded","code":1008}`:                             tts.ErrQuota,
		`{"message":"five","error":"max_active_conversations","code":1008,"contextId":"%s"}`: tts.ErrOverloaded,
		`{"message":"busy","error":"too_many_concurrent_requests","code":1008}`:              tts.ErrOverloaded,
		`{"message":"none","error":"voice_not_found","code":1008}`:                           tts.ErrRefused,
		`{"message":"x very-secret-key","error":"detected_unusual_activity","code":1008}`:    tts.ErrAuth,
		`{"message":"late","error":"input_timeout_exceeded","code":1008}`:                    tts.ErrTimeout,
		`{"message":"oops","error":"internal_server_error","code":1011}`:                     tts.ErrUnavailable,
		`{"detail":{"status":"x"},"error":"something new"}`:                                  tts.ErrUnavailable,
		`{"audio":"AA=A","contextId":"%s"}`:                                                  tts.ErrBadAudio,
	} {
		server := faketts.NewElevenLabs(t, func(int) faketts.Trouble { return faketts.Trouble{Message: message} })
		_, err := say(t, engine(t, server, elevenlabs.Options{}), tts.Config{}, "Hello.")
		require.ErrorIs(t, err, want, message)
		require.NotContains(t, err.Error(), key)
	}
}

func TestRequest(t *testing.T) {
	server := faketts.NewElevenLabs(t, nil)
	e := engine(t, server, elevenlabs.Options{Stability: 0.4, URL: "/?enable_logging=false"})
	_, err := say(t, e, tts.Config{Voice: "pNInz6obpgDQGcFmaJgB", Language: "de-DE", Speed: 2}, "Guten Tag.", "Wie geht es?")
	require.NoError(t, err)
	r := server.Requests()[0]
	assert.Equal(t, key, r.Header.Get("xi-api-key"))
	assert.Equal(t, "/v1/text-to-speech/pNInz6obpgDQGcFmaJgB/multi-stream-input", r.URL.Path)
	assert.Equal(t, "apply_text_normalization=off&enable_logging=false&inactivity_timeout=180&language_code=de&model_id=eleven_flash_v2_5&output_format=ulaw_8000&sync_alignment=true", r.URL.RawQuery)
	var sent []map[string]any
	for _, m := range server.Messages() {
		var o map[string]any
		require.NoError(t, json.Unmarshal([]byte(m), &o))
		assert.NotEmpty(t, o["context_id"])
		delete(o, "context_id")
		sent = append(sent, o)
	}
	assert.Equal(t, []map[string]any{{"text": " ", "voice_settings": map[string]any{"stability": 0.4, "speed": 1.2}}, {"text": "Guten Tag. ", "flush": true},
		{"text": "Wie geht es? ", "flush": true}, {"close_context": true}}, sent)
	written := engine(t, server, elevenlabs.Options{AsWritten: true})
	assert.True(t, tts.Normalizes(written))
	require.NoError(t, written.Prewarm(t.Context()))
	assert.Contains(t, server.Requests()[1].URL.RawQuery, "apply_text_normalization=auto")
}

// TestOldContexts: late messages about a closed context do nothing to the next one.
func TestOldContexts(t *testing.T) {
	late := `{"audio":"AAAA","contextId":"another","alignment":{"chars":["H"],"charStartTimesMs":[0],"charDurationsMs":[9]}}`
	for _, message := range []string{late, `{"isFinal":true,"contextId":"another"}`, `{"error":"quota_exceeded","message":"x","contextId":"another"}`} {
		server := faketts.NewElevenLabs(t, func(int) faketts.Trouble { return faketts.Trouble{Message: message} })
		words, err := say(t, engine(t, server, elevenlabs.Options{}), tts.Config{}, "Hi, Bob.")
		require.NoError(t, err)
		require.Equal(t, []string{"Hi 40-160", "Bob 310-490"}, words)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"audio":"AAAA","alignment":{"chars":["H","i"," "],"charStartTimesMs":[0,1,2],"charDurationsMs":[1,1,1]}}`))
	f.Add([]byte(`{"isFinal":"true","normalizedAlignment":{"chars":["\u4f60"],"charStartTimesMs":[1e300],"charDurationsMs":[-1]}}`))
	f.Add([]byte(`{"error":"x","code":1008}`))
	f.Fuzz(func(t *testing.T, message []byte) { elevenlabs.Handle(message) })
}
