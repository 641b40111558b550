package vosk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vosk"
)

func engine(t *testing.T, texts []string, faults ...stttest.Fault) (*vosk.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewVosk(t, texts, faults...)
	e, err := vosk.New(vosk.Options{URL: server.URL})
	require.NoError(t, err)
	return e, server
}

func TestFailures(t *testing.T) {
	stttest.Failures{New: func(t *testing.T, texts []string, faults ...stttest.Fault) (stt.Engine, *stttest.Live) {
		return engine(t, texts, faults...)
	}}.Run(t)
}

func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := engine(t, texts)
		return e
	}}.Run(t)
}
