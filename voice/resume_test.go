package voice_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// counting is a handler that counts in its state what it has played, greets only once, and
// says which legs it has had.
type counting struct {
	prompt []byte
	starts chan voice.Resumed
}

func newCounting(t testing.TB) *counting {
	return &counting{prompt: mulaw(t, "testdata/noted.wav")[:4000], starts: make(chan voice.Resumed, 1000)}
}

func (h *counting) ServeCall(ctx context.Context, call *voice.Call) error {
	r, resumed := call.Resumed()
	if h.starts <- r; !resumed {
		playback, err := call.Play(ctx, h.prompt)
		if err != nil {
			return err
		}
		if err := playback.Wait(ctx); err != nil {
			return err
		}
		if err := call.Save([]byte("greeted")); err != nil {
			return err
		}
	}
	digit, err := call.Digits(ctx, 1, "")
	if err == nil && digit == "9" {
		return nil // hangs up
	}
	return err
}

// memory is what the instances share in tests.
func memory() policy.Engine { return policy.NewMemory(policy.MemoryOptions{}) }

// saved waits for what was saved to be where other instances find it.
func (f *fleet) saved(call *voicetest.Call) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		op := []policy.Op{{Kind: policy.OpRead, Space: "leg", Name: call.SID}}
		f.engine.Do(f.t.Context(), op)
		return len(op[0].Value) > 64
	}, patience, time.Millisecond)
	time.Sleep(50 * time.Millisecond)
}

// TestCallResumesOnAnotherInstance breaks the stream of a call in the ways in which it
// can, with an instance that is dead, or that lives on.
func TestCallResumesOnAnotherInstance(t *testing.T) {
	for name, does := range map[string]func(f *fleet, n int){
		"instance killed": func(f *fleet, n int) { f.Kill(n) },
		"network broken":  func(f *fleet, n int) { f.Reset(n) },
		"server shut down": func(f *fleet, n int) {
			require.NoError(f.t, f.servers[n].Shutdown(f.t.Context()))
			f.Remove(n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newCounting(t)
			f := newFleet(t, 3, memory(), voice.Config{Handler: h})
			call := f.tw.Dial(caller, callee)
			require.Equal(t, voice.Resumed{}, next(t, h.starts))
			n := f.holder(call, 1)
			require.Eventually(t, func() bool { return len(call.Heard()) >= len(h.prompt) }, patience, time.Millisecond)
			f.saved(call)
			does(f, n)
			r := next(t, h.starts)
			require.Equal(t, 2, r.Leg)
			require.Equal(t, "greeted", string(r.State))
			require.Equal(t, 0, r.Unheard)
			f.holder(call, 2)
			require.Equal(t, "in-progress", call.Status())
			require.Len(t, call.Silences(), 1)
			call.Digits("9")
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, []string{"completed"}, f.finished(1))
			require.Empty(t, f.cut())
			require.Equal(t, len(h.prompt), len(call.Heard()), "greeted once")
		})
	}
}

// TestHandOverByREST has no store: what was saved travels through Twilio.
func TestHandOverByREST(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	f := newFleet(t, 0, nil, voice.Config{Handler: h}).withREST()
	f.start()
	call := f.tw.Dial(caller, callee)
	next(t, h.starts)
	f.holder(call, 1)
	require.Eventually(t, func() bool { return len(call.Heard()) >= len(h.prompt) }, patience, time.Millisecond)
	time.Sleep(100 * time.Millisecond)
	other := f.start()
	require.NoError(t, f.servers[0].Shutdown(t.Context()))
	f.Remove(0)
	r := next(t, h.starts)
	require.Equal(t, "greeted", string(r.State))
	require.Equal(t, voice.ReasonShutdown, r.Cause)
	require.Equal(t, 2, r.Leg)
	require.Equal(t, other, f.holder(call, 2))
	call.Digits("9")
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"completed"}, f.finished(1))
	require.NotContains(t, strings.Join(call.Said(), " "), "sorry")
}

// TestHandOverWhileTheStoreIsAway: what was saved travels through Twilio then.
func TestHandOverWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	var away atomic.Bool
	b := newBoard()
	b.away = away.Load
	f := newFleet(t, 0, b, voice.Config{Handler: h}).withREST()
	f.start()
	call := f.tw.Dial(caller, callee)
	next(t, h.starts)
	f.holder(call, 1)
	require.Eventually(t, func() bool { return len(call.Heard()) >= len(h.prompt) }, patience, time.Millisecond)
	f.saved(call)
	other := f.start()
	away.Store(true)
	drained := make(chan error, 1)
	go func() { drained <- f.servers[0].Shutdown(t.Context()) }()
	r := next(t, h.starts)
	require.Equal(t, "greeted", string(r.State))
	require.Equal(t, other, f.holder(call, 2))
	away.Store(false)
	require.NoError(t, <-drained)
	f.Remove(0)
	call.Digits("9")
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"completed"}, f.finished(1))
}

// TestFinishedCallDoesNotComeBack ends calls in every way in which a server can.
func TestFinishedCallDoesNotComeBack(t *testing.T) {
	for name, test := range map[string]struct {
		handler voice.HandlerFunc
		config  voice.Config
		status  string
	}{
		"returned": {func(context.Context, *voice.Call) error { return nil }, voice.Config{}, "completed"},
		"error":    {func(context.Context, *voice.Call) error { return http.ErrAbortHandler }, voice.Config{}, "failed"},
		"panic":    {func(context.Context, *voice.Call) error { panic("x") }, voice.Config{}, "failed"},
		"timeout": {func(ctx context.Context, _ *voice.Call) error { <-ctx.Done(); return nil },
			voice.Config{MaxDuration: 100 * time.Millisecond}, "completed"},
	} {
		for _, with := range []string{"store", "REST", "alone"} {
			t.Run(name+", "+with, func(t *testing.T) {
				t.Parallel()
				config := test.config
				config.Handler = test.handler
				var f *fleet
				switch with {
				case "store":
					f = newFleet(t, 3, memory(), config)
				case "REST":
					f = newFleet(t, 0, nil, config).withREST()
					f.start()
					f.start()
				case "alone":
					config.Resume = voice.ResumeAlone
					f = newFleet(t, 1, nil, config)
				}
				call := f.tw.Dial(caller, callee)
				require.NoError(t, call.Wait(t.Context()))
				if all := f.finished(1); with == "REST" {
					require.Contains(t, f.finished(2), test.status) // the callback reaches the other instance
				} else {
					require.Equal(t, []string{test.status}, all)
				}
				require.Empty(t, call.Silences(), "no second stream")
				require.Empty(t, call.Said())
			})
		}
	}
}

// flaky is an engine whose questions fail at random, carried out or not.
type flaky struct {
	policy.Engine
	every int64 // one question in so many
	n     atomic.Int64
}

func (e *flaky) Do(ctx context.Context, ops []policy.Op) {
	switch rand.Int64N(2 * e.every) {
	case 0:
		e.Engine.Do(ctx, ops)
		fallthrough
	case 1:
		e.n.Add(1)
		for i := range ops {
			ops[i].Err = io.ErrUnexpectedEOF
		}
	default:
		e.Engine.Do(ctx, ops)
	}
}

// TestFinishedCallsStayOver ends calls while the store fails at random: none comes back.
// DIALTONE_ENDS=10000 runs as many.
func TestFinishedCallsStayOver(t *testing.T) {
	calls := 60
	if n, err := strconv.Atoi(os.Getenv("DIALTONE_ENDS")); err == nil {
		calls = n
	}
	var starts atomic.Int64
	engine := &flaky{Engine: memory(), every: 3}
	f := newFleet(t, 3, engine, voice.Config{Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
		if _, resumed := call.Resumed(); resumed {
			t.Error("a call came back")
		}
		starts.Add(1)
		return nil
	})})
	var callers sync.WaitGroup
	left := atomic.Int64{}
	left.Store(int64(calls))
	for range 20 {
		callers.Go(func() {
			for left.Add(-1) >= 0 {
				call := f.tw.Dial(caller, callee)
				call.Wait(t.Context())
				if len(call.Silences()) != 0 {
					t.Error("a second stream")
				}
			}
		})
	}
	callers.Wait()
	require.Positive(t, engine.n.Load())
	require.EqualValues(t, calls, starts.Load())
}

// TestSupersededOwnerIsFenced breaks the stream of a call whose instance notices nothing,
// and has that instance save and end the call after another has taken it: it writes
// nothing and counts nothing.
func TestSupersededOwnerIsFenced(t *testing.T) {
	t.Parallel()
	type started struct {
		call *voice.Call
		ctx  context.Context
	}
	starts := make(chan started, 2)
	leave := make(chan struct{})
	f := newFleet(t, 2, memory(), voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		starts <- started{call, ctx}
		select {
		case <-leave:
		case <-ctx.Done():
		}
		return nil
	})})
	call := f.tw.Dial(caller, callee)
	first := next(t, starts)
	require.NoError(t, first.call.Save([]byte("one")))
	f.saved(call)
	f.Reset(f.holder(call, 1))
	second := next(t, starts)
	<-first.ctx.Done()
	require.ErrorIs(t, first.call.Save([]byte("late")), voice.ErrCallEnded)
	time.Sleep(50 * time.Millisecond) // in which it must not be counted
	require.Empty(t, f.finished(0))
	r, ok := second.call.Resumed()
	require.True(t, ok)
	require.Equal(t, "one", string(r.State))
	close(leave)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"completed"}, f.finished(1))
}

// TestAllInstancesStop: callers hear an apology, and nothing loops.
func TestAllInstancesStop(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	f := newFleet(t, 2, memory(), voice.Config{Handler: h})
	call := f.tw.Dial(caller, callee)
	next(t, h.starts)
	f.holder(call, 1)
	var all sync.WaitGroup
	for _, srv := range f.servers {
		all.Go(func() { srv.Shutdown(t.Context()) })
	}
	require.NoError(t, call.Wait(t.Context()))
	all.Wait()
	require.Len(t, call.Said(), 1)
	require.Contains(t, call.Said()[0], "sorry")
	require.Equal(t, []string{"failed"}, f.finished(1))
	require.Equal(t, []voice.Reason{voice.ReasonRefused}, f.cut())
}

// TestCutCallIsCountedOnce: only the status callback ends a call that broke, which was
// cut.
func TestCutCallIsCountedOnce(t *testing.T) {
	t.Parallel()
	h := newCounting(t)
	f := newFleet(t, 1, memory(), voice.Config{Handler: h, Resume: voice.ResumeShared})
	call := f.tw.Dial(caller, callee, voicetest.EditRequest(func(hop voicetest.Hop, r *http.Request) {
		if strings.Contains(r.URL.Path, "/resume/") {
			r.URL.Path = "/nowhere" // Twilio does not get through
		}
	}))
	next(t, h.starts)
	f.Reset(f.holder(call, 1))
	call.Wait(t.Context())
	require.Equal(t, []string{"failed"}, f.finished(1))
	require.Equal(t, []voice.Reason{voice.ReasonDisconnect}, f.cut())
}

func TestSaveRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	errs := make(chan error, 2)
	f := newFleet(t, 1, memory(), voice.Config{Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
		errs <- call.Save(make([]byte, voice.MaxState+1))
		errs <- call.Save(make([]byte, voice.MaxState))
		return nil
	})})
	require.NoError(t, f.tw.Dial(caller, callee).Wait(t.Context()))
	require.ErrorIs(t, next(t, errs), voice.ErrStateTooLarge)
	require.NoError(t, next(t, errs))
}

// TestResumedCallKeepsWhatItHas: its place and its start, without a question to the policy,
// and without Config.Before.
func TestResumedCallKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	type start struct {
		at  time.Time
		leg int
	}
	engine := memory()
	store, err := policy.NewStore(engine, policy.StoreOptions{Wait: patience})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	places := policy.Concurrent(1, policy.ConcurrencyOptions{Store: store})
	var asked atomic.Int64
	counts := policy.Func(func(context.Context, policy.Call) policy.Decision {
		asked.Add(1)
		return policy.Decision{Verdict: policy.Allow}
	})
	starts := make(chan start, 4)
	f := newFleet(t, 2, engine, voice.Config{
		Policy: policy.All(counts, places),
		Before: []twiml.Verb{&twiml.Say{Text: "This call is recorded."}},
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			starts <- start{call.Started, call.Leg}
			if err := call.Save([]byte("talking")); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}),
	})
	call := f.tw.Dial(caller, callee)
	first := next(t, starts)
	f.saved(call)
	f.Reset(f.holder(call, 1))
	second := next(t, starts)
	require.Equal(t, []int{1, 2}, []int{first.leg, second.leg})
	require.True(t, first.at.Equal(second.at), "%v, %v", first.at, second.at)
	require.EqualValues(t, 1, asked.Load())
	require.Len(t, call.Said(), 1)
	other := f.tw.Dial("+14155550101", callee)
	require.NoError(t, other.Wait(t.Context()))
	require.Equal(t, "busy", other.Status(), "the place is the call's")
	call.HangUp()
	require.ElementsMatch(t, []string{"busy", "completed"}, f.finished(2))
	require.Eventually(t, func() bool { return inUse(t, places) == 0 }, patience, time.Millisecond)
}

// TestStreamThatBreaksProtocolDoesNotComeBack, and one whose handshake Twilio has not
// signed neither: the call is told so, at once.
func TestStreamThatBreaksProtocolDoesNotComeBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault voicetest.Option
		said  int
	}{
		"protocol":  {voicetest.Twice("start"), 0},
		"handshake": {voicetest.Unsigned(voicetest.Handshake), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 1, memory(), voice.Config{Handler: waiting})
			var asked atomic.Int64
			call := f.tw.Dial(caller, callee, test.fault, voicetest.EditRequest(func(_ voicetest.Hop, r *http.Request) {
				if strings.Contains(r.URL.Path, "/resume/") {
					asked.Add(1)
				}
			}))
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Silences(), "no second stream")
			require.Len(t, call.Said(), test.said)
			require.EqualValues(t, 1, asked.Load())
			require.Equal(t, []string{"failed"}, f.finished(1))
		})
	}
}
