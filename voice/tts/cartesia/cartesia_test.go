package cartesia_test

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
	"agentos.dev/dialtone/voice/tts/cartesia"
)

func TestMain(m *testing.M) { leak.Main(m) }

const key = "very-secret-key"

func engine(t testing.TB, server *faketts.Live, o cartesia.Options) *cartesia.Engine {
	t.Helper()
	o.Key, o.URL = key, server.URL+o.URL
	e, err := cartesia.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// say returns the audio of pieces, and their words with their times.
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
	for _, o := range []cartesia.Options{{}, {Key: "a b"}, {Key: key, Voice: "no voice"}, {Key: key, Voice: "../../x/y/z"}, {Key: key, URL: "ftp://x"}, {Key: key, MaxWait: -1}} {
		_, err := cartesia.New(o)
		assert.ErrorContains(t, err, "cartesia: Options.")
	}
	o := cartesia.Options{Key: key, URL: "wss://x/?token=" + key}
	text, err := json.Marshal(map[string]any{"o": o})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %v", o, o, o, text, &o), key)
}

// TestTimes: words are told in the characters of the text, at their times in the utterance.
func TestTimes(t *testing.T) {
	e := engine(t, faketts.NewCartesia(t, nil), cartesia.Options{})
	words, err := say(t, e, tts.Config{}, "Hi, Bob.", "O'Brien, it is 4.50!")
	require.NoError(t, err)
	want := []string{"Hi 40-160", "Bob 310-490", "O'Brien 680-1100", "it 1250-1370", "is 1410-1530", "4.50 1570-1810"}
	require.Equal(t, want, words)
	words, err = say(t, engine(t, faketts.NewCartesia(t, func(int) faketts.Trouble { return faketts.Trouble{Untimed: true} }), cartesia.Options{}), tts.Config{}, "Hi, Bob.")
	require.NoError(t, err, "times are worth less than the audio")
	require.Empty(t, words)
}

// TestComplaints: what the service says of a failure decides what is done about it.
func TestComplaints(t *testing.T) {
	for message, want := range map[string]error{
		`{"type":"error","title":"t","message":"bad very-secret-key","error_code":"unauthorized","status_code":401}`:           tts.ErrAuth,
		`{"type":"error","title":"t","message":"pay","error_code":"plan_limit","status_code":402}`:                             tts.ErrQuota,
		`{"type":"error","context_id":"%s","title":"t","message":"busy","error_code":"concurrency_limited","status_code":429}`: tts.ErrOverloaded,
		`{"type":"error","title":"t","message":"none","error_code":"model_not_found","status_code":404}`:                       tts.ErrRefused,
		`{"type":"error","title":"t","message":"none","status_code":400}`:                                                      tts.ErrRefused,
		`{"type":"error","error":"oops","status_code":500}`:                                                                    tts.ErrUnavailable,
		`{"type":"error","title":"t","message":"slow","status_code":504}`:                                                      tts.ErrTimeout,
		`{"type":"chunk","context_id":"%s","data":"AA=A","done":false}`:                                                        tts.ErrBadAudio,
	} {
		server := faketts.NewCartesia(t, func(int) faketts.Trouble { return faketts.Trouble{Message: message} })
		_, err := say(t, engine(t, server, cartesia.Options{}), tts.Config{}, "Hello.")
		require.ErrorIs(t, err, want, message)
		require.NotContains(t, err.Error(), key)
	}
}

func TestRequest(t *testing.T) {
	server := faketts.NewCartesia(t, nil)
	e := engine(t, server, cartesia.Options{Model: "sonic-3"})
	_, err := say(t, e, tts.Config{Voice: "694f9389-aac1-45b6-b726-9d9369183238", Language: "de-DE", Speed: 2}, "Guten Tag.", "Wie geht es?")
	require.NoError(t, err)
	r := server.Requests()[0]
	assert.Equal(t, key, r.Header.Get("X-API-Key"))
	assert.Equal(t, "cartesia_version=2026-03-01", r.URL.RawQuery)
	contexts := map[any]bool{}
	for i, text := range []string{"Guten Tag. ", "Wie geht es? ", ""} {
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(server.Messages()[i]), &got))
		contexts[got["context_id"]] = true
		delete(got, "context_id")
		assert.Equal(t, map[string]any{"model_id": "sonic-3", "transcript": text, "continue": text != "", "voice": map[string]any{"mode": "id", "id": "694f9389-aac1-45b6-b726-9d9369183238"},
			"output_format": map[string]any{"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000.0}, "language": "de", "max_buffer_delay_ms": 0.0,
			"add_timestamps": true, "generation_config": map[string]any{"speed": 1.5}}, got)
	}
	assert.Len(t, contexts, 1)
	assert.False(t, tts.Normalizes(e))
	assert.True(t, tts.Normalizes(engine(t, server, cartesia.Options{AsWritten: true})))
}

// TestOldContexts: what the service still says of a context that was canceled is not of the next one.
func TestOldContexts(t *testing.T) {
	for _, message := range []string{`{"type":"chunk","context_id":"another","data":"AAAA"}`, `{"type":"done","context_id":"another","done":true}`,
		`{"type":"error","context_id":"another","message":"canceled","status_code":499}`, `{"type":"timestamps","context_id":"another","word_timestamps":{"words":["Hi"],"start":[0],"end":[9]}}`} {
		server := faketts.NewCartesia(t, func(int) faketts.Trouble { return faketts.Trouble{Message: message} })
		words, err := say(t, engine(t, server, cartesia.Options{}), tts.Config{}, "Hi, Bob.")
		require.NoError(t, err)
		require.Equal(t, []string{"Hi 40-160", "Bob 310-490"}, words)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"type":"chunk","data":"AAAA","done":true}`))
	f.Add([]byte(`{"type":"timestamps","word_timestamps":{"words":["Hello",7],"start":[0,1e300],"end":[-1]}}`))
	f.Add([]byte(`{"type":"error","error_code":"x","status_code":429}`))
	f.Fuzz(func(t *testing.T, message []byte) { cartesia.Handle(message) })
}
