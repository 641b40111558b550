package main

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestTwoInstancesShareOneCall has the stream of a call on one instance and its
// callback on the other, and then the stream's token used again on the other.
func TestTwoInstancesShareOneCall(t *testing.T) {
	redis := startRedis(t)
	var finished atomic.Int32
	var apps []*app
	for range 2 {
		c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL,
			"STT=off", "REDIS_URL="+redis))
		require.NoError(t, err)
		c.storeWait = patience
		a, err := newApp(t.Context(), c, c.logger(io.Discard), &voice.Trace{CallFinished: func(voice.Info, string) { finished.Add(1) }})
		require.NoError(t, err)
		t.Cleanup(a.close)
		apps = append(apps, a)
	}
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/status") {
			apps[1].handler.ServeHTTP(w, r)
			return
		}
		apps[0].handler.ServeHTTP(w, r)
	}))
	call := tw.Dial("+14155550100", "+14155550199")
	require.Eventually(t, func() bool { return apps[0].voice.Stats().ActiveCalls == 1 }, patience, tick)

	replay := voicetest.New(t, apps[1].handler).Dial("+14155550100", "+14155550199", voicetest.ReplayedStream(call.StreamURL()))
	replay.Wait(t.Context())
	require.Contains(t, replay.Warnings()[0].Text, "403")
	before := finished.Load() // the replaying call has ended as well

	call.HangUp()
	require.Eventually(t, func() bool { return apps[0].voice.Stats().Streams == 0 }, patience, tick)
	require.NoError(t, tw.Close()) // every callback has been answered
	require.EqualValues(t, 1, finished.Load()-before)
}
