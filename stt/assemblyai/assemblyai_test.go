package assemblyai_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...stttest.Fault) (*assemblyai.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewAssemblyAI(t, texts, faults...)
	e, err := assemblyai.New(assemblyai.Options{URL: server.URL, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestFailures(t *testing.T) {
	stttest.Failures{Secret: key, New: func(t *testing.T, texts []string, faults ...stttest.Fault) (stt.Engine, *stttest.Live) {
		return engine(t, texts, faults...)
	}}.Run(t)
}

func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := engine(t, texts)
		return e
	}}.Run(t)
}

const key = "very-secret"
