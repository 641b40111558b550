package voice_test

import (
	"bytes"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestReportOnly: calls whose signatures do not hold are answered, and it is known which
// would have been refused. Without ReportOnly they are refused.
func TestReportOnly(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{true, false} {
		var refused atomic.Int32
		var log bytes.Buffer
		_, mux := newHost(t, voice.Config{
			Handler: waiting, ReportOnly: only, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Trace: &voice.Trace{Signature: func(r signature.Result) {
				if r.Reason == signature.ReasonMismatch {
					refused.Add(1)
				}
			}},
		})
		require.Equal(t, only, bytes.Contains(log.Bytes(), []byte("ReportOnly is set")))
		tw := voicetest.New(t, mux)
		call := tw.Dial(caller, callee, voicetest.WrongSignature())
		if only {
			require.NoError(t, call.Listen(0))
			call.HangUp()
			require.NoError(t, call.Wait(t.Context()))
			require.EqualValues(t, 3, refused.Load(), "webhook, handshake and callback")
		} else {
			require.ErrorContains(t, call.Wait(t.Context()), "403")
		}
		require.NoError(t, tw.Close())
	}
}
