package voice_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestLargeStateMoves: a call goes on with as much state as Call.Save takes.
func TestLargeStateMoves(t *testing.T) {
	t.Parallel()
	state := bytes.Repeat([]byte("0123456789abcdef"), voice.MaxState/16)
	starts := make(chan voice.Resumed, 10)
	f := newFleet(t, 2, memory(), voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		r, resumed := call.Resumed()
		if !resumed {
			if err := call.Save(state); err != nil {
				return err
			}
		}
		starts <- r
		<-ctx.Done()
		return nil
	})})
	call := f.tw.Dial(caller, callee)
	next(t, starts)
	require.Eventually(t, func() bool {
		op := []policy.Op{{Kind: policy.OpRead, Space: "leg", Name: call.SID}}
		f.engine.Do(t.Context(), op)
		return len(op[0].Value) > len(state)
	}, patience, time.Millisecond)
	f.Reset(f.holder(call, 1))
	r := next(t, starts)
	require.Equal(t, 2, r.Leg)
	require.Equal(t, len(state), len(r.State))
	call.HangUp()
	require.Equal(t, []string{"completed"}, f.finished(1))
}

// rest is a client of the REST API that notes what it is told to do.
type rest struct{ did chan string }

func (r rest) HangUp(context.Context, string) error { r.did <- "hang up"; return nil }

func (r rest) Update(context.Context, string, string) error { r.did <- "update"; return nil }

// TestInstanceThatHasLostACallLeavesItAlone: an instance that was paused while another took
// the call over ends its own stream, in whichever way, and not the call.
func TestInstanceThatHasLostACallLeavesItAlone(t *testing.T) {
	for name, ends := range map[string]func(t *testing.T, f *fleet, call *voice.Call, back chan error){
		"shutdown": func(t *testing.T, f *fleet, _ *voice.Call, _ chan error) {
			require.NoError(t, f.servers[0].Shutdown(t.Context()))
		},
		"handler returns": func(_ *testing.T, _ *fleet, _ *voice.Call, back chan error) { back <- nil },
		"handler fails":   func(_ *testing.T, _ *fleet, _ *voice.Call, back chan error) { back <- errors.New("no") },
		"transfer": func(t *testing.T, _ *fleet, call *voice.Call, _ chan error) {
			require.ErrorIs(t, call.Transfer(t.Context(), twiml.New(&twiml.Hangup{})), voice.ErrCallEnded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := rest{make(chan string, 10)}
			calls, back := make(chan *voice.Call, 10), make(chan error, 1)
			f := newFleet(t, 1, memory(), voice.Config{CallControl: api, Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				calls <- call
				select {
				case err := <-back:
					return err
				case <-ctx.Done():
					return nil
				}
			})})
			call := f.tw.Dial(caller, callee)
			here := next(t, calls)
			n := f.holder(call, 1)
			taken := []policy.Op{{Kind: policy.OpRead, Space: "leg", Name: call.SID}}
			f.engine.Do(t.Context(), taken)
			require.True(t, taken[0].OK)
			value := bytes.Clone(taken[0].Value)
			value[2] = 2  // the second leg
			value[4] ^= 1 // of another instance
			f.engine.Do(t.Context(), []policy.Op{{Kind: policy.OpWrite, Space: "leg", Name: call.SID, Generation: policy.AnyGeneration, Keep: time.Minute, Value: value}})

			ends(t, f, here, back)
			require.Eventually(t, func() bool {
				l := f.ledgers[n]
				l.mu.Lock()
				defer l.mu.Unlock()
				return len(l.ended) == 1 && l.ended[0].Resumes
			}, patience, time.Millisecond)
			require.Empty(t, api.did)
			call.HangUp()
		})
	}
}

// TestStatusCallbackIsAnsweredWhenItIsCounted: the instance that waits with the end of a
// call, whose own instance has gone, may be killed as well. Whoever sent the callback is to
// notice.
func TestStatusCallbackIsAnsweredWhenItIsCounted(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	var gone atomic.Bool
	b := newBoard()
	b.away = gone.Load
	f := newFleet(t, 1, b, voice.Config{Handler: h})
	call := f.tw.Dial(caller, callee, voicetest.EditRequest(func(hop voicetest.Hop, r *http.Request) {
		if strings.Contains(r.URL.Path, "/resume/") {
			r.URL.Path = "/nowhere" // Twilio does not get through
		}
	}))
	next(t, h.starts)
	n := f.holder(call, 1)
	f.engine = b.Engine
	f.start()
	gone.Store(true) // whatever the dead process does
	f.Kill(n)
	call.Wait(t.Context())
	require.NoError(t, f.tw.Close()) // every callback has been answered
	require.Equal(t, []string{"failed"}, f.finished(0))
	require.Equal(t, []voice.Reason{voice.ReasonCrash}, f.cut())
}

// TestCallThatCameBackResumes: the host's own REST request takes the call away from its
// stream and back, to another one, which breaks.
func TestCallThatCameBackResumes(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	f := newFleet(t, 1, memory(), voice.Config{Handler: h})
	call := f.tw.Dial(caller, callee)
	next(t, h.starts)
	f.holder(call, 1)
	back := twiml.New(&twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?back=1"})
	require.NoError(t, restClient(t, f.tw).Update(t.Context(), call.SID, back.String()))
	require.Equal(t, voice.Resumed{}, next(t, h.starts))
	f.Reset(0)
	require.Equal(t, 2, next(t, h.starts).Leg)
	call.HangUp()
}

// flushing is a recogniser whose last words come when they are let.
type flushing struct{ let chan struct{} }

func (e flushing) Open(context.Context, stt.Config) (stt.Stream, error) { return e, nil }
func (flushing) Send([]byte) error                                      { return nil }
func (flushing) Close() error                                           { return nil }

func (e flushing) Flush(ctx context.Context) error {
	select {
	case <-e.let:
	case <-ctx.Done():
	}
	return nil
}

// TestStatusCallbackWaitsForTheStreamsEnd: an instance that has the stream may be killed
// while it puts the call away.
func TestStatusCallbackWaitsForTheStreamsEnd(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1, memory(), voice.Config{Handler: waiting, STT: flushing{make(chan struct{})}})
	call := f.tw.Dial(caller, callee)
	f.holder(call, 1)
	call.HangUp()
	require.NoError(t, f.tw.Close()) // every callback has been answered
	require.Equal(t, []string{"completed"}, f.finished(0))
}
