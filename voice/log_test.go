package voice_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestLogOfAnOrdinaryCall: its status callback is no news.
func TestLogOfAnOrdinaryCall(t *testing.T) {
	var log bytes.Buffer
	srv, mux := newHost(t, voice.Config{Handler: waiting, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	streamURL(t, call)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, 10*time.Second, time.Millisecond)
	call.HangUp()
	require.NoError(t, tw.Close())
	require.NoError(t, srv.Shutdown(t.Context()))
	require.Contains(t, log.String(), "call ended")
	require.NotContains(t, log.String(), "without a stream")
}

// TestServerPrinted: no rendering of a server shows a secret.
func TestServerPrinted(t *testing.T) {
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{"canary-1"}, SharedKeys: map[string]string{"key": "canary-2"}, SessionKeys: [][]byte{[]byte("canary-3 canary-3")},
		PublicURL: "https://canary:canary@calls.example.com", Handler: waiting,
	})
	require.NoError(t, err)
	var text bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&text, verb+verb, srv, struct{ S *voice.Server }{srv})
	}
	slog.New(slog.NewTextHandler(&text, nil)).Info("", "server", srv)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("", "server", srv)
	require.NotContains(t, text.String(), "canary")
	require.NotContains(t, text.String(), "99 97 110 97 114 121") // canary
	require.NotContains(t, text.String(), "63616e617279")
	require.Contains(t, text.String(), "calls.example.com")
}
