package deepgram_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/stttest"
)

// The service hangs up ten seconds after the last message, and a call may send
// no audio for longer.
func TestKeepAlive(t *testing.T) {
	server := fakestt.NewDeepgram(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		e, err := deepgram.New(deepgram.Options{URL: server.URL, Key: key, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		for range 3 {
			time.Sleep(time.Minute)
			stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		require.Equal(t, []string{"one", "one", "one"}, stttest.Finals(stttest.Drain(t, s)))
		require.Equal(t, 1, server.Connections())
		require.Contains(t, server.Messages(), `{"type":"KeepAlive"}`)
		require.LessOrEqual(t, len(server.Messages()), 3*60/4+2, "not more than needed")
	})
}
