package deepgram_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/internal/live/livetest"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...fakestt.Fault) (*deepgram.Engine, *fakestt.Live) {
	t.Helper()
	server := fakestt.NewDeepgram(t, texts, faults...)
	e, err := deepgram.New(deepgram.Options{URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestAdapter(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewDeepgram, Messages: []string{`"SpeechStarted"`, `"is_final":false`, `"is_final":true`, `"UtteranceEnd"`, `"from_finalize":true`}, New: func(key, url string, c *http.Client) (stt.Engine, error) {
		return deepgram.New(deepgram.Options{Key: key, URL: url, Client: c})
	}})
}

const key = livetest.Secret

func TestHandshake(t *testing.T) {
	server := fakestt.NewDeepgram(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) { handshakes(t, server) })
}

func handshakes(t *testing.T, server *fakestt.Live) {
	e, err := deepgram.New(deepgram.Options{URL: server.URL, Key: key, Client: server.Client(t)})
	require.NoError(t, err)
	for _, f := range []codec.Format{{}, {Encoding: codec.PCM16}} {
		s, err := stttest.Open(t.Context(), e, stt.Config{Format: f, Language: "de", Phrases: []string{"Zimmer buchen", "ja"}, CallSID: "CA1"})
		require.NoError(t, err)
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
	}
	r := server.Requests()[0]
	require.Equal(t, "Token "+key, r.Header.Get("Authorization"))
	q := r.URL.Query()
	for name, want := range map[string]string{"model": "nova-3", "encoding": "mulaw", "sample_rate": "8000", "channels": "1",
		"interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000", "endpointing": "300", "language": "de", "tag": "CA1"} {
		require.Equal(t, want, q.Get(name), name)
	}
	require.Equal(t, []string{"Zimmer buchen", "ja"}, q["keyterm"])
	require.Equal(t, "linear16", server.Requests()[1].URL.Query().Get("encoding"))
	synctest.Wait()
	finalize, bye := `{"type":"Finalize"}`, `{"type":"CloseStream"}`
	require.ElementsMatch(t, []string{finalize, bye, finalize, bye}, server.Messages())
	require.NoError(t, e.Check(t.Context()))
	require.True(t, e.Status().Ready)
}

func TestBadAudioIsNotSentAgain(t *testing.T) {
	e, server := engine(t, nil, fakestt.Fault{After: 1, Close: 1008, Reason: "DATA-0000"})
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Send(make([]byte, 1600)))
	for {
		if _, err = s.Next(t.Context()); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, stt.ErrBadAudio)
	require.Equal(t, 1, server.Connections())
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := deepgram.New(deepgram.Options{})
	require.Error(t, err)
	_, err = deepgram.New(deepgram.Options{Key: key, URL: "nowhere"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), key)
}
