package voice_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// late is REST over a client that the test can only make once the server is there.
type late struct{ *twiliorest.Client }

// line is a policy that counts how often it was given a call's place back.
type line struct{ released atomic.Int32 }

func (*line) Decide(context.Context, policy.Call) policy.Decision {
	return policy.Decision{Verdict: policy.Allow}
}
func (l *line) Observe(_ context.Context, _ policy.Call, o policy.Outcome) {
	if o.Kind == policy.OutcomeEnded {
		l.released.Add(1)
	}
}

// TestTransferToAPerson: whatever the handler returns afterwards, and whether the
// stream has ended by then or not, nothing hangs up on the caller.
func TestTransferToAPerson(t *testing.T) {
	farewell := mulaw(t, "testdata/noted.wav")[:800]
	person := twiml.New(&twiml.Dial{Nouns: []twiml.DialNoun{&twiml.Number{PhoneNumber: "+14155550123"}}}, &twiml.Say{Text: "We hope that helped."})
	for name, after := range map[string]func(context.Context) error{
		"returns at once":           func(context.Context) error { return nil },
		"returns an error":          func(context.Context) error { return errors.New("late") },
		"panics":                    func(context.Context) error { panic("late") },
		"returns when it all ended": func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			var lines line
			rest := &late{}
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				playback, err := call.Play(ctx, farewell)
				if err != nil {
					return err
				}
				if err := playback.Wait(ctx); err != nil {
					return err
				}
				if err := call.Transfer(ctx, person); err != nil {
					return err
				}
				return after(ctx)
			})
			_, mux := newHost(t, voice.Config{Handler: handler, CallControl: rest, Policy: &lines, Trace: l.trace()})
			tw := voicetest.New(t, mux)
			rest.Client = restClient(t, tw)
			call := tw.Dial(caller, callee)
			require.Equal(t, []voice.Reason{voice.ReasonTransfer}, l.ends(t, 1))
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, []string{"We hope that helped."}, call.Said(), "somebody hung up")
			require.NoError(t, tw.Close())
			require.EqualValues(t, 1, lines.released.Load(), "once, by the callback: the call outlives its stream")
			require.Eventually(t, func() bool {
				l.mu.Lock()
				defer l.mu.Unlock()
				return slices.Equal(l.finished, []string{"completed"})
			}, patience, time.Millisecond)
		})
	}
}

func restClient(t *testing.T, tw *voicetest.Twilio) *twiliorest.Client {
	t.Helper()
	client, err := twiliorest.New(twiliorest.Options{
		AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: voicetest.APISecret, BaseURL: tw.RESTURL(),
	})
	require.NoError(t, err)
	return client
}

// TestTransferThatFailsLeavesTheCall reports why and changes nothing.
func TestTransferThatFailsLeavesTheCall(t *testing.T) {
	errBusy := errors.New("busy")
	fine := twiml.New(&twiml.Hangup{})
	for name, test := range map[string]struct {
		control voice.CallControl
		to      *twiml.Response
		want    error
	}{
		"no REST":     {nil, fine, errors.ErrUnsupported},
		"no Updater":  {control{}, fine, errors.ErrUnsupported},
		"refused":     {updater{err: errBusy}, fine, errBusy},
		"wrong TwiML": {updater{}, twiml.New(&twiml.Redirect{URL: "/a b"}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			failed := make(chan error, 1)
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				failed <- call.Transfer(ctx, test.to)
				<-ctx.Done()
				return nil
			})
			_, mux := newHost(t, voice.Config{Handler: handler, CallControl: test.control, Trace: l.trace()})
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee)
			err := next(t, failed)
			require.Error(t, err)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			require.Equal(t, "in-progress", call.Status())
			call.HangUp()
			require.Equal(t, []voice.Reason{voice.ReasonHungUp}, l.ends(t, 1))
		})
	}
}

type control struct{}

func (control) HangUp(context.Context, string) error { return nil }

type updater struct {
	control
	err error
}

func (u updater) Update(context.Context, string, string) error { return u.err }

// TestTransferSendsWhatIsNewer: what the schema does not know is sent and logged; what
// cannot be right is not sent.
func TestTransferSendsWhatIsNewer(t *testing.T) {
	const newer = `<Response><Connect><ConversationRelay url="wss://h/" sentiment="on"><Failover ttsProvider="Google"/>` +
		`<Language code="en-US" accent="scottish"/></ConversationRelay></Connect><Announce>Bye</Announce></Response>`
	wrong := map[string]string{
		"nesting":  `<Gather><Dial>+14155550123</Dial></Gather>`,
		"missing":  `<Connect><ConversationRelay voice="x"/></Connect>`,
		"limit":    `<Gather numDigits="0"/>`,
		"relative": `<Dial action="/dialed">+14155550123</Dial>`,
		"too long": "<Say>" + strings.Repeat("a", 3990) + "</Say>",
	}
	var log bytes.Buffer
	sent := sending{make(chan string, 2)}
	refused := make(chan map[string]error, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		errs := make(map[string]error)
		for name, doc := range wrong {
			to, err := twiml.Parse(strings.NewReader("<Response>" + doc + "</Response>"))
			if err != nil {
				return err
			}
			errs[name] = call.Transfer(ctx, to)
		}
		refused <- errs
		to, err := twiml.Parse(strings.NewReader(newer))
		if err != nil {
			return err
		}
		return call.Transfer(ctx, to)
	})
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: handler, CallControl: sent, Trace: l.trace(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	tw := voicetest.New(t, mux)
	tw.Dial(caller, callee)
	for name, err := range next(t, refused) {
		require.ErrorContains(t, err, "voice: transfer: twiml: Response", name)
	}
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>`+newer, next(t, sent.twiml))
	require.Equal(t, []voice.Reason{voice.ReasonTransfer}, l.ends(t, 1))
	require.NoError(t, tw.Close())
	require.NoError(t, srv.Shutdown(t.Context()))
	require.Contains(t, log.String(), "Twilio may ignore some of the TwiML")
	require.Contains(t, log.String(), "warnings=3")
	require.Contains(t, log.String(), "sentiment: unknown attribute (error 12200)")
}

type sending struct{ twiml chan string }

func (sending) HangUp(context.Context, string) error { return nil }
func (s sending) Update(_ context.Context, _, twiml string) error {
	s.twiml <- twiml
	return nil
}

// TestUpdaterThatPanicsTakesNoCall: it ends as a call whose handler has panicked.
func TestUpdaterThatPanicsTakesNoCall(t *testing.T) {
	var l ledger
	var lines line
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		return call.Transfer(ctx, twiml.New(&twiml.Hangup{}))
	})
	_, mux := newHost(t, voice.Config{Handler: handler, CallControl: panicking{}, Policy: &lines, Trace: l.trace()})
	voicetest.New(t, mux).Dial(caller, callee)
	require.Equal(t, []voice.Reason{voice.ReasonPanic}, l.ends(t, 1))
	require.NotZero(t, lines.released.Load())
}

type panicking struct{ control }

func (panicking) Update(context.Context, string, string) error { panic("no client") }

// TestTransferredCallFinishesWithItsCallback, not with its stream.
func TestTransferredCallFinishesWithItsCallback(t *testing.T) {
	t.Parallel()
	finished, over := make(chan string, 2), make(chan struct{})
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		return call.Transfer(ctx, twiml.New(&twiml.Hangup{}))
	})
	rest := &late{}
	_, mux := newHost(t, voice.Config{Handler: handler, CallControl: rest, Trace: &voice.Trace{
		StreamEnded:  func(voice.Info, voice.End) { finished <- "the stream"; close(over) },
		CallFinished: func(_ voice.Info, status string) { finished <- status },
	}})
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/status") {
			<-over
		}
		mux.ServeHTTP(w, r)
	}))
	rest.Client = restClient(t, tw)
	tw.Dial(caller, callee)
	require.Equal(t, "the stream", next(t, finished))
	require.Equal(t, "completed", next(t, finished))
}

// TestSecondTransferFails: it takes nothing back.
func TestSecondTransferFails(t *testing.T) {
	t.Parallel()
	var l ledger
	rest := &once{}
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		fine := twiml.New(&twiml.Hangup{})
		if err := call.Transfer(ctx, fine); err != nil {
			return err
		}
		return call.Transfer(ctx, fine)
	})
	srv, mux := newHost(t, voice.Config{Handler: handler, CallControl: rest, Trace: l.trace()})
	voicetest.New(t, mux).Dial(caller, callee)
	require.Equal(t, []voice.Reason{voice.ReasonTransfer}, l.ends(t, 1))
	require.NoError(t, srv.Shutdown(t.Context()))
	require.EqualValues(t, 2, rest.updates.Load())
	require.Zero(t, rest.hangUps.Load())
}

// once is REST that takes one update.
type once struct{ updates, hangUps atomic.Int32 }

func (o *once) HangUp(context.Context, string) error { o.hangUps.Add(1); return nil }
func (o *once) Update(context.Context, string, string) error {
	if o.updates.Add(1) > 1 {
		return errors.New("too many requests")
	}
	return nil
}

// TestCallerLeavesDuringTransfer: the place is given back although no callback
// comes, once it is known that nothing has taken the call.
func TestCallerLeavesDuringTransfer(t *testing.T) {
	t.Parallel()
	var l ledger
	var lines line
	rest := slow{asked: make(chan struct{}), answer: make(chan error)}
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		return call.Transfer(ctx, twiml.New(&twiml.Hangup{}))
	})
	_, mux := newHost(t, voice.Config{Handler: handler, CallControl: rest, Policy: &lines, Trace: l.trace()})
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/status") {
			mux.ServeHTTP(w, r)
		}
	}))
	call := tw.Dial(caller, callee)
	next(t, rest.asked)
	call.HangUp()
	l.ends(t, 1)
	require.Zero(t, lines.released.Load())
	rest.answer <- errors.New("call is not in-progress")
	require.Eventually(t, func() bool { return lines.released.Load() == 1 }, patience, time.Millisecond)
}

// slow is REST whose answers wait for the test.
type slow struct {
	control
	asked  chan struct{}
	answer chan error
}

func (s slow) Update(context.Context, string, string) error {
	close(s.asked)
	return <-s.answer
}
