package voice_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// tape records the webhooks that a handler gets, as who reads a proxy's log can.
type tape struct {
	http.Handler
	mu       sync.Mutex
	recorded map[string]*http.Request // the last one by the end of its path
	bodies   map[string][]byte
}

func record(h http.Handler) *tape {
	return &tape{Handler: h, recorded: map[string]*http.Request{}, bodies: map[string][]byte{}}
}

func (t *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		name := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/voice/twilio/"), "/")[0]
		t.mu.Lock()
		t.recorded[name], t.bodies[name] = r, body
		t.mu.Unlock()
	}
	t.Handler.ServeHTTP(w, r)
}

// replay sends a recorded webhook to h and returns the answer.
func (t *tape) replay(tb testing.TB, name string, h http.Handler) string {
	tb.Helper()
	t.mu.Lock()
	original := t.recorded[name]
	require.NotNil(tb, original, "no %s was recorded", name)
	r := original.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(t.bodies[name]))
	t.mu.Unlock()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Less(tb, w.Code, 300)
	return w.Body.String()
}

const hangup = `<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`

// polled is a policy that allows every call, or challenges it, and counts the questions.
type polled struct {
	line
	verdict policy.Verdict
	times   atomic.Int32
}

func (p *polled) Decide(context.Context, policy.Call) policy.Decision {
	p.times.Add(1)
	return policy.Decision{Verdict: p.verdict}
}

// TestReplayedWebhookOfEndedCall: who has recorded a webhook gets no place, no token and
// no question with it, whatever ended the call.
func TestReplayedWebhookOfEndedCall(t *testing.T) {
	returning := voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })
	for name, test := range map[string]struct {
		handler voice.Handler
		verdict policy.Verdict
		options []voicetest.Option
		silent  bool // no status callback comes
	}{
		"hung up":          {handler: waiting, verdict: policy.Allow},
		"without callback": {handler: waiting, verdict: policy.Allow, silent: true},
		"returned":         {handler: returning, verdict: policy.Allow, silent: true},
		"no stream":        {handler: waiting, verdict: policy.Reject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			p := &polled{verdict: test.verdict}
			_, mux := newHost(t, voice.Config{Handler: test.handler, Policy: p, Trace: l.trace()})
			tape := record(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !test.silent || !strings.HasSuffix(r.URL.Path, "/status") {
					mux.ServeHTTP(w, r)
				}
			}))
			tw := voicetest.New(t, tape)
			call := tw.Dial(caller, callee, test.options...)
			if test.verdict == policy.Allow {
				require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
				call.HangUp()
				l.ends(t, 1)
			}
			require.NoError(t, tw.Close())
			finished := len(l.finished)
			for range 3 {
				require.Equal(t, hangup, tape.replay(t, "inbound", mux))
			}
			require.EqualValues(t, 1, p.times.Load(), "the policy was asked")
			if !test.silent {
				require.Empty(t, tape.replay(t, "status", mux))
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			require.Len(t, l.finished, finished, "counted again")
		})
	}
}

// TestReplayedWebhookOfRefusedCall: a retry is refused as the first delivery was, and a
// webhook that is sent again later asks nobody, although the caller might be taken then.
func TestReplayedWebhookOfRefusedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &polled{verdict: policy.Reject}
		srv, err := voice.New(fine(func(c *voice.Config) { c.Policy = p }))
		require.NoError(t, err)
		webhook := func() string {
			const target = voicetest.PublicURL + "/api/voice/twilio/inbound"
			form := url.Values{"CallSid": {"CA0123456789abcdef0123456789abcdef"}, "AccountSid": {voicetest.AccountSID}, "CallStatus": {"ringing"}}
			r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
			r.RequestURI = "/api/voice/twilio/inbound"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, target, form))
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, r)
			return w.Body.String()
		}
		first := webhook()
		require.Contains(t, first, "<Reject/>")
		require.Equal(t, first, webhook(), "a retry")
		p.verdict = policy.Allow
		time.Sleep(time.Hour)
		require.Equal(t, hangup, webhook())
		require.EqualValues(t, 1, p.times.Load())
		time.Sleep(24 * time.Hour)
		require.Contains(t, webhook(), "<Connect>", "nobody remembers for ever")
	})
}

// TestReplaysDoNotFillTheLog: a signed request writes a line only so often.
func TestReplaysDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		srv, err := voice.New(fine(func(c *voice.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }))
		require.NoError(t, err)
		const path = "/api/voice/twilio/inbound?CallSid=CA0123456789abcdef0123456789abcdef"
		for range 1000 {
			r := httptest.NewRequest(http.MethodGet, voicetest.PublicURL+path, nil)
			r.RequestURI = path
			r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, voicetest.PublicURL+path, nil))
			srv.ServeHTTP(httptest.NewRecorder(), r)
		}
		require.Equal(t, 100, strings.Count(log.String(), "HTTP POST"))
	})
}

// TestReplayedAnswerOfEndedCall: nor has who recorded the answer to a challenge.
func TestReplayedAnswerOfEndedCall(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: waiting, Policy: &polled{verdict: policy.Challenge}, Trace: l.trace()})
	tape := record(mux)
	tw := voicetest.New(t, tape)
	call := tw.Dial(caller, callee)
	_, digits := asked(t, call.TwiML().String())
	require.NoError(t, call.Digits(digits))
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	call.HangUp()
	l.ends(t, 1)
	require.NoError(t, tw.Close())
	require.Equal(t, hangup, tape.replay(t, "challenge", mux))
	require.Equal(t, hangup, tape.replay(t, "inbound", mux))
}

// TestReplayOnAnotherInstance: each knows which calls ended on the others.
func TestReplayOnAnotherInstance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		board *board
		knows bool
	}{
		"shared":     {newBoard(), true},
		"not shared": {nil, false},
		"store away": {&board{away: func() bool { return true }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			servers, handlers := instances(t, &l, test.board)
			tape := record(spread(handlers...))
			tw := voicetest.New(t, tape)
			call := tw.Dial(caller, callee)
			require.Eventually(t, func() bool { return servers[1].Stats().ActiveCalls == 1 }, patience, time.Millisecond)
			call.HangUp()
			l.ends(t, 1)
			require.NoError(t, tw.Close())
			for i, handler := range handlers[:2] { // the first gave the first answer, the second had the stream
				knows := test.knows || i == 1
				require.Equal(t, knows, tape.replay(t, "inbound", handler) == hangup, "instance %d", i)
			}
		})
	}
}

// TestCallThatComesBackIsNoReplay: a host that takes the call elsewhere by REST of its own
// can lead it back, and a retried webhook of a call that is up gets its answer again.
func TestCallThatComesBackIsNoReplay(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace(), Store: newBoard().store(t)})
	tape := record(mux)
	tw := voicetest.New(t, tape)
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	require.Contains(t, tape.replay(t, "inbound", mux), "<Connect>", "a retry")

	back := twiml.New(&twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?nobody=1"})
	require.NoError(t, restClient(t, tw).Update(t.Context(), call.SID, back.String()))
	require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond)
	call.HangUp()
	require.NoError(t, tw.Close())
	require.Equal(t, hangup, tape.replay(t, "inbound", mux), "in-progress, and over")
	l.ends(t, 2)
}
