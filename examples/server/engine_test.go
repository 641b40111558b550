package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
)

// The server starts when its speech service accepts the key and answers, says what
// is wrong with the key, and does not wait for a service that is down.
func TestStreamingEngines(t *testing.T) {
	for name, fake := range map[string]func(testing.TB, []string, ...fakestt.Fault) *fakestt.Live{
		"deepgram": fakestt.NewDeepgram, "assemblyai": fakestt.NewAssemblyAI, "openairealtime": fakestt.NewOpenAIRealtime, "vosk": fakestt.NewVosk,
	} {
		t.Run(name, func(t *testing.T) {
			c := config{stt: name, sttURL: fake(t, nil).URL, sttKey: "very-secret"}
			engine, err := newEngine(t.Context(), c, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.True(t, engine.(stt.Reporter).Status().Ready)
			stt.Close(engine)

			c.sttURL = fake(t, nil, fakestt.Fault{Status: 401}).URL
			_, err = newEngine(t.Context(), c, slog.New(slog.DiscardHandler))
			require.ErrorIs(t, err, stt.ErrAuth)
			require.NotContains(t, err.Error(), c.sttKey)

			var log strings.Builder
			c.sttURL = "ws://127.0.0.1:1"
			engine, err = newEngine(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			require.Contains(t, log.String(), "speech engine is not ready")
			require.Error(t, stt.Check(t.Context(), engine))
			stt.Close(engine)
		})
	}
}
