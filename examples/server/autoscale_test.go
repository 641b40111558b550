package main

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// TestAutoscale: either of two instances tells a scaler of all calls, and neither a number
// that it does not know.
func TestAutoscale(t *testing.T) {
	m := startInstances(t, 0) // Redis alone
	var apps []*app
	for range 2 {
		c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
			"METRICS_ADDR=public", "REDIS_URL=redis://127.0.0.1:"+m.port, "MAX_CONCURRENT_CALLS=7"))
		require.NoError(t, err)
		c.storeWait = patience
		a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
		require.NoError(t, err)
		t.Cleanup(a.close)
		apps = append(apps, a)
	}
	told := func(a *app) (l load) {
		w := a.ask(http.MethodGet, "/autoscale", "", "")
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &l))
		return l
	}
	require.Equal(t, load{Limit: 7}, told(apps[0]))
	var calls []*voicetest.Call
	for i, caller := range []string{"+14155550100", "+14155550101", "+14155550102"} {
		calls = append(calls, voicetest.New(t, apps[min(i, 1)].handler).Dial(caller, "+14155550199"))
	}
	require.Eventually(t, func() bool { return told(apps[0]) == load{Value: 3, Limit: 7, Calls: 1} }, 6*patience, tick)
	require.Eventually(t, func() bool { return told(apps[1]) == load{Value: 3, Limit: 7, Calls: 2} }, 6*patience, tick)
	for _, call := range calls {
		call.HangUp()
	}
	require.Eventually(t, func() bool { return told(apps[1]).Value == 0 }, 6*patience, tick)

	require.NoError(t, m.redis.Process.Kill())
	require.Eventually(t, func() bool {
		return apps[0].ask(http.MethodGet, "/autoscale", "", "").Code == http.StatusServiceUnavailable
	}, 6*patience, 100*time.Millisecond)

	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "METRICS_ADDR=public", "MAX_CONCURRENT_CALLS=0"))
	require.NoError(t, err)
	unlimited, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
	require.NoError(t, err)
	defer unlimited.close()
	require.Equal(t, http.StatusNotImplemented, unlimited.ask(http.MethodGet, "/autoscale", "", "").Code)
}
