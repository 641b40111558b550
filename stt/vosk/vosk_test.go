package vosk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vosk"
)

// secret is what a proxy in front of the server may ask for.
const secret = livetest.Secret

func engine(t *testing.T, texts []string, faults ...fakestt.Fault) (*vosk.Engine, *fakestt.Live) {
	t.Helper()
	server := fakestt.NewVosk(t, texts, faults...)
	e, err := vosk.New(vosk.Options{URL: server.URL + "?token=" + secret})
	require.NoError(t, err)
	return e, server
}

func TestAdapter(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewVosk, Messages: []string{`"partial":"he"`, `"partial":""`, `"result"`, `"text":""`}, New: func(_, url string, c *http.Client) (stt.Engine, error) {
		return vosk.New(vosk.Options{URL: url, Client: c})
	}})
}

func TestMessages(t *testing.T) {
	e, server := engine(t, []string{"one"})
	s, err := stttest.Open(t.Context(), e, stt.Config{Phrases: []string{"Yes", " no\n", ""}})
	require.NoError(t, err)
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Eventually(t, func() bool { return len(server.Messages()) == 3 }, time.Minute, time.Millisecond, "messages")
	messages := server.Messages()
	require.JSONEq(t, `{"config":{"sample_rate":8000,"words":true,"phrase_list":["yes","no","[unk]"]}}`, messages[0])
	require.Equal(t, []string{`{"reset" : 1}`, `{"eof" : 1}`}, messages[1:], "byte for byte")
}
