package voice_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestEveryMethodAfterTheEnd returns ErrCallEnded, under whatever context.
func TestEveryMethodAfterTheEnd(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	errs, played := make(chan map[string]error, 1), make(chan error, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		long, err := call.Play(ctx, make([]byte, 80_000))
		if played <- err; err != nil {
			return err
		}
		<-ctx.Done()
		got := map[string]error{}
		for name, ctx := range map[string]context.Context{"the call's": ctx, "canceled": canceled, "none": context.Background()} {
			_, got["Play, context "+name] = call.Play(ctx, make([]byte, 160))
			_, got["Digits, context "+name] = call.Digits(ctx, 1, "#")
			got["Transfer, context "+name] = call.Transfer(ctx, twiml.New(&twiml.Hangup{}))
			for range 20 { // whatever select picks
				if err := long.Wait(ctx); !errors.Is(err, voice.ErrCallEnded) {
					got["Wait, context "+name] = err
				}
			}
			for event, err := range call.Events(ctx) {
				got["Events, context "+name] = errors.Join(err, errors.New("event: "+event.Digit))
			}
			for range call.Transcripts(ctx) {
				got["Transcripts, context "+name] = errors.New("a transcript")
			}
		}
		got["Interrupt"] = call.Interrupt()
		errs <- got
		return nil
	})
	// Without a client that can transfer, too: the call is over first.
	for name, control := range map[string]voice.CallControl{"no client": nil, "a client": updater{}} {
		t.Run(name, func(t *testing.T) {
			_, mux := newHost(t, voice.Config{Handler: handler, CallControl: control})
			call := voicetest.New(t, mux).Dial(caller, callee)
			require.NoError(t, next(t, played)) // its first frame leaves before that
			call.HangUp()
			for what, err := range next(t, errs) {
				require.ErrorIs(t, err, voice.ErrCallEnded, what)
			}
		})
	}
}

// TestTransferOfCallThatHasEnded: by what Twilio's REST API answers, and when the call
// ends while the request is under way, whatever that comes to.
func TestTransferOfCallThatHasEnded(t *testing.T) {
	fine := twiml.New(&twiml.Hangup{})
	for name, test := range map[string]struct {
		err   error
		ended bool
	}{
		"not in progress": {&twiliorest.Error{CallSID: "CA1", Status: 400, Code: twiliorest.CodeNotInProgress}, true},
		"not found":       {&twiliorest.Error{CallSID: "CA1", Status: 404, Code: twiliorest.CodeNotFound}, true},
		"404":             {&twiliorest.Error{CallSID: "CA1", Status: 404}, true},
		"unauthorized":    {&twiliorest.Error{CallSID: "CA1", Status: 401, Code: twiliorest.CodeUnauthorized}, false},
		"rate limit":      {&twiliorest.Error{CallSID: "CA1", Status: 429, Code: twiliorest.CodeTooManyRequests}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transferred := make(chan error, 1)
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				transferred <- call.Transfer(ctx, fine)
				<-ctx.Done()
				return nil
			})
			_, mux := newHost(t, voice.Config{Handler: handler, CallControl: updater{err: test.err}})
			call := voicetest.New(t, mux).Dial(caller, callee)
			err := next(t, transferred)
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.ended, errors.Is(err, voice.ErrCallEnded))
			call.HangUp()
		})
	}
	t.Run("meanwhile", func(t *testing.T) {
		t.Parallel()
		var l ledger
		errLate := errors.New("connection reset")
		rest := slow{asked: make(chan struct{}), answer: make(chan error)}
		transferred := make(chan error, 1)
		handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			transferred <- call.Transfer(ctx, fine)
			return nil
		})
		_, mux := newHost(t, voice.Config{Handler: handler, CallControl: rest, Trace: l.trace()})
		call := voicetest.New(t, mux).Dial(caller, callee)
		next(t, rest.asked)
		call.HangUp()
		l.ends(t, 1)
		rest.answer <- errLate
		err := next(t, transferred)
		require.ErrorIs(t, err, voice.ErrCallEnded)
		require.ErrorIs(t, err, errLate)
	})
}
