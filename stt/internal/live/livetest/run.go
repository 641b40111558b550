package livetest

import (
	"net/http"
	"testing"

	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// Secret is the key of the engines that Run tests, and is in their URLs.
const Secret = "very-secret"

// Adapter is an engine of a streaming service, to be tested.
type Adapter struct {
	// Server starts a fake of the service.
	Server func(tb testing.TB, texts []string, faults ...fakestt.Fault) *fakestt.Live
	// New returns the engine, with the key, for the fake at url; a nil client is none.
	New func(key, url string, c *http.Client) (stt.Engine, error)
	// Messages are texts that identify the service's kinds of messages.
	Messages []string
}

// Run tests the engine against all that a stream promises, and all that services do.
func Run(t *testing.T, a Adapter) {
	offline := func(t *testing.T, texts []string, faults ...fakestt.Fault) (stt.Engine, *fakestt.Live) {
		t.Helper()
		server := a.Server(nil, texts, faults...)
		e, err := a.New(Secret, server.URL+"?token="+Secret, server.Client(t))
		if err != nil {
			t.Fatal(err)
		}
		return e, server
	}
	t.Run("failures", failures{messages: a.Messages, open: offline}.run)
	t.Run("suite", stttest.Suite{Interims: true, Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := offline(t, texts)
		return e
	}}.Run)
}
