package voice

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
)

// TestLegs: from which leg a call goes on, and with what.
func TestLegs(t *testing.T) {
	at := func(phase phase, chain int64, number int) *leg {
		return &leg{phase: phase, info: Info{Leg: number}, passage: passage{chain: chain}}
	}
	for name, test := range map[string]struct {
		last           *leg
		passed, before bool // for stream 2 of chain 5, and for the ticket behind it
	}{
		"nothing is known": {at(isNone, 0, 0), false, true},
		"the one before":   {at(isUp, 5, 1), false, true},
		"the same":         {at(isUp, 5, 2), false, false},
		"the same, broken": {at(hasBroke, 5, 2), false, false},
		"the same, done":   {at(isDone, 5, 2), true, true},
		"the next":         {at(isUp, 5, 3), true, false},
		"of another chain": {at(isUp, 4, 3), false, true},
		"another, done":    {at(isDone, 4, 2), false, true},
	} {
		next := at(isUp, 5, 2)
		require.Equal(t, test.passed, test.last.passed(&ticket{info: next.info, passage: next.passage}), name)
		require.Equal(t, test.before, test.last.before(next), name)
	}

	token := passage{broke: time.Now(), cause: ReasonDisconnect}
	for name, test := range map[string]struct {
		phase phase
		age   time.Duration
		cause Reason
	}{
		"broke just now":      {hasBroke, time.Second, ReasonShutdown},
		"has not said so":     {isUp, time.Second, ReasonDisconnect},
		"long ago":            {hasBroke, breakLease + time.Second, ReasonDisconnect},
		"by a clock ahead":    {hasBroke, -time.Minute, ReasonDisconnect},
		"at the lease's rim":  {hasBroke, breakLease - time.Second, ReasonShutdown},
		"nobody knows of one": {isNone, 0, ReasonDisconnect},
	} {
		last := leg{phase: test.phase, passage: passage{broke: token.broke.Add(-test.age), cause: ReasonShutdown}}
		p := last.after(token)
		require.Equal(t, test.cause, p.cause, name)
		require.Equal(t, test.cause == ReasonDisconnect, p.broke.Equal(token.broke), name)
	}
}

// TestOwnerOfAnEarlierChainIsFenced: a call that came back by its first webhook has a new
// series of streams, whose first has a number that is not higher.
func TestOwnerOfAnEarlierChainIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := policy.NewMemory(policy.MemoryOptions{})
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		first, fenced := ownerFor(one, 3, 0)
		_, ok := first.take(t.Context())
		require.True(t, ok)
		second, _ := ownerFor(two, 1, 0)
		second.leg.chain = 2
		_, ok = second.take(t.Context())
		require.True(t, ok)
		first.save([]byte("late"))
		time.Sleep(2 * saveEvery)
		last, err := two.lastLeg(t.Context(), someInfo.SID)
		require.NoError(t, err)
		require.EqualValues(t, 2, last.chain)
		require.True(t, first.isLost())
		<-fenced
		first.close()
		second.close()
	})
}

// TestStreamThatBrokeProtocolIsMarked: all instances know that the call is over before its
// connection is closed and one of them is asked how it goes on.
func TestStreamThatBrokeProtocolIsMarked(t *testing.T) {
	for kind, marked := range map[mediastream.ErrorType]bool{
		mediastream.ErrorProtocol: true, mediastream.ErrorOversize: true, mediastream.ErrorDisconnect: false, mediastream.ErrorTimeout: false,
	} {
		engine := policy.NewMemory(policy.MemoryOptions{})
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		one.keepFromResuming(someInfo, &fault{kind: kind})
		_, err := two.lastLeg(t.Context(), someInfo.SID)
		require.Equal(t, marked, err == errOver, kind)
	}
}

// forgetful is an engine that can be away, or lose all that it knows.
type forgetful struct {
	mu     sync.Mutex
	engine policy.Engine
	away   bool
}

func (e *forgetful) Do(ctx context.Context, ops []policy.Op) {
	e.mu.Lock()
	engine, away := e.engine, e.away
	e.mu.Unlock()
	if !away {
		engine.Do(ctx, ops)
		return
	}
	for i := range ops {
		ops[i].Err = io.ErrUnexpectedEOF
	}
}

// be puts another engine in the place of the one before.
func (e *forgetful) be(engine policy.Engine, away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.engine, e.away = engine, away
}

// TestStoreThatForgetsIsTold: what the store knew of a live call, it knows again soon after it
// has lost everything, and another instance goes on with the call rather than begin again.
func TestStoreThatForgetsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &forgetful{engine: policy.NewMemory(policy.MemoryOptions{})}
		s := instanceOn(t, engine)
		o, _ := ownerFor(s, 1, 1)
		_, ok := o.take(t.Context())
		require.True(t, ok)
		o.save([]byte("greeted"))
		require.True(t, s.register(&liveCall{Call: &Call{Info: someInfo, owner: o}, server: s}))
		defer func() {
			s.mu.Lock()
			clear(s.calls)
			s.rest()
			s.mu.Unlock()
			o.close()
		}()
		time.Sleep(5 * time.Second)
		engine.be(policy.NewMemory(policy.MemoryOptions{}), false)
		time.Sleep(3 * time.Second)
		last, err := s.lastLeg(t.Context(), someInfo.SID)
		require.NoError(t, err)
		require.Equal(t, isUp, last.phase)
		require.Equal(t, 1, last.unheard)
		state, err := s.keys.Load().openConversation(last.state, someInfo.SID, 1)
		require.NoError(t, err)
		require.Equal(t, "greeted", string(state.state))
	})
}

// TestCountedOnceWhileTheStoreIsAway: the instance that had the stream counts the call by
// itself after a while, and the one that heard of its end does not count it too when the
// store is back, though it asks first.
func TestCountedOnceWhileTheStoreIsAway(t *testing.T) {
	for name, alive := range map[string]bool{"the instance is up": true, "the instance has gone": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := &forgetful{engine: policy.NewMemory(policy.MemoryOptions{}), away: true}
				memory := engine.engine
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				counted := counting(one, two)
				time.Sleep(300 * time.Millisecond)
				two.over(someInfo, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"})
				time.Sleep(400 * time.Millisecond)
				if alive {
					one.finish(someInfo, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}, streamed, true)
				}
				time.Sleep(7700 * time.Millisecond)
				engine.be(memory, false)
				time.Sleep(20 * time.Second)
				require.Len(t, counted(), 1)
			})
		})
	}
}

// TestStoreThatForgetsAnEnd: a call whose end the store has lost is not counted again by the
// instance that waits to tell it.
func TestStoreThatForgetsAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &forgetful{engine: policy.NewMemory(policy.MemoryOptions{})}
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		counted := counting(one, two)
		o, _ := ownerFor(one, 1, 0)
		_, ok := o.take(t.Context())
		require.True(t, ok)
		time.Sleep(3500 * time.Millisecond)
		ended := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}
		two.over(someInfo, ended)
		one.finish(someInfo, ended, streamed, true)
		time.Sleep(100 * time.Millisecond)
		engine.be(nil, true)
		time.Sleep(time.Second)
		engine.be(policy.NewMemory(policy.MemoryOptions{}), false)
		time.Sleep(20 * time.Second)
		require.Equal(t, []string{"completed"}, counted())
		o.close()
	})
}

// TestStoreThatForgetsAMove: an instance that had the call before, and waits for what becomes
// of it, does not count it as cut when the store has lost that it went on, or that another
// instance has told its end.
func TestStoreThatForgetsAMove(t *testing.T) {
	for name, what := range map[string]string{"moved": "moves", "over": "ends", "did not move": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := &forgetful{engine: policy.NewMemory(policy.MemoryOptions{})}
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				var cut []Reason
				var mu sync.Mutex
				one.config.Trace = one.config.Trace.Join(&Trace{CallCut: func(_ Info, why Reason) { mu.Lock(); defer mu.Unlock(); cut = append(cut, why) }})
				first, _ := ownerFor(one, 1, 0)
				_, ok := first.take(t.Context())
				require.True(t, ok)
				info := someInfo
				info.Leg = 1
				one.broke(&liveCall{Call: &Call{Info: info, owner: first}, server: one, reason: ReasonDisconnect, said: -1})
				second, _ := ownerFor(two, 2, 0)
				switch what {
				case "moves":
					_, ok = second.take(t.Context())
					require.True(t, ok)
				case "ends":
					two.finish(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}, over, false)
				}
				time.Sleep(breakLease / 2)
				two.toldEnds.mu.Lock() // as if it had gone
				two.toldEnds.all = nil
				two.toldEnds.mu.Unlock()
				mu.Lock()
				require.Empty(t, cut)
				mu.Unlock()
				engine.be(policy.NewMemory(policy.MemoryOptions{}), false)
				time.Sleep(breakLease)
				mu.Lock()
				defer mu.Unlock()
				if what != "" {
					require.Empty(t, cut)
				} else {
					require.Equal(t, []Reason{ReasonDisconnect}, cut)
				}
				first.close()
				second.close()
			})
		})
	}
}

// TestStatusCallbackWaitsForTheCount: while the store is away, the answer comes when the call
// has been counted, so that a load balancer sends the callback on if the instance is killed
// before.
func TestStatusCallbackWaitsForTheCount(t *testing.T) {
	for name, wasHere := range map[string]bool{"the stream was here": true, "it was elsewhere": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := &forgetful{engine: policy.NewMemory(policy.MemoryOptions{}), away: true}
				s := instanceOn(t, engine)
				counted := counting(s)
				time.Sleep(300 * time.Millisecond)
				if wasHere {
					s.finish(someInfo, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}, streamed, true)
				}
				form := url.Values{"CallSid": {someInfo.SID}, "AccountSid": {someInfo.AccountSID}, "From": {someInfo.From}, "To": {someInfo.To},
					"Direction": {someInfo.Direction}, "CallStatus": {"completed"}, "CallDuration": {"4"}}
				r := httptest.NewRequest(http.MethodPost, "https://calls.example.com/api/voice/status", nil)
				r.PostForm, r.Form = form, form
				answer := httptest.NewRecorder()
				begun := time.Now()
				s.serveStatus(answer, r)
				require.Equal(t, http.StatusNoContent, answer.Code)
				if wasHere {
					require.Len(t, counted(), 1)
					require.LessOrEqual(t, time.Since(begun), countAlone+retellEvery)
					return
				}
				require.Empty(t, counted(), "another instance may count it, or have")
				require.Equal(t, holdStatus, time.Since(begun), "Twilio gives up after 15 s")
				engine.be(engine.engine, false)
				time.Sleep(othersFirst + 3*retellEvery)
				require.Len(t, counted(), 1)
			})
		})
	}
}
