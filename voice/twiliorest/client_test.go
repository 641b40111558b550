package twiliorest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

const (
	alice   = "+14155550100"
	us      = "+14155550199"
	callSID = "CA0123456789abcdef0123456789abcdef"
	waiting = `<Response><Gather timeout="600"/></Response>`
)

// host answers every webhook with TwiML.
func host(twiml string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, twiml)
	})
}

func client(t testing.TB, o twiliorest.Options) *twiliorest.Client {
	o.AccountSID = voicetest.AccountSID
	if o.AuthToken == "" {
		o.APIKey, o.APISecret = voicetest.APIKey, voicetest.APISecret
	}
	c, err := twiliorest.New(o)
	require.NoError(t, err)
	return c
}

// failing serves answers one after the other, the last one for ever, and counts.
func failing(t testing.TB, answers ...func(http.ResponseWriter, *http.Request)) (url string, count *atomic.Int64) {
	count = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(count.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, count
}

func twilioError(status, code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]any{"status": status, "code": code, "message": "no"})
	}
}

func plain(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestHangUpEndsTheCallOnceAndForAll(t *testing.T) {
	tw := voicetest.New(t, host(waiting))
	for _, o := range []twiliorest.Options{{BaseURL: tw.RESTURL()}, {BaseURL: tw.RESTURL(), AuthToken: voicetest.AuthToken}} {
		c := client(t, o)
		call := tw.Dial(alice, us)
		require.NoError(t, c.HangUp(t.Context(), call.SID))
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, "completed", call.Status())
		require.NoError(t, c.HangUp(t.Context(), call.SID), "the call is over")
		require.NoError(t, c.HangUp(t.Context(), callSID), "there is no such call")
	}
}

func TestUpdateReplacesTheDocument(t *testing.T) {
	tw := voicetest.New(t, host(waiting))
	c := client(t, twiliorest.Options{BaseURL: tw.RESTURL()})
	call := tw.Dial(alice, us)
	require.NoError(t, c.Update(t.Context(), call.SID, `<Response><Say>Goodbye &amp; thanks</Say></Response>`))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Goodbye & thanks"}, call.Said())

	var e *twiliorest.Error
	require.ErrorAs(t, c.Update(t.Context(), call.SID, waiting), &e)
	require.Equal(t, twiliorest.CodeNotInProgress, e.Code)
	require.True(t, e.CallEnded())
	require.Equal(t, call.SID, e.CallSID)
	require.ErrorIs(t, c.Update(t.Context(), call.SID, strings.Repeat("ü", 4001)), twiliorest.ErrTooLong)
	require.ErrorIs(t, c.Update(t.Context(), "CA/../../x", waiting), twiliorest.ErrCallSID)
}

func TestCreatePlacesACall(t *testing.T) {
	tw := voicetest.New(t, host(`<Response><Say>Hello</Say></Response>`))
	c := client(t, twiliorest.Options{BaseURL: tw.RESTURL()})
	sid, err := c.Create(t.Context(), twiliorest.Outbound{
		From: us, To: alice, URL: voicetest.PublicURL + "/out", TimeLimit: 90 * time.Second,
		StatusCallback: voicetest.PublicURL + "/status", Events: []string{"initiated", "answered", "completed"},
	})
	require.NoError(t, err)
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.Equal(t, sid, call.SID)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Hello"}, call.Said())
}

func TestEveryMistakeInTheOptionsIsReported(t *testing.T) {
	_, err := twiliorest.New(twiliorest.Options{AccountSID: "AC1", APIKey: "S K", BaseURL: "api.twilio.com", Timeout: -1})
	for _, want := range []string{"AccountSID", "APIKey", "BaseURL", "Timeout"} {
		require.ErrorContains(t, err, want)
	}
	_, err = twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID})
	require.ErrorContains(t, err, "neither APIKey nor AuthToken")
	_, err = twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: "SK1"})
	require.ErrorContains(t, err, "APISecret")
	_, err = twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, AuthToken: "a\nbc"})
	require.ErrorContains(t, err, "AuthToken")
}

func TestRetries(t *testing.T) {
	ok := plain(200, `{"sid":"`+callSID+`"}`)
	cases := map[string]struct {
		answers              []func(http.ResponseWriter, *http.Request)
		hangUp, create       int // requests made
		hangUpErr, createErr bool
	}{
		"rate limit":         {[]func(http.ResponseWriter, *http.Request){twilioError(429, 20429), ok}, 2, 2, false, false},
		"rate limit stays":   {[]func(http.ResponseWriter, *http.Request){twilioError(429, 20429)}, 3, 3, true, true},
		"server error":       {[]func(http.ResponseWriter, *http.Request){plain(503, "busy"), ok}, 2, 1, false, true},
		"connection lost":    {[]func(http.ResponseWriter, *http.Request){abort, ok}, 2, 1, false, true},
		"not allowed":        {[]func(http.ResponseWriter, *http.Request){twilioError(401, 20003)}, 1, 1, true, true},
		"redirect":           {[]func(http.ResponseWriter, *http.Request){plain(302, "")}, 1, 1, true, true},
		"answer not read":    {[]func(http.ResponseWriter, *http.Request){plain(200, "???")}, 1, 1, false, true},
		"answer names none":  {[]func(http.ResponseWriter, *http.Request){plain(201, "{}")}, 1, 1, false, true},
		"call is over":       {[]func(http.ResponseWriter, *http.Request){twilioError(400, 21220)}, 1, 1, false, true},
		"call is not there":  {[]func(http.ResponseWriter, *http.Request){twilioError(404, 20404)}, 1, 1, false, true},
		"404 without reason": {[]func(http.ResponseWriter, *http.Request){plain(404, "nothing")}, 1, 1, false, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, count := failing(t, tc.answers...)
			c := client(t, twiliorest.Options{BaseURL: url})
			err := c.HangUp(t.Context(), callSID)
			require.Equal(t, tc.hangUpErr, err != nil, "%v", err)
			require.EqualValues(t, tc.hangUp, count.Load())

			url, count = failing(t, tc.answers...)
			c = client(t, twiliorest.Options{BaseURL: url})
			sid, err := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: waiting})
			require.Equal(t, tc.createErr, err != nil, "%v", err)
			require.EqualValues(t, tc.create, count.Load())
			require.Equal(t, tc.createErr, sid == "")
		})
	}
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestContextAndTimeoutEndARequest(t *testing.T) {
	release := make(chan struct{})
	url, count := failing(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })

	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- client(t, twiliorest.Options{BaseURL: url}).HangUp(ctx, callSID) }()
	require.Eventually(t, func() bool { return count.Load() == 1 }, 20*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	require.EqualValues(t, 1, count.Load())

	var tries atomic.Int64 // also those that do not reach the server in time
	err := client(t, twiliorest.Options{BaseURL: url, Timeout: 20 * time.Millisecond, Transport: transport(func(r *http.Request) (*http.Response, error) {
		tries.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	})}).HangUp(t.Context(), callSID)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualValues(t, 3, tries.Load())
}

func TestConnectionsAreGivenBackAfterErrors(t *testing.T) {
	var dialed atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(twilioError(401, 20003)))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dialed.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := client(t, twiliorest.Options{BaseURL: s.URL})
	for range 10 {
		require.Error(t, c.HangUp(t.Context(), callSID))
	}
	require.EqualValues(t, 1, dialed.Load())
}

func TestSecretsAreNowhere(t *testing.T) {
	url, _ := failing(t, twilioError(401, 20003))
	o := twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: "topsecretA", AuthToken: "topsecretB", BaseURL: url}
	c, err := twiliorest.New(o)
	require.NoError(t, err)
	failed := c.HangUp(t.Context(), callSID)
	require.Error(t, failed)
	o.BaseURL = "https://user:topsecret@example.com/?token=topsecret"
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%c", "%U", "%08.3f"} {
		for _, v := range []any{o, &o, c, *c, struct{ C *twiliorest.Client }{c}, struct{ O twiliorest.Options }{o}, []twiliorest.Options{o}, failed} {
			text := fmt.Sprintf(format, v)
			require.NotContains(t, text, "topsecret")
			require.NotContains(t, strings.ToLower(text), "746f70736563726574")
		}
	}
	require.NotContains(t, o.LogValue().String(), "topsecret")
	data, err := json.Marshal(o)
	require.NoError(t, err)
	require.NotContains(t, string(data), "topsecret")
	require.NotPanics(t, func() { _ = fmt.Sprint((*twiliorest.Client)(nil)) })
}

func TestTheEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "dublin")
	t.Setenv("TWILIO_REGION", "ie1")
	hosts := make(chan string, 1)
	c := client(t, twiliorest.Options{Transport: transport(func(r *http.Request) (*http.Response, error) {
		hosts <- r.URL.Host
		return nil, http.ErrHandlerTimeout
	}), Timeout: time.Second})
	_, err := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: waiting})
	require.ErrorIs(t, err, http.ErrHandlerTimeout)
	require.Equal(t, "api.twilio.com", <-hosts)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorsSayWhatFailedAndWhy(t *testing.T) {
	var _ interface {
		HangUp(ctx context.Context, callSID string) error
	} = (*twiliorest.Client)(nil)
	for want, e := range map[string]*twiliorest.Error{
		"twiliorest: hang up CA1: Authenticate (error 20003, HTTP 401)": {Op: "hang up", CallSID: "CA1", Status: 401, Code: 20003, Message: "Authenticate"},
		"twiliorest: create call: HTTP 503: EOF":                        {Op: "create call", Status: 503, Err: io.EOF},
		"twiliorest: hang up CA1: HTTP 400: Bad request":                {Op: "hang up", CallSID: "CA1", Status: 400, Message: "Bad request"},
		"twiliorest: hang up CA1: HTTP 404: no reason given":            {Op: "hang up", CallSID: "CA1", Status: 404},
		"twiliorest: hang up CA1: no reason given (error 1, HTTP 400)":  {Op: "hang up", CallSID: "CA1", Status: 400, Code: 1},
		"twiliorest: hang up: no reason given":                          {Op: "hang up"},
		"twiliorest: update CA1: context canceled":                      {Op: "update", CallSID: "CA1", Err: context.Canceled},
	} {
		require.EqualError(t, e, want)
	}
}
