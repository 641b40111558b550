package voice_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// place has the host place a call with asynchronous machine detection, and returns it.
func place(t *testing.T, tw *voicetest.Twilio) *voicetest.Call {
	t.Helper()
	rest, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: voicetest.APISecret, BaseURL: tw.RESTURL()})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = rest.Create(ctx, twiliorest.Outbound{
		From: callee, To: caller, URL: voicetest.PublicURL + "/api/voice/twilio/inbound", StatusCallback: voicetest.PublicURL + "/api/voice/twilio/status",
		MachineDetection: "DetectMessageEnd", DetectionCallback: voicetest.PublicURL + "/api/voice/twilio/amd",
	})
	require.NoError(t, err)
	call, err := tw.Picked(ctx)
	require.NoError(t, err)
	return call
}

// TestDetectedReachesTheCall: the callback lands on the instance of the call or on another,
// before the stream begins or after, while the store is up or away.
func TestDetectedReachesTheCall(t *testing.T) {
	for name, test := range map[string]struct {
		elsewhere, early, away bool
	}{
		"here":                 {},
		"here, early":          {early: true},
		"elsewhere":            {elsewhere: true},
		"elsewhere, early":     {elsewhere: true, early: true},
		"elsewhere, when back": {elsewhere: true, away: true},
		"here, while away":     {away: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var away atomic.Bool
			away.Store(test.away)
			b := newBoard()
			b.away = away.Load
			heard, opened := make(chan string, 10), make(chan struct{})
			config := voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for e := range call.Events(ctx) {
					if e.AnsweredBy != "" {
						heard <- e.AnsweredBy
					}
				}
				return nil
			})}
			var hosts []http.Handler
			for range 2 {
				config.Store = b.store(t)
				_, mux := newHost(t, config)
				hosts = append(hosts, mux)
			}
			tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/stream/") {
					<-opened
				}
				if test.elsewhere && strings.HasSuffix(r.URL.Path, "/amd") {
					hosts[1].ServeHTTP(w, r)
					return
				}
				hosts[0].ServeHTTP(w, r)
			}))
			call := place(t, tw)
			if !test.early {
				close(opened)
				require.NoError(t, call.Listen(0))
			}
			require.NoError(t, call.Detected("machine_end_beep"))
			if test.early {
				close(opened)
			}
			if test.away && test.elsewhere {
				away.Store(false)
			}
			require.Equal(t, "machine_end_beep", next(t, heard))
			require.NoError(t, call.Detected("human")) // repeated, and not what it was
			call.HangUp()
			require.NoError(t, tw.Close())
			require.Empty(t, heard, "once")
			require.Empty(t, call.Warnings())
		})
	}
}

// TestDetectedIsSigned: a callback of machine detection without a signature, or without
// AnsweredBy, is refused.
func TestDetectedIsSigned(t *testing.T) {
	_, mux := newHost(t, voice.Config{Handler: waiting})
	for _, test := range []struct {
		form   url.Values
		signed bool
		want   int
	}{
		{url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "AnsweredBy": {"human"}}, false, http.StatusForbidden},
		{url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "AnsweredBy": {"human"}}, true, http.StatusNoContent},
		{url.Values{"CallSid": {"CA00000000000000000000000000000001"}}, true, http.StatusBadRequest},
		{url.Values{"AnsweredBy": {"human"}}, true, http.StatusBadRequest},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/voice/twilio/amd", strings.NewReader(test.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if test.signed {
			r.Header.Set(signature.Header, signature.Sign(voicetest.AuthToken, voicetest.PublicURL+"/api/voice/twilio/amd", test.form))
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		require.Equal(t, test.want, w.Code, "%v", test.form)
	}
}
