package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/voice/voicetest"
)

// ask sends an instance a request with the token.
func (a *app) ask(method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w
}

// TestOneOfficeForAllInstances: what is blocked, limited and dialled on one instance holds on
// the other, and minutes come back whichever of them hears of a call's end.
func TestOneOfficeForAllInstances(t *testing.T) {
	token := admin.Generate()
	redis := startRedis(t)
	var apps []*app
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := 0
		if strings.HasSuffix(r.URL.Path, "/status") {
			i = 1
		}
		apps[i].handler.ServeHTTP(w, r)
	}))
	for range 2 {
		c, err := configFromEnv(environment(
			"TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "REDIS_URL="+redis, "CALLS_PER_HOUR_LIMIT=1",
			"TWILIO_ACCOUNT_SID="+voicetest.AccountSID, "TWILIO_API_KEY="+voicetest.APIKey, "TWILIO_API_SECRET="+voicetest.APISecret,
			"TWILIO_NUMBER=+14155550199", "OUTBOUND_COUNTRIES=US", "OUTBOUND_CAPS=*=10/6", "OUTBOUND_CPS=100", "ADMIN_TOKENS="+token, "METRICS_ADDR=public",
		))
		require.NoError(t, err)
		c.restURL, c.storeWait = tw.RESTURL(), patience
		a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
		require.NoError(t, err)
		t.Cleanup(a.close)
		apps = append(apps, a)
	}
	one, other := apps[0], apps[1]

	forgotten := func(a *app) bool {
		return a.ask("GET", "/admin/history?caller=%2B14155550777", token, "").Body.Len() == 0
	}
	his := policy.Call{From: "+14155550777"}
	other.limits.history.Remember(his, policy.Decision{})
	require.Equal(t, "0\n", one.ask("POST", "/admin/forget", token, "caller=%2B14155550777").Body.String(), "it was there alone")
	require.Eventually(t, func() bool { return forgotten(other) }, patience, tick)
	other.limits.history.Remember(his, policy.Decision{}) // he calls again
	require.Equal(t, http.StatusOK, one.ask("POST", "/admin/forget", token, "caller=%2B14155550778").Code)
	require.Eventually(t, func() bool {
		other.limits.forgets.mu.Lock()
		defer other.limits.forgets.mu.Unlock()
		return len(other.limits.forgets.done) == 2
	}, patience, tick)
	require.False(t, forgotten(other), "whom nobody wants to be forgotten since")
	require.Equal(t, http.StatusBadRequest, one.ask("POST", "/admin/forget", token, "caller=%2B1%0a2").Code)

	require.Equal(t, http.StatusNoContent, one.ask("POST", "/admin/blocked", token, "+14155550666").Code)
	require.Equal(t, http.StatusNoContent, other.ask("POST", "/admin/blocked", token, "+14155550667").Code)
	require.Eventually(t, func() bool {
		return one.ask("GET", "/admin/blocked", token, "").Body.String() == "+14155550666\n+14155550667\n"
	}, patience, tick)
	refused := tw.Dial("+14155550667", "+14155550199")
	require.NoError(t, refused.Wait(t.Context()))
	require.Contains(t, refused.TwiML().String(), "<Reject")

	require.Equal(t, http.StatusBadRequest, other.ask("POST", "/admin/limits", token, "+14155550100=many").Code)
	require.Equal(t, http.StatusNoContent, other.ask("POST", "/admin/limits", token, "+14155550100=2").Code)
	require.Eventually(t, func() bool { return one.ask("GET", "/admin/limits", token, "").Body.String() == "+14155550100=2\n" }, patience, tick)
	for i := range 3 {
		call := tw.Dial("+14155550100", "+14155550199", voicetest.Unsigned(voicetest.Handshake))
		call.Wait(t.Context())
		require.Equal(t, i < 2, call.StreamURL() != "", "call %d of 2", i+1)
	}

	dial := func(a *app) int {
		return a.ask("POST", "/admin/calls", token, url.Values{"to": {"+14155550123"}}.Encode()).Code
	}
	require.Equal(t, http.StatusOK, dial(one))
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return one.voice.Stats().ActiveCalls == 1 }, patience, tick)
	require.Equal(t, http.StatusTooManyRequests, dial(other), "five minutes of six may yet be used")
	call.HangUp()
	require.Eventually(t, func() bool { return dial(other) == http.StatusOK }, patience, tick, "one was")
	second, err := tw.Picked(t.Context())
	require.NoError(t, err)
	second.HangUp()
	require.NoError(t, tw.Close())
	for _, a := range apps {
		require.NoError(t, a.voice.Shutdown(t.Context()))
	}
}

// TestStoreShows whether it answers: in health, readiness and metrics, also when it never did.
func TestStoreShows(t *testing.T) {
	for name, test := range map[string]struct {
		store, ready, health, series string
	}{
		"none":           {"", "ok\n", `"store":"off"`, ""},
		"a Redis":        {"REDIS_URL=" + startRedis(t), "ok\n", `"store":"up"`, "\ntwilio_store_up 1\n"},
		"an absent one":  {"REDIS_URL=redis://127.0.0.1:1", "ok\nstore is away", `"store":"away"`, "\ntwilio_store_up 0\n"},
		"a cluster away": {"REDIS_URL=redis+cluster://127.0.0.1:1", "ok\nstore is away", `"store":"away"`, "\ntwilio_store_up 0\n"},
		"NATS away":      {"NATS_URL=nats://127.0.0.1:1", "ok\nstore is away", `"store":"away"`, "\ntwilio_store_up 0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "METRICS_ADDR=public", test.store))
			require.NoError(t, err)
			a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
			require.NoError(t, err)
			defer a.close()
			require.Eventually(t, func() bool {
				w := a.ask("GET", "/readyz", "", "")
				return w.Code == http.StatusOK && strings.HasPrefix(w.Body.String(), test.ready)
			}, patience, tick)
			health := a.ask("GET", "/api/voice/health", "", "")
			require.Equal(t, http.StatusOK, health.Code)
			require.Contains(t, health.Body.String(), test.health)
			require.Contains(t, a.ask("GET", "/metrics", "", "").Body.String(), test.series)
			require.NoError(t, a.voice.Shutdown(t.Context()))
		})
	}
}
