package voice_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// menuHost is a host with a menu before the stream: key 1 leads to the handler, 2 to a
// person, which is billed.
func menuHost(t testing.TB, config voice.Config) (srv *voice.Server, h http.Handler) {
	srv, mux := newHost(t, config)
	mux.Handle("POST /menu", srv.Admitted(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		twiml.Respond(w, &twiml.Gather{NumDigits: 1, Action: voicetest.PublicURL + "/chosen", Verbs: []twiml.Audible{&twiml.Say{Text: "the menu"}}})
	})))
	mux.Handle("POST /chosen", srv.Verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("Digits") == "1" {
			twiml.Respond(w, &twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?topic=room"})
			return
		}
		twiml.Respond(w, &twiml.Dial{Number: "+14155550123"})
	})))
	return srv, mux
}

func menuTwilio(t *testing.T, h http.Handler) *voicetest.Twilio {
	return voicetest.New(t, h, voicetest.Config{InboundPath: "/menu"})
}

// TestAdmittedRefuses: who may not call hears no menu, and the log, the hooks and the
// counts say so.
func TestAdmittedRefuses(t *testing.T) {
	blocked, err := policy.NewNumbers(caller)
	require.NoError(t, err)
	var log bytes.Buffer
	var decisions []policy.Decision
	_, h := menuHost(t, voice.Config{
		Handler: waiting, Policy: policy.Blocked(blocked), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Trace: &voice.Trace{Decision: func(_ voice.Info, d policy.Decision) { decisions = append(decisions, d) }},
	})
	call := menuTwilio(t, h).Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, call.Said())
	require.Contains(t, call.TwiML().String(), "<Reject/>")
	require.Equal(t, []policy.Decision{{Verdict: policy.Reject, Reason: policy.ReasonBlocked}}, decisions)
	require.Contains(t, log.String(), "Twilio inbound call from="+caller)
	require.Contains(t, log.String(), "Call refused from_number="+caller)
}

// TestAdmittedKeepsThePlace for as long as a call may last: its stream may come late, or never.
func TestAdmittedKeepsThePlace(t *testing.T) {
	leases := make(chan time.Duration, 1)
	_, h := menuHost(t, voice.Config{Handler: waiting, MaxDuration: 3 * time.Hour, Policy: policy.Func(func(_ context.Context, c policy.Call) policy.Decision {
		leases <- c.Lease
		return policy.Decision{Verdict: policy.Allow}
	})})
	menuTwilio(t, h).Dial(caller, callee)
	require.Equal(t, 3*time.Hour, next(t, leases))
}

// TestAdmittedIsOneDecision with the inbound route, on whichever instances the webhooks
// arrive: the policy is asked once, its second refusal does not count, and the call holds
// one place.
func TestAdmittedIsOneDecision(t *testing.T) {
	for name, b := range map[string]*board{"one instance": nil, "three instances": newBoard()} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			var decided atomic.Int32
			trace := l.trace().Join(&voice.Trace{Decision: func(voice.Info, policy.Decision) { decided.Add(1) }})
			var places *policy.Concurrency
			var handlers []http.Handler
			for range 3 {
				store := b.store(t)
				limit := policy.PerCaller(1, time.Hour, policy.CallerLimitOptions{Store: store})
				require.NoError(t, policy.Validate(limit))
				places = policy.Concurrent(1, policy.ConcurrencyOptions{Store: store})
				_, h := menuHost(t, voice.Config{Handler: waiting, Policy: policy.All(limit, places), Trace: trace, Store: store})
				if handlers = append(handlers, h); b == nil {
					break
				}
			}
			var next atomic.Int32
			tw := menuTwilio(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				handlers[int(next.Add(1))%len(handlers)].ServeHTTP(w, r)
			}))
			call := tw.Dial(caller, callee)
			require.Eventually(t, func() bool { return len(call.Said()) == 1 }, patience, time.Millisecond)
			require.Equal(t, 1, inUse(t, places))
			require.NoError(t, call.Digits("1"))
			require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
			require.EqualValues(t, 1, decided.Load())
			require.Equal(t, 1, inUse(t, places))
			call.HangUp()
			l.ends(t, 1)
			require.NoError(t, tw.Close())
			require.Eventually(t, func() bool { return inUse(t, places) == 0 }, patience, time.Millisecond)
		})
	}
}

// TestAdmittedChallenges: who passes comes back to the menu, on any instance.
func TestAdmittedChallenges(t *testing.T) {
	for name, digits := range map[string]func(string) string{
		"passed": func(right string) string { return right },
		"failed": wrong,
	} {
		t.Run(name, func(t *testing.T) {
			suspicious := policy.Func(func(context.Context, policy.Call) policy.Decision {
				return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
			})
			b := newBoard()
			var handlers []http.Handler
			for range 2 {
				_, h := menuHost(t, voice.Config{Handler: waiting, Policy: suspicious, Store: b.store(t)})
				handlers = append(handlers, h)
			}
			tw := menuTwilio(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h := handlers[0]
				if strings.Contains(r.URL.Path, "/challenge/") {
					h = handlers[1]
				}
				h.ServeHTTP(w, r)
			}))
			call := tw.Dial(caller, callee)
			for attempt := 1; attempt == 1 || name == "failed" && attempt == 2; attempt++ {
				require.Eventually(t, func() bool { return len(call.Said()) == attempt }, patience, time.Millisecond)
				_, right := asked(t, call.TwiML().String())
				require.NoError(t, call.Digits(digits(right)))
			}
			if name == "failed" {
				require.NoError(t, call.Wait(t.Context()))
				require.NotContains(t, call.Said(), "the menu")
				return
			}
			require.Eventually(t, func() bool { return len(call.Said()) == 2 }, patience, time.Millisecond)
			require.Equal(t, "the menu", call.Said()[1])
			call.HangUp()
		})
	}
}

// TestRefusalOfTheHost: a caller outside business hours gets to voicemail; what Twilio would
// not take is not sent.
func TestRefusalOfTheHost(t *testing.T) {
	never, err := policy.ParseHours("2001-01-01 closed", "UTC")
	require.NoError(t, err)
	voicemail := twiml.New(&twiml.Say{Text: "Leave a message."}, &twiml.Record{MaxLength: time.Minute})
	for name, test := range map[string]struct {
		own  *twiml.Response
		want string
	}{
		"voicemail": {voicemail, "<Record"},
		"none":      {nil, "<Reject/>"},
		"nonsense":  {twiml.New(&twiml.Dial{}), "<Reject/>"},
	} {
		t.Run(name, func(t *testing.T) {
			_, h := menuHost(t, voice.Config{Handler: waiting, Policy: never, Refusal: func(_ context.Context, _ voice.Info, d policy.Decision) *twiml.Response {
				require.Equal(t, policy.ReasonHours, d.Reason)
				return test.own
			}})
			call := menuTwilio(t, h).Dial(caller, callee)
			require.Eventually(t, func() bool { return call.TwiML() != nil }, patience, time.Millisecond)
			require.Contains(t, call.TwiML().String(), test.want)
			call.HangUp()
		})
	}
}

// TestAdmittedCallThatEndedElsewhere gets no stream by a webhook that comes after its end.
func TestAdmittedCallThatEndedElsewhere(t *testing.T) {
	b := newBoard()
	var l ledger
	var handlers []http.Handler
	for range 2 {
		_, h := menuHost(t, voice.Config{Handler: waiting, Trace: l.trace(), Store: b.store(t)})
		handlers = append(handlers, h)
	}
	tw := menuTwilio(t, spread(handlers[0], handlers[0], handlers[1]))
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return len(call.Said()) == 1 }, patience, time.Millisecond)
	require.NoError(t, call.Digits("1"))
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	late := func(topic string) string {
		path := "/api/voice/twilio/inbound?topic=" + topic
		form := url.Values{"CallSid": {call.SID}, "AccountSid": {voicetest.AccountSID}, "From": {caller}, "To": {callee}, "Direction": {"inbound"}, "CallStatus": {"in-progress"}}
		body, err := io.ReadAll(post(t, tw, path, signature.Sign(voicetest.AuthToken, voicetest.PublicURL+path, form), form).Body)
		require.NoError(t, err)
		return string(body)
	}
	require.Contains(t, late("up"), "<Stream")
	call.HangUp()
	l.ends(t, 1)
	require.Eventually(t, func() bool { return l.overs() == 1 }, patience, time.Millisecond)
	n := 0
	require.Eventually(t, func() bool { n++; return late(strconv.Itoa(n)) == hangup }, patience, 10*time.Millisecond)
}
