package voice_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestQueryReachesTheHandler: what the host writes into the webhook's URL is told
// to its handler, also behind a challenge.
func TestQueryReachesTheHandler(t *testing.T) {
	const query = "order=42&name=J%C3%BCrgen%26"
	for name, verdict := range map[string]policy.Verdict{"allowed": policy.Allow, "challenged": policy.Challenge} {
		t.Run(name, func(t *testing.T) {
			got := make(chan string, 1)
			_, mux := newHost(t, voice.Config{
				Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error { got <- call.Query; return nil }),
				Policy: policy.Func(func(context.Context, policy.Call) policy.Decision {
					return policy.Decision{Verdict: verdict, Reason: policy.ReasonCaptcha}
				}),
			})
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee, voicetest.Inbound("/api/voice/twilio/inbound?"+query))
			if verdict == policy.Challenge {
				said := call.TwiML().Verbs[0].(*twiml.Gather).Verbs[0].(*twiml.Say).Text
				_, digits, _ := strings.Cut(said, ": ")
				call.Digits(strings.NewReplacer(", ", "", ".", "").Replace(digits))
			}
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, query, <-got)
			require.Empty(t, call.Warnings())
		})
	}
}

// TestQueryTooLong: a call is taken all the same.
func TestQueryTooLong(t *testing.T) {
	got := make(chan string, 1)
	_, mux := newHost(t, voice.Config{
		Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error { got <- call.Query; return nil }),
	})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee, voicetest.Inbound("/api/voice/twilio/inbound?q="+strings.Repeat("x", 600)))
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, <-got)
}

// TestTransferAndBack: a call that nobody took comes back to the handler, by a URL
// that differs in its query.
func TestTransferAndBack(t *testing.T) {
	got := make(chan string, 2)
	finished := make(chan string, 2)
	back := twiml.New(
		&twiml.Dial{Number: "+14155550123"},
		&twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?nobody=1"},
	)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		got <- call.Query
		if call.Query == "" {
			return call.Transfer(ctx, back)
		}
		return nil
	})
	mux := http.NewServeMux()
	tw := voicetest.New(t, mux)
	srv, host := newHost(t, voice.Config{
		Handler:     handler,
		CallControl: restClient(t, tw),
		Policy:      policy.All(policy.PerCaller(1, time.Hour), policy.Concurrent(1)),
		Trace:       &voice.Trace{CallFinished: func(_ voice.Info, status string) { finished <- status }},
	})
	mux.Handle("/", host)
	call := tw.Dial(caller, callee, voicetest.Dialed("no-answer"))
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, <-got)
	require.Equal(t, "nobody=1", <-got)
	require.NoError(t, tw.Close())
	require.NoError(t, srv.Shutdown(t.Context()))
	require.Equal(t, "completed", <-finished)
	require.Empty(t, finished)
	require.Empty(t, call.Warnings())
}
