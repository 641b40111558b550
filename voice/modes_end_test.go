package voice_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// stays says that it is there, and stays until the call ends.
func stays(ctx context.Context, call *voice.Call, s *stage) error {
	if _, err := call.Say(ctx, "Hello."); err != nil {
		return err
	}
	<-ctx.Done()
	s.tell(errorText(context.Cause(ctx)))
	return context.Cause(ctx)
}

func hello(s *stage) { s.Helper(); s.call.HearsText("hello", patience) }

// goesOn reports the state of the streams before, saves its own, and stays.
func goesOn(ctx context.Context, call *voice.Call, s *stage) error {
	r, resumed := call.Resumed()
	if !resumed {
		if _, err := call.Say(ctx, "Hello."); err != nil {
			return err
		}
	}
	s.tell("leg " + string(rune('0'+call.Leg)) + " state " + string(r.State))
	if err := call.Save([]byte("seen " + string(rune('0'+call.Leg)))); err != nil {
		return err
	}
	return echo(ctx, call, s)
}

// TestModesEnd: how calls begin and end, over either connection.
func TestModesEnd(t *testing.T) {
	t.Parallel()
	perform(t, map[string]scene{
		"caller hangs up": {handler: stays, play: func(s *stage) {
			hello(s)
			s.call.HangUp()
			s.wants(voice.ReasonHungUp.Error())
			s.over(voice.ReasonHungUp, "completed")
		}},
		"caller hangs up, listening": {play: func(s *stage) {
			s.call.Says("one")
			s.call.HearsText("you said one", patience)
			s.call.HangUp()
			s.over(voice.ReasonHungUp, "completed")
		}},
		"caller hangs up, spoken to": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, long)
				if err != nil {
					return err
				}
				s.tell("says")
				s.tell(errorText(p.Wait(context.WithoutCancel(ctx))))
				_, err = call.Say(context.WithoutCancel(ctx), "More.")
				s.tell(errorText(err))
				s.tell(errorText(call.Interrupt()))
				s.tell(errorText(call.Save(nil)))
				return nil
			},
			play: func(s *stage) {
				s.wants("says")
				s.call.HangUp()
				e := voice.ErrCallEnded.Error()
				s.wants(e, e, e, e)
				s.over(voice.ReasonHungUp, "completed")
			},
		},
		"handler returns":          {handler: func(context.Context, *voice.Call, *stage) error { return nil }, play: func(s *stage) { s.over(voice.ReasonReturned, "completed") }},
		"handler returns an error": {handler: func(context.Context, *voice.Call, *stage) error { return errors.New("broken") }, play: func(s *stage) { s.over(voice.ReasonError, "failed") }},
		"handler panics":           {handler: func(context.Context, *voice.Call, *stage) error { panic("broken") }, play: func(s *stage) { s.over(voice.ReasonPanic, "failed") }},
		"longest call": {
			config: func(c *voice.Config) { c.MaxDuration = 500 * time.Millisecond },
			handler: func(ctx context.Context, _ *voice.Call, s *stage) error {
				<-ctx.Done()
				s.tell(errorText(context.Cause(ctx)))
				return nil
			},
			play: func(s *stage) { s.wants(voice.ReasonTimeout.Error()); s.over(voice.ReasonTimeout, "completed") },
		},
		"shutdown": {
			handler: stays,
			play: func(s *stage) {
				hello(s)
				ctx, cancel := context.WithTimeout(s.Context(), 50*time.Millisecond)
				defer cancel()
				require.ErrorIs(s, s.server.Shutdown(ctx), context.DeadlineExceeded)
				s.wants(voice.ReasonShutdown.Error())
				s.over(voice.ReasonShutdown, "failed")
			},
		},
		"drain": {
			play: func(s *stage) {
				s.call.Says("one")
				s.call.HearsText("you said one", patience)
				done := make(chan error, 1)
				go func() { done <- s.server.Shutdown(context.Background()) }()
				require.Eventually(s, func() bool { return s.server.Stats().Draining }, patience, time.Millisecond)
				other := s.tw.Dial(caller, callee)
				other.Wait(s.Context())
				require.Equal(s, "busy", other.Status(), "no new call")
				s.call.Says("two")
				s.call.HearsText("you said two", patience)
				s.call.HangUp()
				require.NoError(s, next(s.T, done))
			},
		},
		"transfer": {
			config: func(c *voice.Config) { c.CallControl = placeholder },
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, "I connect you.")
				s.said(ctx, p, err)
				return call.Transfer(ctx, twiml.New(&twiml.Say{Text: "A person."}))
			},
			play: func(s *stage) {
				s.wants("heard I connect you.")
				s.call.Wait(s.Context())
				require.Equal(s, []string{"A person."}, s.call.Said())
				s.over(voice.ReasonTransfer, "completed")
			},
		},
		"transfer without REST": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				if err := call.Transfer(ctx, twiml.New(&twiml.Hangup{})); errors.Is(err, errors.ErrUnsupported) {
					s.tell("unsupported")
				}
				return nil
			},
			play: func(s *stage) { s.wants("unsupported") },
		},
		"hang-up by REST": {
			config:  func(c *voice.Config) { c.CallControl = placeholder },
			handler: func(ctx context.Context, call *voice.Call, s *stage) error { return nil },
			play:    func(s *stage) { s.over(voice.ReasonReturned, "completed") },
		},
		"refused": {
			config: func(c *voice.Config) {
				c.Policy = policy.Func(func(context.Context, policy.Call) policy.Decision {
					return policy.Decision{Verdict: policy.Reject, Reason: "blocked"}
				})
			},
			play: func(s *stage) {
				s.call.Wait(s.Context())
				require.Equal(s, "no-answer", s.call.Status())
				require.Zero(s, s.ledger.starts())
			},
		},
		"every place taken": {
			config: func(c *voice.Config) { c.MaxStreams = 1 },
			play: func(s *stage) {
				s.call.Says("one")
				other := s.tw.Dial(caller, callee)
				other.Wait(s.Context())
				require.Equal(s, "busy", other.Status())
			},
		},
		"webhook twice": {
			options: []voicetest.Option{voicetest.Repeated(2)},
			play: func(s *stage) {
				s.call.Says("one")
				s.call.HearsText("you said one", patience)
				s.call.HangUp()
				s.over(voice.ReasonHungUp, "completed")
				require.Equal(s, 1, s.ledger.starts())
			},
		},
		"no handshake of a stranger": {
			options: []voicetest.Option{voicetest.Unsigned(voicetest.Handshake)}, warned: true,
			play: func(s *stage) { s.call.Wait(s.Context()); require.Zero(s, s.ledger.starts()) },
		},
		"no handshake of another token": {
			options: []voicetest.Option{voicetest.WrongSignature(voicetest.Handshake)}, warned: true,
			play: func(s *stage) { s.call.Wait(s.Context()); require.Zero(s, s.ledger.starts()) },
		},
		"URL of another call": {
			play: func(s *stage) {
				s.call.Says("one")
				other := s.tw.Dial(caller, callee, voicetest.ReplayedStream(s.call.StreamURL()))
				other.Wait(s.Context())
				require.NotEmpty(s, other.Warnings())
				s.call.Says("two")
				s.call.HearsText("you said two", patience)
				require.Equal(s, 1, s.ledger.starts())
			},
		},
		"URL with something else": {
			options: []voicetest.Option{voicetest.ReplayedStream("wss://calls.example.com/api/voice/twilio/stream/AAAA")}, warned: true,
			play: func(s *stage) { s.call.Wait(s.Context()); require.Zero(s, s.ledger.starts()) },
		},
		"what the webhook's query says": {
			options: []voicetest.Option{voicetest.Inbound("/api/voice/twilio/inbound?order=42")},
			handler: func(_ context.Context, call *voice.Call, s *stage) error {
				s.tell(call.Query + " " + call.From)
				return nil
			},
			play: func(s *stage) { s.wants("order=42 " + caller) },
		},
		"calls and health": {
			handler: stays,
			play: func(s *stage) {
				hello(s)
				require.Len(s, s.server.Calls(), 1)
				require.Equal(s, s.call.SID, s.server.Calls()[0].SID)
				require.Equal(s, 1, s.server.Stats().ActiveCalls)
				w := httptest.NewRecorder()
				s.server.ServeHTTP(w, httptest.NewRequest("GET", "/api/voice/health", nil))
				require.True(s, json.Valid(w.Body.Bytes()), w.Body)
				s.call.HangUp()
				s.wants(voice.ReasonHungUp.Error())
			},
		},
		"connection breaks": {
			handler: stays, warned: true,
			play: func(s *stage) {
				hello(s)
				s.call.Break()
				s.wants(voice.ReasonDisconnect.Error())
				s.over(voice.ReasonDisconnect, "failed")
			},
		},
		"connection breaks, and the call goes on": {
			config: func(c *voice.Config) { c.Resume = voice.ResumeAlone }, handler: goesOn, warned: true,
			play: func(s *stage) {
				s.wants("leg 1 state ")
				hello(s)
				s.call.Break()
				s.wants("leg 2 state seen 1")
				s.call.Says("two")
				s.call.HearsText("you said two", patience)
				s.call.Break()
				s.wants("leg 3 state seen 2")
				s.call.HangUp()
			},
		},
		"too much state": {
			handler: func(_ context.Context, call *voice.Call, s *stage) error {
				s.tell(errorText(call.Save([]byte(strings.Repeat("x", voice.MaxState+1)))))
				return nil
			},
			play: func(s *stage) { s.wants("voice: state is larger than 64 KiB: 65537 bytes") },
		},
	})
}
