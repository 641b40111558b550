package vosk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vosk"
)

// secret is what a proxy in front of the server may ask for.
const secret = "very-secret"

func engine(t *testing.T, texts []string, faults ...stttest.Fault) (*vosk.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewVosk(t, texts, faults...)
	e, err := vosk.New(vosk.Options{URL: server.URL + "?token=" + secret})
	require.NoError(t, err)
	return e, server
}

// offline returns an engine for a bubble, and the server that it reaches without a
// network.
func offline(t *testing.T, texts []string, faults ...stttest.Fault) (*vosk.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewVosk(nil, texts, faults...)
	e, err := vosk.New(vosk.Options{Client: server.Client(t), URL: server.URL + "?token=" + secret})
	require.NoError(t, err)
	return e, server
}

func TestFailures(t *testing.T) {
	stttest.Failures{Secret: secret, Messages: []string{`"partial":"he"`, `"partial":""`, `"result"`, `"text":""`}, New: func(t *testing.T, texts []string, faults ...stttest.Fault) (stt.Engine, *stttest.Live) {
		return offline(t, texts, faults...)
	}}.Run(t)
}

func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := offline(t, texts)
		return e
	}}.Run(t)
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
