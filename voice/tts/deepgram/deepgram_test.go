package deepgram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/deepgram"
)

func TestMain(m *testing.M) { leak.Main(m) }

const key = "very-secret-key"

func engine(t testing.TB, server *faketts.Live, o deepgram.Options) *deepgram.Engine {
	t.Helper()
	o.Key, o.URL = key, server.URL+o.URL
	e, err := deepgram.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func say(ctx context.Context, e tts.Synthesizer, text string, c tts.Config) (audio []byte, err error) {
	for c, err := range tts.Mulaw(e.Synthesize(ctx, text, c)) {
		if err != nil {
			return audio, err
		}
		audio = append(audio, c.Audio...)
	}
	return audio, nil
}

func TestRequest(t *testing.T) {
	for voice, test := range map[string]struct {
		c    tts.Config
		want string
		sent []string
	}{
		"":               {tts.Config{}, "container=none&encoding=mulaw&mip_opt_out=true&model=aura-2-thalia-en&sample_rate=8000", []string{`{"type":"Speak","text":"Hello there."}`, `{"type":"Flush"}`}},
		"aura-2-zeus-en": {tts.Config{Voice: "aura-2-hera-en", Speed: 1.23}, "container=none&encoding=mulaw&mip_opt_out=true&model=aura-2-hera-en&sample_rate=8000&speed=1.25", []string{`{"type":"Speak","text":"Hello there."}`, `{"type":"Flush"}`}},
		"flux-haley-en":  {tts.Config{Speed: 2}, "encoding=mulaw&mip_opt_out=true&model=flux-haley-en&sample_rate=8000&speed=1.50", []string{`{"type":"Speak","text":"Hello there. "}`, `{"type":"Flush"}`}},
	} {
		server := faketts.NewDeepgram(t, nil)
		e := engine(t, server, deepgram.Options{Voice: voice, URL: "/?mip_opt_out=true"})
		_, err := say(t.Context(), e, "Hello there.", test.c)
		require.NoError(t, err)
		assert.Equal(t, "Token "+key, server.Requests()[0].Header.Get("Authorization"))
		assert.Equal(t, test.want, server.Requests()[0].URL.RawQuery)
		assert.Equal(t, test.sent, server.Messages())
		assert.False(t, tts.Normalizes(e))
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []deepgram.Options{{}, {Key: "a b"}, {Key: key, Voice: "no voice"}, {Key: key, Voice: "../x"}, {Key: key, URL: "ftp://x"}, {Key: key, MaxWait: -1}} {
		_, err := deepgram.New(o)
		assert.ErrorContains(t, err, "deepgram: Options.")
	}
	o := deepgram.Options{Key: key, URL: "wss://x/?token=" + key}
	text, err := json.Marshal(map[string]any{"o": o})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %v", o, o, o, text, &o), key)
}

// TestVoices: a voice of the other API is refused, as nothing says it.
func TestVoices(t *testing.T) {
	server := faketts.NewDeepgram(t, nil)
	for own, other := range map[string]string{"aura-2-zeus-en": "flux-haley-en", "flux-haley-en": "aura-2-zeus-en"} {
		_, err := say(t.Context(), engine(t, server, deepgram.Options{Voice: own}), "Hello.", tts.Config{Voice: other})
		require.ErrorIs(t, err, tts.ErrRefused)
	}
	require.Empty(t, server.Requests())
	_, err := say(t.Context(), engine(t, server, deepgram.Options{}), "Hello.", tts.Config{Voice: "nova-3"})
	require.ErrorIs(t, err, tts.ErrRefused, "the service refuses it")
}

// TestComplaints: what the service says of a failure decides what is done about it.
func TestComplaints(t *testing.T) {
	for message, want := range map[string]error{
		`{"type":"Error","code":"DATA-0000","description":"bad text"}`:                              tts.ErrRefused,
		`{"type":"Error","code":"BIG-0000","description":"too big"}`:                                tts.ErrRefused,
		`{"type":"Error","code":"NET-0001","description":"no text in time"}`:                        tts.ErrUnavailable,
		`{"type":"Error","code":"INVALID_AUTH","description":"key very-secret-key"}`:                tts.ErrAuth,
		`{"err_code":"PAYMENT","err_msg":"Insufficient funds"}`:                                     tts.ErrQuota,
		`{"type":"Warning","code":"X","description":"Exceeded 20 flush messages in 60 seconds"}`:    tts.ErrOverloaded,
		`{"type":"Warning","code":"NO_SYNTHESIZABLE_TEXT","description":"there is nothing to say"}`: tts.ErrBadText,
	} {
		server := faketts.NewDeepgram(t, func(int) faketts.Trouble { return faketts.Trouble{Message: message} })
		_, err := say(t.Context(), engine(t, server, deepgram.Options{}), "Hello.", tts.Config{})
		require.ErrorIs(t, err, want, message)
		require.NotContains(t, err.Error(), key)
	}
}

// TestWarning: a warning does not end an utterance, and explains a close that follows.
func TestWarning(t *testing.T) {
	warning := `{"type":"Warning","code":"SYNTHESIS_RETRYING","description":"a request failed"}`
	server := faketts.NewDeepgram(t, func(n int) faketts.Trouble {
		return []faketts.Trouble{{Message: warning}, {After: 100 * time.Millisecond, Message: warning, Close: 1011}, {Message: warning, Repeat: 30}}[n]
	})
	e := engine(t, server, deepgram.Options{})
	_, err := say(t.Context(), e, "Hello.", tts.Config{})
	require.NoError(t, err)
	_, err = say(t.Context(), e, "Hello.", tts.Config{})
	require.ErrorContains(t, err, "a request failed")
	_, err = say(t.Context(), e, "Hello.", tts.Config{})
	require.ErrorContains(t, err, "again and again")
}

// TestFlushes: the service takes twenty in a minute on a connection, so more pieces take more
// connections.
func TestFlushes(t *testing.T) {
	server := faketts.NewDeepgram(t, nil)
	e := engine(t, server, deepgram.Options{})
	for range 45 {
		_, err := say(t.Context(), e, "Hi.", tts.Config{})
		require.NoError(t, err)
	}
	require.Equal(t, 3, server.Connections())
}

// TestFluxKeepsCallsApart: a connection goes on in the tone of its call, so no other call has
// it.
func TestFluxKeepsCallsApart(t *testing.T) {
	server := faketts.NewDeepgram(t, nil)
	e := engine(t, server, deepgram.Options{Voice: "flux-haley-en"})
	for _, call := range []string{"CA1", "CA1", "CA2", "CA1"} {
		_, err := say(t.Context(), e, "Hello.", tts.Config{CallSID: call})
		require.NoError(t, err)
	}
	require.Equal(t, 2, server.Connections())
}

// TestFluxInterruptedAtItsEnd: an utterance that ends while it is interrupted is followed by the
// answer to the Interrupt, which is not one to the next utterance.
func TestFluxInterruptedAtItsEnd(t *testing.T) {
	const (
		metadata    = `{"type":"SpeechMetadata"}`
		interrupted = `{"type":"SpeechInterrupted"}`
		nothing     = `{"type":"Warning","code":"NO_AUDIO_GENERATED","description":"nothing to interrupt"}`
	)
	for name, test := range map[string]struct {
		messages []string
		stopped  bool
		err      error
	}{
		"interrupted":              {[]string{interrupted}, true, nil},
		"ended":                    {[]string{metadata}, false, nil},
		"ended, nothing to stop":   {[]string{metadata, nothing}, true, nil},
		"not begun, so it goes on": {[]string{nothing}, false, tts.ErrBadText},
	} {
		stopped, err := deepgram.Interrupted(test.messages...)
		require.Equal(t, test.stopped, stopped, name)
		require.ErrorIs(t, err, test.err, name)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"type":"Warning","code":"X","description":"flush 60"}`), false)
	f.Add([]byte(`{"type":"Flushed","sequence_id":0}`), true)
	f.Add([]byte(`{"type":"SpeechInterrupted"}`), true)
	f.Fuzz(func(t *testing.T, message []byte, flux bool) {
		deepgram.Handle(message, flux)
	})
}
