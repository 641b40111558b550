package voice_test

import (
	"bytes"
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
