package voice_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestPassedCallerIsNotChallengedAgain: who pressed the right digits calls again
// and is connected, whether or not the webhook of the digits tells the attestation
// again; who did not is asked again.
func TestPassedCallerIsNotChallengedAgain(t *testing.T) {
	for name, verstat := range map[string][]string{"attested": {"TN-Validation-Passed-B"}, "not attested": nil} {
		t.Run(name, func(t *testing.T) {
			suspicious := policy.Func(func(context.Context, policy.Call) policy.Decision {
				return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
			})
			var l ledger
			_, mux := newHost(t, voice.Config{
				Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
				Trace:   l.trace(),
				Policy:  policy.All(fraud.NewPasses(suspicious, fraud.PassesOptions{})),
			})
			tw := voicetest.New(t, firstWebhookAlone(mux))
			quick := voicetest.New(t, mux, voicetest.Config{Pace: 100}) // whose time to answer is short
			attested := voicetest.Param("StirVerstat", verstat...)
			failed := quick.Dial(caller, callee, attested)
			asked(t, failed.TwiML().String())
			require.NoError(t, failed.Wait(t.Context()))
			require.Zero(t, l.starts())

			passed := tw.Dial(caller, callee, attested)
			_, digits := asked(t, passed.TwiML().String())
			require.NoError(t, passed.Digits(wrong(digits)))
			require.Eventually(t, func() bool { return len(passed.Said()) == 2 }, patience, time.Millisecond)
			_, digits = asked(t, passed.TwiML().String())
			require.NoError(t, passed.Digits(digits))
			require.NoError(t, passed.Wait(t.Context()))
			require.Equal(t, 1, l.starts())

			again := tw.Dial(caller, callee, attested)
			require.NoError(t, again.Wait(t.Context()))
			require.Empty(t, again.Said())
			require.Equal(t, 2, l.starts())

			other := tw.Dial("+14155550123", callee)
			asked(t, other.TwiML().String())
			other.HangUp()
		})
	}
}

// firstWebhookAlone is a Twilio that tells the attestation only in the first webhook
// of a call.
func firstWebhookAlone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/challenge/") && r.ParseForm() == nil {
			r.PostForm.Del("StirVerstat")
			body := r.PostForm.Encode()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, voicetest.PublicURL+r.RequestURI, r.PostForm))
			r.Form, r.PostForm = nil, nil
		}
		next.ServeHTTP(w, r)
	})
}

// TestPolicyThatFailsAfterTheChallenge: a panic in Observe loses nobody,
// and who has passed is remembered also when that delivery's client has gone.
func TestPolicyThatFailsAfterTheChallenge(t *testing.T) {
	for name, test := range map[string]struct {
		digits func(right string) string
		want   string
	}{
		"passed": {func(right string) string { return right }, "<Stream"},
		"failed": {func(string) string { return "x" }, "<Hangup"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &broken{passed: make(chan error, 1)}
			_, mux := newHost(t, voice.Config{Handler: waiting, Policy: p})
			form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "From": {caller}}
			post := func(ctx context.Context, url string) string {
				r := httptest.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, url, form))
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				return w.Body.String()
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			answer := post(t.Context(), voicetest.PublicURL+"/api/voice/twilio/inbound")
			for strings.Contains(answer, "<Gather") { // wrong digits are asked for once more
				action, right := asked(t, answer)
				form.Set("Digits", test.digits(right))
				answer = post(gone, action)
			}
			require.Contains(t, answer, test.want)
			if name == "passed" {
				require.NoError(t, next(t, p.passed))
			}
		})
	}
}

var (
	actionOf = regexp.MustCompile(`action="([^"]+)"`)
	spelled  = regexp.MustCompile(`(\d), (\d), (\d), (\d)`)
)

// asked returns where the answer to a challenge goes, and the right one.
func asked(t testing.TB, twiml string) (action, digits string) {
	t.Helper()
	to, said := actionOf.FindStringSubmatch(twiml), spelled.FindStringSubmatch(twiml)
	require.True(t, to != nil && said != nil, "no challenge: %s", twiml)
	return to[1], strings.Join(said[1:], "")
}

// wrong returns other digits than the right ones.
func wrong(digits string) string {
	if digits[0] == '0' {
		return "1" + digits[1:]
	}
	return "0" + digits[1:]
}

// postTo sends a webhook that token signs and returns the answer's body.
func postTo(h http.Handler, token, url string, form url.Values) string {
	r := httptest.NewRequest(http.MethodPost, url, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature.Sign(token, url, form))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

// broken is a policy that challenges everybody and then panics.
type broken struct{ passed chan error }

func (*broken) Decide(context.Context, policy.Call) policy.Decision {
	return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
}
func (b *broken) Observe(ctx context.Context, _ policy.Call, o policy.Outcome) {
	if o.Kind == policy.OutcomePassed {
		b.passed <- ctx.Err()
	}
	panic("no store")
}
