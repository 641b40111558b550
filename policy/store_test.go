package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// network is an engine that instances share, and what can come between.
type network struct {
	*Memory
	mu    sync.Mutex
	away  bool          // questions fail at once
	deaf  bool          // answers get lost: what was asked is carried out
	late  time.Duration // how long a question takes
	asked int
}

func newNetwork() *network { return &network{Memory: NewMemory(MemoryOptions{})} }

func (n *network) set(change func(*network)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(n)
}

func (n *network) Do(ctx context.Context, ops []Op) {
	n.mu.Lock()
	away, deaf, late := n.away, n.deaf, n.late
	n.asked++
	n.mu.Unlock()
	fail := func(err error) {
		for i := range ops {
			ops[i].Err = err
		}
	}
	if late > 0 {
		select {
		case <-time.After(late):
		case <-ctx.Done():
			fail(ctx.Err())
			return
		}
	}
	if away {
		fail(errors.New("connection refused"))
		return
	}
	n.Memory.Do(ctx, ops)
	if deaf {
		fail(context.DeadlineExceeded)
	}
}

// instance returns the store of one instance.
func (n *network) instance(t *testing.T, o StoreOptions) *Store {
	s, err := NewStore(n, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func limitOn(t *testing.T, s *Store, limit int) *CallerLimit {
	l := PerCaller(limit, time.Hour, CallerLimitOptions{Store: s})
	require.NoError(t, Validate(l))
	return l
}

func placesOn(s *Store, limit int) *Concurrency {
	return Concurrent(limit, ConcurrencyOptions{Store: s})
}

// TestStoreAway: while the engine is away an instance goes by what it has counted, up to its
// share or as the fallback says; afterwards the limit is common again.
func TestStoreAway(t *testing.T) {
	for name, test := range map[string]struct {
		o             StoreOptions
		calls, places int // of 30, on two instances together, with limits of 10 and 7
	}{
		"each the whole limit": {StoreOptions{}, 20, 14},
		"each its share":       {StoreOptions{Instances: 2}, 10, 6},
		"open":                 {StoreOptions{Fallback: FallbackOpen}, 60, 60},
		"closed":               {StoreOptions{Fallback: FallbackClosed}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.away = true
				var limits []*CallerLimit
				var places []*Concurrency
				for range 2 {
					s := n.instance(t, test.o)
					limits, places = append(limits, limitOn(t, s, 10)), append(places, placesOn(s, 7))
				}
				synctest.Wait()
				calls, taken := 0, 0
				for i := range 60 {
					c := Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}
					if limits[i%2].Decide(ctx, c).Allowed() {
						calls++
					}
					if places[i%2].Decide(ctx, c).Allowed() {
						taken++
					}
				}
				require.Equal(t, []int{test.calls, test.places}, []int{calls, taken})
				for i := range 60 {
					end(places[i%2], fmt.Sprint("CA", i))
				}

				n.set(func(n *network) { n.away = false })
				time.Sleep(2 * time.Second)
				for _, l := range limits {
					require.True(t, l.store.Up())
					require.Zero(t, l.store.Stats().Late)
				}
				require.Zero(t, inUse(places[0]), "what was given back meanwhile is free")
				calls, taken = 0, 0
				for i := range 60 {
					c := Call{SID: fmt.Sprint("CB", i), From: "+14155550101"}
					if limits[i%2].Decide(ctx, c).Allowed() {
						calls++
					}
					if places[i%2].Decide(ctx, c).Allowed() {
						taken++
					}
				}
				require.Equal(t, []int{10, 7}, []int{calls, taken}, "common again")
			})
		})
	}
}

// TestLimitAfterOutage: what an instance allowed by itself the engine does not know, but the
// instance does: it never allows a caller more than the limit. What is refused so counts
// nowhere.
func TestLimitAfterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.away = true
		s := n.instance(t, StoreOptions{})
		limit := limitOn(t, s, 3)
		sid := 0
		call := func() bool {
			sid++
			return limit.Decide(ctx, Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed()
		}
		for i := range 6 {
			require.Equal(t, i < 3, call(), "call %d", i+1)
		}
		n.set(func(n *network) { n.away = false })
		time.Sleep(2 * time.Second)
		require.True(t, s.Up())
		for range 5 {
			require.False(t, call())
		}
		time.Sleep(2 * time.Second)
		calls, _, err := limit.Used(ctx, "+14155550100")
		require.NoError(t, err)
		require.Zero(t, calls, "what is refused does not count for the others")
		time.Sleep(time.Hour)
		for i := range 6 {
			require.Equal(t, i < 3, call(), "call %d of the next hour", i+1)
		}
	})
}

// TestLostAnswers: what the engine carried out and could not say is neither counted twice
// nor kept for nobody.
func TestLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := n.instance(t, StoreOptions{Fallback: FallbackClosed})
		places, limit := placesOn(s, 1), limitOn(t, s, 1)
		synctest.Wait()
		n.set(func(n *network) { n.deaf = true })
		lost := Call{SID: "CA1", From: "+14155550100"}
		require.False(t, places.Decide(ctx, lost).Allowed(), "closed")
		require.False(t, limit.Decide(ctx, lost).Allowed())
		n.set(func(n *network) { n.deaf = false })
		time.Sleep(3 * time.Second)
		require.True(t, places.Decide(ctx, Call{SID: "CA2"}).Allowed(), "the place was given back")
		require.True(t, limit.Decide(ctx, Call{SID: "CA2", From: "+14155550100"}).Allowed(), "the call was forgotten")
		require.True(t, limit.Decide(ctx, Call{SID: "CA2", From: "+14155550100"}).Allowed(), "delivered twice")
	})
}

// TestAskedAgainAfterEnd: a call that ended while the engine was away and that comes again
// before it has heard of that keeps its new place.
func TestAskedAgainAfterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := n.instance(t, StoreOptions{})
		places := placesOn(s, 2)
		synctest.Wait()
		require.True(t, places.Decide(ctx, Call{SID: "CA1"}).Allowed())
		n.set(func(n *network) { n.away = true })
		end(places, "CA1")
		n.set(func(n *network) { n.away = false })
		require.True(t, places.Decide(ctx, Call{SID: "CA1"}).Allowed())
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, inUse(places))
	})
}

// TestChangeOfWhatIsLate: an amount that was added and changed while the engine was away is
// there when it is back, also when it is changed before it has been sent.
func TestChangeOfWhatIsLate(t *testing.T) {
	for name, wait := range map[string]time.Duration{"changed while away": 5 * time.Second, "changed when it is back": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				s := n.instance(t, StoreOptions{})
				synctest.Wait()
				n.set(func(n *network) { n.away = true })
				do := func(op Op) {
					op.Space, op.ID, op.Keep = "sums", "CA1", time.Hour
					s.Do(ctx, []Op{op})
				}
				do(Op{Kind: OpAdd, Limit: Unlimited, Amount: 5})
				if wait == 0 {
					n.set(func(n *network) { n.away = false })
				}
				do(Op{Kind: OpChange, Limit: 3, Amount: 2})
				n.set(func(n *network) { n.away = false })
				time.Sleep(wait)
				sum := []Op{{Kind: OpAdd, Space: "sums", Keep: time.Hour}}
				s.Do(ctx, sum)
				require.Equal(t, Op{Kind: OpAdd, Space: "sums", Keep: time.Hour, OK: true, Total: 2}, sum[0])
			})
		})
	}
}

// TestChangeWhileItIsSent: what changes while the entry is being sent that waits, and fails to
// be, is not sent without that.
func TestChangeWhileItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, failures := NewMemory(MemoryOptions{}), 2
		add := Op{Kind: OpAdd, Space: "sums", ID: "CA1", Keep: time.Hour, Limit: Unlimited, Amount: 5}
		change, sum := add, []Op{{Kind: OpAdd, Space: "sums", Keep: time.Hour}}
		change.Kind, change.Amount = OpChange, 2
		var s *Store
		var err error
		s, err = NewStore(EngineFunc(func(ctx context.Context, ops []Op) {
			for i := range ops {
				if ops[i].Kind == OpAdd && ops[i].ID != "" && failures > 0 {
					if failures--; failures == 0 {
						s.Later(change)
					}
					ops[i].Err = ErrAway
					return
				}
			}
			memory.Do(ctx, ops)
		}), StoreOptions{})
		require.NoError(t, err)
		defer s.Close()
		synctest.Wait()
		s.Do(ctx, []Op{add})
		time.Sleep(5 * time.Second)
		s.Do(ctx, sum)
		require.EqualValues(t, 2, sum[0].Total)
	})
}

// TestWatchHearsAnswersAlone: Watch reports nothing while the engine does not answer.
func TestWatchHearsAnswersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := n.instance(t, StoreOptions{})
		var heard atomic.Int64
		s.Watch(func() Op { return Op{Kind: OpRead, Space: "value", Name: "x"} }, func(op Op) {
			require.NoError(t, op.Err)
			heard.Add(1)
		})
		time.Sleep(3 * time.Second)
		require.Positive(t, heard.Load())
		n.set(func(n *network) { n.away = true })
		time.Sleep(3 * time.Second)
		n.set(func(n *network) { n.away = false })
		time.Sleep(3 * time.Second)
	})
}

// TestPlacesReleasedElsewhere: the end of a call often reaches another instance. The
// one that took it must not go on counting it when it is left to itself.
func TestPlacesReleasedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		here, there := placesOn(n.instance(t, StoreOptions{}), 3), placesOn(n.instance(t, StoreOptions{}), 3)
		synctest.Wait()
		for i := range 20 {
			sid := fmt.Sprint("CA", i)
			require.True(t, here.Decide(ctx, Call{SID: sid}).Allowed())
			time.Sleep(time.Second)
			end(there, sid)
		}
		n.set(func(n *network) { n.away = true })
		allowed := 0
		for i := range 5 {
			if here.Decide(ctx, Call{SID: fmt.Sprint("CB", i)}).Allowed() {
				allowed++
			}
		}
		require.Equal(t, 2, allowed, "of three places it knows one to be taken, that of the last call")
	})
}

// TestPlacesOfADeadInstance: nobody says any more that its calls are running, so their
// places free themselves.
func TestPlacesOfADeadInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		dead, alive := placesOn(n.instance(t, StoreOptions{}), 3), placesOn(n.instance(t, StoreOptions{}), 3)
		for i := range 3 {
			c := Call{SID: fmt.Sprint("CA", i)}
			require.True(t, dead.Decide(ctx, c).Allowed())
			Tell(ctx, Outcome{Kind: OutcomeRunning}, dead, nil, c)
		}
		time.Sleep(RunningLease - time.Second)
		require.False(t, alive.Decide(ctx, Call{SID: "CB"}).Allowed(), "no lease has ended yet")
		time.Sleep(time.Second)
		for i := range 4 {
			require.Equal(t, i < 3, alive.Decide(ctx, Call{SID: fmt.Sprint("CB", i)}).Allowed())
		}
	})
}

// TestPlaceOfALongCall: a call that goes on for hours keeps its place.
func TestPlaceOfALongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := Concurrent(1)
		long := Call{SID: "CA1"}
		require.True(t, places.Decide(ctx, long).Allowed())
		for range 3 * 120 { // two hours
			time.Sleep(RunningLease / 3)
			Tell(ctx, Outcome{Kind: OutcomeRunning}, places, nil, long)
			require.False(t, places.Decide(ctx, Call{SID: "CA2"}).Allowed())
		}
		end(places, "CA1")
		require.True(t, places.Decide(ctx, Call{SID: "CA2"}).Allowed())
	})
}

// TestExemptCalls take no place, also when they are said to be running, and give nobody's back.
func TestExemptCalls(t *testing.T) {
	places := Concurrent(1)
	emergency := func(c Call) bool { return c.To == "+112" }
	p := All(Say("busy", Except(emergency, All(places))))
	exempt := Call{SID: "CA1", To: "+112"}
	require.True(t, p.Decide(ctx, exempt).Allowed())
	Tell(ctx, Outcome{Kind: OutcomeRunning}, p, nil, exempt)
	require.Zero(t, inUse(places))
	other := Call{SID: "CA2", To: "+14155550199"}
	require.True(t, p.Decide(ctx, other).Allowed())
	Tell(ctx, Outcome{Kind: OutcomeRunning}, p, nil, exempt, other)
	Tell(ctx, Outcome{Kind: OutcomeEnded}, p, nil, exempt)
	require.Equal(t, 1, inUse(places))
	end(p, "CA2")
	require.Zero(t, inUse(places))
}

// TestOneQuestion: policies of one store ask it together, those that hold what is scarce
// after all others have allowed the call, and what was taken is given back when one
// refuses.
func TestOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := n.instance(t, StoreOptions{RetryEvery: time.Hour})
		day := PerCaller(5, 24*time.Hour, CallerLimitOptions{Store: s})
		require.NoError(t, Validate(day))
		places := placesOn(s, 1)
		p := All(day, Say("later", limitOn(t, s, 2)), All(places))
		synctest.Wait()
		ask := func(sid, from string) (Decision, int) {
			n.mu.Lock()
			before := n.asked
			n.mu.Unlock()
			d := p.Decide(ctx, Call{SID: sid, From: from})
			n.mu.Lock()
			defer n.mu.Unlock()
			return d, n.asked - before
		}
		d, asked := ask("CA1", "+14155550100")
		require.True(t, d.Allowed())
		require.Equal(t, 2, asked)
		d, asked = ask("CA1", "+14155550100")
		require.True(t, d.Allowed(), "delivered twice")
		require.Equal(t, 2, asked)
		d, asked = ask("CA2", "+14155550100")
		require.Equal(t, ReasonCapacity, d.Reason)
		require.Equal(t, 3, asked, "and one to give back")
		end(p, "CA1")
		d, _ = ask("CA3", "+14155550100")
		require.True(t, d.Allowed(), "CA2 did not count")
		end(p, "CA3")
		d, asked = ask("CA4", "+14155550100")
		require.Equal(t, Decision{Verdict: Reject, Reason: ReasonRateLimit, Busy: true, Message: "later"}, d)
		require.Equal(t, 2, asked, "no place was asked for")
		calls, _, err := day.Used(ctx, "+14155550100")
		require.NoError(t, err)
		require.Equal(t, 2, calls, "what another limit refuses does not count")
	})
}

// TestStoreSaysSo: one line, one report, at the start too, and again when it is back.
func TestStoreSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.away = true
		var log bytes.Buffer
		var states []bool
		answers := 0
		s := n.instance(t, StoreOptions{
			Logger: slog.New(slog.NewTextHandler(&log, nil)), OnState: func(up bool) { states = append(states, up) },
			OnAnswer: func(time.Duration, error) { answers++ },
		})
		synctest.Wait()
		require.False(t, s.Up(), "at the start one failure is enough")
		time.Sleep(10 * time.Second)
		n.set(func(n *network) { n.away = false })
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []bool{false, true}, states)
		require.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
		require.Equal(t, 1, strings.Count(log.String(), "level=INFO"))
		require.Greater(t, answers, 10)
		limit := limitOn(t, s, 100)
		n.set(func(n *network) { n.late = time.Minute })
		begin := time.Now()
		for i := range 10 {
			limit.Decide(ctx, Call{SID: fmt.Sprint(i), From: "+14155550100"})
		}
		require.LessOrEqual(t, time.Since(begin), 3*50*time.Millisecond, "then it is left alone")
		gone, cancel := context.WithCancel(ctx)
		cancel()
		n.set(func(n *network) { n.late = 0 })
		time.Sleep(2 * time.Second)
		for i := range 5 {
			limit.Decide(gone, Call{SID: fmt.Sprint("CA", i), From: "+14155550100"})
		}
		require.True(t, s.Up(), "a caller who gives up says nothing about the engine")
	})
}

// TestEngineThatOnlyReads is away: a Redis that is full, or one that became a replica.
func TestEngineThatOnlyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := NewMemory(MemoryOptions{})
		var full atomic.Bool
		var states []bool
		s, err := NewStore(EngineFunc(func(ctx context.Context, ops []Op) {
			for i := range ops {
				if full.Load() && ops[i].Kind != OpRead {
					ops[i].Err = errors.New("OOM command not allowed when used memory > 'maxmemory'")
					continue
				}
				memory.Do(ctx, ops[i:i+1])
			}
		}), StoreOptions{OnState: func(up bool) { states = append(states, up) }})
		require.NoError(t, err)
		defer s.Close()
		set := s.Setting("x", nil, func([]byte) error { return nil })
		require.NoError(t, set.Update(ctx, func([]byte) ([]byte, error) { return []byte("text"), nil }))
		full.Store(true)
		limit := limitOn(t, s, 100)
		for i := range 60 {
			time.Sleep(time.Second)
			limit.Decide(ctx, Call{SID: fmt.Sprint("CA", i), From: "+14155550100"})
		}
		require.False(t, s.Up())
		full.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.True(t, s.Up())
		require.Equal(t, []bool{false, true}, states)
	})
}

func TestStoreOptions(t *testing.T) {
	_, err := NewStore(nil, StoreOptions{Wait: -1, RetryEvery: 5, Instances: -1, Fallback: 9})
	for _, want := range []string{"Wait", "RetryEvery", "Instances", "Fallback 9"} {
		require.ErrorContains(t, err, want)
	}
}

// TestMuchThatWaited: an engine that takes long for all that waited while it was away is not
// given up for that, and gets it all.
func TestMuchThatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		engine := EngineFunc(func(ctx context.Context, ops []Op) {
			select {
			case <-time.After(time.Duration(len(ops)) * time.Millisecond):
				n.Do(ctx, ops)
			case <-ctx.Done():
				for i := range ops {
					ops[i].Err = ctx.Err()
				}
			}
		})
		var given atomic.Int32
		s, err := NewStore(engine, StoreOptions{Wait: 50 * time.Millisecond, OnState: func(up bool) {
			if !up {
				given.Add(1)
			}
		}})
		require.NoError(t, err)
		defer s.Close()
		n.set(func(n *network) { n.away = true })
		time.Sleep(2 * time.Second)
		require.False(t, s.Up())
		const calls = 1200
		for i := range calls {
			s.Do(t.Context(), []Op{{Kind: OpHold, Space: "places", ID: fmt.Sprint("CA", i), Keep: time.Hour, Limit: Unlimited}})
		}
		require.Equal(t, calls, s.Stats().Late)
		n.set(func(n *network) { n.away = false })
		time.Sleep(5 * time.Second)
		require.True(t, s.Up())
		require.Zero(t, s.Stats().Late)
		require.EqualValues(t, 1, given.Load())
		ops := []Op{{Kind: OpHold, Space: "places"}}
		n.Do(t.Context(), ops)
		require.EqualValues(t, calls, ops[0].Total)
	})
}
