package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestOffice places an outbound call through the fake REST API, sees it, and
// blocks a number, each with a token that may, and not with one that may not.
func TestOffice(t *testing.T) {
	reader, writer := admin.Generate(), admin.Generate()
	var handler http.Handler
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	c, err := configFromEnv(environment(
		"TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
		"TWILIO_ACCOUNT_SID="+voicetest.AccountSID, "TWILIO_API_KEY="+voicetest.APIKey, "TWILIO_API_SECRET="+voicetest.APISecret,
		"TWILIO_NUMBER=+14155550199", "OUTBOUND_COUNTRIES=US", "OUTBOUND_CAPS=*=10/8", "OUTBOUND_CPS=100",
		"ADMIN_TOKENS=reader="+reader+"@calls:read,writer="+writer,
	))
	require.NoError(t, err)
	c.restURL = tw.RESTURL()
	a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
	require.NoError(t, err)
	handler = a.handler

	ask := func(method, path, token, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusUnauthorized, ask("GET", "/admin/calls", "", "").Code)
	require.Equal(t, http.StatusForbidden, ask("POST", "/admin/calls", reader, "").Code)

	form := url.Values{"to": {"+19005550100"}}.Encode()
	require.Equal(t, http.StatusForbidden, ask("POST", "/admin/calls", writer, form).Code, "a premium number")
	placed := ask("POST", "/admin/calls", writer, url.Values{"to": {"+14155550123"}}.Encode())
	require.Equal(t, http.StatusOK, placed.Code, placed.Body.String())
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.Equal(t, call.SID, strings.TrimSpace(placed.Body.String()))
	require.Eventually(t, func() bool { return strings.Contains(ask("GET", "/admin/calls", reader, "").Body.String(), call.SID) }, patience, tick)
	used := ask("POST", "/admin/calls", writer, url.Values{"to": {"+14155550124"}}.Encode())
	require.Equal(t, http.StatusTooManyRequests, used.Code, "five minutes of eight may yet be used")
	call.HangUp()
	require.Eventually(t, func() bool { // one was
		return ask("POST", "/admin/calls", writer, url.Values{"to": {"+14155550124"}}.Encode()).Code == http.StatusOK
	}, patience, tick)
	second, err := tw.Picked(t.Context())
	require.NoError(t, err)
	second.HangUp()

	require.Equal(t, http.StatusBadRequest, ask("PUT", "/admin/blocked", writer, "nonsense!").Code)
	require.Equal(t, http.StatusNoContent, ask("PUT", "/admin/blocked", writer, "+1900* sip:*").Code)
	require.Equal(t, http.StatusForbidden, ask("POST", "/admin/blocked", reader, "+14155550100").Code)
	require.Equal(t, http.StatusNoContent, ask("POST", "/admin/blocked", writer, "+14155550100").Code)
	require.Equal(t, "+14155550100\n+1900*\nsip:*\n", ask("GET", "/admin/blocked", writer, "").Body.String())
	refused := tw.Dial("+14155550100", "+14155550199")
	refused.Wait(t.Context())
	require.Contains(t, refused.TwiML().String(), "<Reject")
	require.NoError(t, a.voice.Shutdown(t.Context()))
}

// TestHistory: the office can read the decisions about a number, until it forgets them on
// demand or after HISTORY_DAYS.
func TestHistory(t *testing.T) {
	for days, want := range map[string]int{"30": 1, "0": 0} {
		token := admin.Generate()
		c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
			"ADMIN_TOKENS="+token, "BLOCKED_NUMBERS=+14155550101", "HISTORY_DAYS="+days))
		require.NoError(t, err)
		a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
		require.NoError(t, err)
		ask := func(method, path, form string) string {
			r := httptest.NewRequest(method, path, strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			a.handler.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code, w.Body.String())
			return w.Body.String()
		}
		tw := voicetest.New(t, a.handler)
		for _, from := range []string{"+14155550100", "+14155550101"} {
			tw.Dial(from, "+14155550199").HangUp()
		}
		require.Equal(t, 2*want, strings.Count(ask("GET", "/admin/history", ""), "\n"))
		blocked := ask("GET", "/admin/history?caller=%2B14155550101", "")
		require.Equal(t, want, strings.Count(blocked, `"reason":"blocked"`), blocked)
		require.Equal(t, strconv.Itoa(want)+"\n", ask("POST", "/admin/forget", "caller=%2B14155550101"))
		require.Empty(t, ask("GET", "/admin/history?caller=%2B14155550101", ""))
		require.NoError(t, a.voice.Shutdown(t.Context()))
		a.close()
	}
	_, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "HISTORY_DAYS=36500"))
	require.ErrorContains(t, err, "HISTORY_DAYS")
}

// TestBudgetSpent: once the calls have cost the budget, none is placed, and
// callers are answered as before.
func TestBudgetSpent(t *testing.T) {
	token := admin.Generate()
	var handler http.Handler
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	c, err := configFromEnv(environment(
		"TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
		"TWILIO_ACCOUNT_SID="+voicetest.AccountSID, "TWILIO_API_KEY="+voicetest.APIKey, "TWILIO_API_SECRET="+voicetest.APISecret,
		"TWILIO_NUMBER=+14155550199", "OUTBOUND_COUNTRIES=US", "ADMIN_TOKENS="+token, "METRICS_ADDR=public",
		"BUDGET=0.05", "RATES=inbound=0.01,outbound=0.06,recording=1000,stt=1000", // neither recorded nor transcribed
	))
	require.NoError(t, err)
	c.restURL = tw.RESTURL()
	a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
	require.NoError(t, err)
	handler = a.handler
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, r)
		return w
	}
	ended := func(call *voicetest.Call, series string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(ask("GET", "/admin/calls", "").Body.String(), call.SID) }, patience, tick)
		call.HangUp()
		require.Eventually(t, func() bool {
			return strings.Contains(ask("GET", "/metrics", "").Body.String(), "\n"+series+"\n")
		}, patience, tick, series)
	}
	form := url.Values{"to": {"+14155550123"}}.Encode()

	ended(tw.Dial("+14155550100", "+14155550199"), `twilio_cost_dollars_total{direction="inbound"} 0.01`)
	require.Equal(t, http.StatusOK, ask("POST", "/admin/calls", form).Code, "a fifth is spent")
	placed, err := tw.Picked(t.Context())
	require.NoError(t, err)
	ended(placed, `twilio_cost_dollars_total{direction="outbound"} 0.06`)
	refused := ask("POST", "/admin/calls", form)
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Contains(t, refused.Body.String(), "budget of this month is spent")
	ended(tw.Dial("+14155550101", "+14155550199"), `twilio_cost_dollars_total{direction="inbound"} 0.02`)
	require.Contains(t, ask("GET", "/metrics", "").Body.String(), "\ntwilio_budget_dollars 0.05\n")
	require.NoError(t, a.voice.Shutdown(t.Context()))
}

// TestGuessesBehindProxy: strangers who guess tokens are slowed, not whoever comes
// through the same proxy or from the machine itself, and nobody who has a right one.
func TestGuessesBehindProxy(t *testing.T) {
	token := admin.Generate()
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
		"TRUSTED_PROXIES=192.0.2.0/24", "ADMIN_TOKENS="+token))
	require.NoError(t, err)
	a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
	require.NoError(t, err)
	ask := func(client, token string) int {
		r := httptest.NewRequest(http.MethodGet, "/admin/calls", nil) // httptest's peer is 192.0.2.1
		if client != "" {
			r.Header.Set("X-Forwarded-For", client)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, r)
		return w.Code
	}
	for range 10 {
		require.Equal(t, http.StatusUnauthorized, ask("198.51.100.7", admin.Generate()))
	}
	require.Equal(t, http.StatusTooManyRequests, ask("198.51.100.7", admin.Generate()))
	require.Equal(t, http.StatusUnauthorized, ask("203.0.113.9", admin.Generate()))
	require.Equal(t, http.StatusOK, ask("198.51.100.7", token))
	require.Equal(t, http.StatusOK, ask("203.0.113.9", token))
	require.Equal(t, http.StatusOK, ask("", token))
	require.NoError(t, a.voice.Shutdown(t.Context()))
}
