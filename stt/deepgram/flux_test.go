package deepgram_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/internal/live/livetest"
	"agentos.dev/dialtone/stt/stttest"
)

func newFlux(key, url string, c *http.Client) (stt.Engine, error) {
	return deepgram.New(deepgram.Options{Key: key, Model: "flux-general-en", EagerEndOfTurn: 0.4, URL: url, Client: c})
}

func TestFluxAdapter(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewFlux, New: newFlux, Messages: []string{`"Connected"`, `"event":"StartOfTurn"`, `"event":"Update"`,
		`"event":"EagerEndOfTurn"`, `"event":"TurnResumed"`, `"event":"EndOfTurn"`}})
}

func TestFluxHandshake(t *testing.T) {
	server := fakestt.NewFlux(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		e, err := deepgram.New(deepgram.Options{Key: key, Model: "flux-general-multi", EndOfTurn: 0.8, EagerEndOfTurn: 0.45, TurnTimeout: 3 * time.Second, URL: server.URL, Client: server.Client(t)})
		require.NoError(t, err)
		require.True(t, e.Traits().Turns)
		s, err := stttest.Open(t.Context(), e, stt.Config{Language: "de-AT", Phrases: []string{"Zimmer buchen", "ja"}, CallSID: "CA1"})
		require.NoError(t, err)
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		synctest.Wait()
	})
	q := server.Requests()[0].URL.Query()
	for name, want := range map[string]string{"model": "flux-general-multi", "encoding": "mulaw", "sample_rate": "8000", "tag": "CA1", "language_hint": "de",
		"eot_threshold": "0.8", "eager_eot_threshold": "0.45", "eot_timeout_ms": "3000"} {
		assert.Equal(t, want, q.Get(name), name)
	}
	assert.Equal(t, []string{"Zimmer buchen", "ja"}, q["keyterm"])
	assert.False(t, q.Has("language"), "it is of /v1/listen")
	assert.Equal(t, []string{`{"type":"ForceEndTurn"}`, `{"type":"CloseStream"}`}, server.Messages())
}

// What the host expects is told in mid-call, in order with the audio, and to a new
// connection in its address.
func TestFluxIsToldWhatIsExpected(t *testing.T) {
	server := fakestt.NewFlux(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		e, err := deepgram.New(deepgram.Options{Key: key, Model: "flux-general-en", EndOfTurn: 0.6, URL: server.URL, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{Phrases: []string{"book a room"}, Expected: stt.Expectation{Digits: 4}})
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, s.Expect(stt.Expectation{YesNo: true}))
		synctest.Wait()
		require.NoError(t, s.Expect(stt.Expectation{Digits: 16, Phrases: []string{"visa"}}))
		synctest.Wait()
		require.NoError(t, s.Close())
		synctest.Wait()
	})
	assert.Equal(t, "0.9", server.Requests()[0].URL.Query().Get("eot_threshold"))
	assert.Equal(t, []string{
		`{"type":"Configure","thresholds":{"eot_threshold":0.6},"keyterms":["book a room"]}`,
		`{"type":"Configure","thresholds":{"eot_threshold":0.9},"keyterms":["visa"]}`,
		`{"type":"CloseStream"}`}, server.Messages())
}

func TestFluxOptions(t *testing.T) {
	for want, o := range map[string]deepgram.Options{
		"of Flux models only": {EndOfTurn: 0.8},
		"Endpointing":         {Model: "flux-general-en", Endpointing: time.Second},
		"Options.SmartFormat": {Model: "flux-general-en", SmartFormat: true},
		"Options.EndOfTurn":   {Model: "flux-general-en", EndOfTurn: 0.4},
		"between 0.3 and 0.9": {Model: "flux-general-en", EagerEndOfTurn: 0.2},
		"above EndOfTurn":     {Model: "flux-general-en", EagerEndOfTurn: 0.8},
		"TurnTimeout":         {Model: "flux-general-en", TurnTimeout: time.Millisecond},
	} {
		o.Key = key
		_, err := deepgram.New(o)
		assert.ErrorContains(t, err, want)
	}
	e, err := deepgram.New(deepgram.Options{Key: key, Model: "flux-general-en"})
	require.NoError(t, err)
	_, err = e.Open(t.Context(), stt.Config{Language: "de"})
	require.ErrorIs(t, err, stt.ErrRefused)
}
