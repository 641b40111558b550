package outbound

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/capacity"
)

func newGate(t *testing.T, caps string, o GateOptions) *Gate {
	var err error
	if o.Destinations == nil {
		o.Destinations, err = NewDestinations(DestinationsOptions{Countries: []string{"US", "DE", "GB"}, Other: []string{"sip:*"}})
		require.NoError(t, err)
	}
	o.Caps, err = ParseCaps(caps)
	require.NoError(t, err)
	g, err := NewGate(o)
	require.NoError(t, err)
	return g
}

// TestGateDeniesByDefault: what nothing allows is refused, whatever is left out.
func TestGateDeniesByDefault(t *testing.T) {
	none, err := NewGate(GateOptions{Caps: []Cap{{To: "*", Calls: policy.Unlimited, Minutes: policy.Unlimited}}})
	require.NoError(t, err)
	empty := newGate(t, "*=-/-", GateOptions{Destinations: new(Destinations)})
	uncapped := newGate(t, "DE=10/100", GateOptions{})
	zero := newGate(t, "DE=10/100", GateOptions{})
	zero.meters = append(zero.meters, must(newMeter(Cap{To: "*"})))
	for _, tt := range []struct {
		name  string
		gate  *Gate
		to    string
		cause error
	}{
		{"no destinations", none, "+14155550100", ErrCountry},
		{"no destinations", none, "sip:help@example.com", ErrAddress},
		{"a zero Destinations", empty, "+14155550100", ErrCountry},
		{"a zero Destinations", empty, "sip:help@example.com", ErrAddress},
		{"no cap", uncapped, "+14155550100", ErrUncapped},
		{"no cap", uncapped, "sip:help@example.com", ErrUncapped},
		{"a premium number under a cap", uncapped, "+499001234567", ErrClass},
		{"nonsense", uncapped, "911", ErrNumber},
		{"a cap of zero", zero, "+4930123456", ErrCalls},
		{"no minute left for a whole call", newGate(t, "*=10/4", GateOptions{}), "+4930123456", ErrMinutes},
	} {
		permit, err := tt.gate.Decide(t.Context(), tt.to, 0)
		require.ErrorIs(t, err, tt.cause, "%s: %s", tt.name, tt.to)
		require.Nil(t, permit)
		require.NotContains(t, err.Error(), strings.TrimPrefix(tt.to, "+"))
	}
	require.Equal(t, policy.ReasonRateLimit, (&Error{Cause: ErrCalls}).Reason())
	require.Equal(t, policy.ReasonRateLimit, (&Error{Cause: ErrMinutes}).Reason())
	require.Equal(t, policy.ReasonBlocked, (&Error{Cause: ErrUncapped}).Reason())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestGateMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, "*=-/15", GateOptions{Pacer: NewPacer(1e6)})
		dial := func() *Permit {
			p, err := g.Decide(t.Context(), "+14155550100", 0)
			require.NoError(t, err)
			require.Equal(t, 5*time.Minute, p.TimeLimit)
			return p
		}
		full := func() {
			_, err := g.Decide(t.Context(), "+14155550100", 0)
			require.ErrorIs(t, err, ErrMinutes)
			var e *Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, "*", e.Cap)
		}
		first, second, third := dial(), dial(), dial()
		full() // three times five minutes, though nobody has talked yet
		first.Placed("CA1")
		second.Placed("CA2")
		third.Cancel()
		third.Cancel()
		dial().Placed("CA3") // what was not dialled does not count
		full()
		time.Sleep(61 * time.Second)
		ended(g, "CA1", "+14155550100", 61*time.Second) // two minutes of five
		ended(g, "CA1", "+14155550100", 61*time.Second)
		ended(g, "unknown", "+14155550100", 0)
		ended(g, "CA2", "+4930", -1) // nobody knows how long
		first.Cancel()               // too late
		full()
		time.Sleep(90 * time.Second)
		ended(g, "CA2", "+14155550100", 151*time.Second) // three
		dial().Placed("CA4")
		full()
		time.Sleep(time.Hour)
		ended(g, "CA3", "+14155550100", time.Hour) // it was not longer than it may be
		full()
		time.Sleep(23*time.Hour - time.Minute)
		dial().Placed("CA5")
		dial().Placed("CA6") // a day after the first calls
		full()
	})
}

// TestGateOfTwoInstances: the callback of a call reaches another instance than placed it, and
// what the call did not last can be used by both.
func TestGateOfTwoInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gates []*Gate
		engine := policy.NewMemory(policy.MemoryOptions{})
		for range 2 {
			store, err := policy.NewStore(engine, policy.StoreOptions{})
			require.NoError(t, err)
			defer store.Close()
			gates = append(gates, newGate(t, "*=-/10", GateOptions{Pacer: NewPacer(1e6), Store: store}))
		}
		for i := range 6 { // of less than a second each
			p, err := gates[i%2].Decide(t.Context(), "+14155550100", 0)
			require.NoError(t, err, "call %d", i+1)
			sid := fmt.Sprint("CA", i)
			p.Placed(sid)
			ended(gates[(i+1)%2], sid, "+14155550100", time.Second)
		}
		_, err := gates[0].Decide(t.Context(), "+14155550100", 0)
		require.ErrorIs(t, err, ErrMinutes, "six of ten minutes are used, and a call may last five")
	})
}

func ended(g *Gate, sid, to string, lasted time.Duration) {
	g.Observe(context.Background(), policy.Call{SID: sid, To: to, Direction: "outbound-api"}, policy.Outcome{Kind: policy.OutcomeEnded, Duration: lasted, Billed: true})
}

// TestGatePaces: who is refused takes no turn and does not wait; who gives up
// counts for nothing.
func TestGatePaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, "*=3/-", GateOptions{})
		begin := time.Now()
		_, err := g.Decide(t.Context(), "+14155550100", 0)
		require.NoError(t, err)
		short, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		_, err = g.Decide(short, "+14155550100", 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for i := range 2 {
			_, err = g.Decide(t.Context(), "+14155550100", 0)
			require.NoError(t, err)
			require.Equal(t, time.Duration(i+1)*time.Second, time.Since(begin))
		}
		for range 5 {
			_, err = g.Decide(t.Context(), "+14155550100", 0)
			require.ErrorIs(t, err, ErrCalls)
		}
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

// TestGateBudget: when the money is spent nothing is dialled, whoever waits already
// included, until the next month.
func TestGateBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := capacity.NewBudget(1, capacity.Rates{Outbound: 0.5}, nil)
		g := newGate(t, "*=3/-", GateOptions{Budget: budget})
		dial := func(cause error) {
			_, err := g.Decide(t.Context(), "+4930123456", 0)
			require.ErrorIs(t, err, cause)
			var e *Error
			if errors.As(err, &e) {
				require.Equal(t, Error{Cause: cause, Country: "DE", Class: ClassOrdinary}, *e)
				require.Equal(t, policy.ReasonRateLimit, e.Reason())
			}
		}
		dial(nil)
		budget.Add(capacity.Ended{Length: time.Minute, Outbound: true})
		var wg sync.WaitGroup
		wg.Go(func() { dial(ErrBudget) })
		synctest.Wait()
		budget.Add(capacity.Ended{Length: time.Minute, Outbound: true})
		wg.Wait()
		begin := time.Now()
		for range 5 {
			dial(ErrBudget)
		}
		require.Zero(t, time.Since(begin), "at once")
		_, err := g.Decide(t.Context(), "911", 0)
		require.ErrorIs(t, err, ErrNumber)
		time.Sleep(31 * 24 * time.Hour)
		for range 3 {
			dial(nil) // what was refused holds no room
		}
	})
}

// TestGateLongWait: calls that wait for their turn for hours count in the hour and the
// day in which they are made, and until then too.
func TestGateLongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, "US=-/-, DE=2/10", GateOptions{Pacer: NewPacer(1 / (12 * time.Hour).Seconds())})
		begin := time.Now()
		var wg sync.WaitGroup
		for _, to := range []string{"+14155550100", "+14155550100", "+4930123456", "+4930123456"} {
			wg.Go(func() {
				p, err := g.Decide(t.Context(), to, 0)
				require.NoError(t, err)
				p.Placed(fmt.Sprint("CA", time.Since(begin)))
			})
			synctest.Wait()
		}
		refused := func(cause error) {
			_, err := g.Decide(t.Context(), "+4930123456", 0)
			require.ErrorIs(t, err, cause, time.Since(begin))
		}
		refused(ErrCalls)
		time.Sleep(2 * time.Hour)
		refused(ErrCalls) // both wait
		wg.Wait()
		require.Equal(t, 36*time.Hour, time.Since(begin))
		refused(ErrMinutes) // they were made 12 hours ago and now
		time.Sleep(time.Minute)
		ended(g, "CA36h0m0s", "+4930123456", time.Minute) // one minute of five
		refused(ErrMinutes)
		time.Sleep(12*time.Hour - time.Minute)
		_, err := g.Decide(t.Context(), "+4930123456", 0)
		require.NoError(t, err, "a day after the first")
		refused(ErrMinutes)
	})
}

// TestGateAtOnce: the last room under a cap goes to one.
func TestGateAtOnce(t *testing.T) {
	g := newGate(t, "*=20/100, DE=7/-", GateOptions{Pacer: NewPacer(1e6)})
	var mu sync.Mutex
	allowed := make(map[string]int)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			to := []string{"+14155550100", "+4930123456"}[i%2]
			if p, err := g.Decide(t.Context(), to, 0); err == nil {
				p.Placed(fmt.Sprint("CA", i))
				mu.Lock()
				allowed[to]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, allowed["+4930123456"], 7)
	require.Equal(t, 20, allowed["+14155550100"]+allowed["+4930123456"])
}

// naive is what caps promise, written down without any care for time or memory.
type naive struct {
	caps  []Cap
	calls []*naiveCall
}

type naiveCall struct {
	to, country string
	at, placed  time.Time
	minutes     int // 0 if it was cancelled
}

func (n *naive) covered(c Cap, to, country string) bool {
	prefix, isPrefix := strings.CutSuffix(c.To, "*")
	return c.To == "*" || c.To == country || c.To == to || isPrefix && strings.HasPrefix(to, prefix)
}

func (n *naive) decide(to, country string, longest int, now time.Time) error {
	covered := false
	for _, c := range n.caps {
		if !n.covered(c, to, country) {
			continue
		}
		covered = true
		calls, minutes := 0, 0
		for _, old := range n.calls {
			if old.minutes == 0 || !n.covered(c, old.to, old.country) {
				continue
			}
			if now.Sub(old.at) < time.Hour {
				calls++
			}
			if now.Sub(old.at) < 24*time.Hour {
				minutes += old.minutes
			}
		}
		switch {
		case c.Calls >= 0 && calls+1 > c.Calls:
			return ErrCalls
		case c.Minutes >= 0 && minutes+longest > c.Minutes:
			return ErrMinutes
		}
	}
	if !covered {
		return ErrUncapped
	}
	return nil
}

// TestGateAgainstModel plays weeks of calls under a virtual clock: each answer is that
// of the model, and what the gate keeps stays within the caps.
func TestGateAgainstModel(t *testing.T) {
	const list = "*=40/300, US=20/-, DE=-/60, +4930*=3/40, +4930123456=2/12, sip:*=5/20"
	destinations := []struct{ to, country string }{
		{"+14155550100", "US"}, {"+12125550100", "US"}, {"+4930123456", "DE"}, {"+4930999999", "DE"},
		{"+498912345", "DE"}, {"+442079460000", "GB"}, {"sip:help@example.com", ""},
	}
	seen := make(map[error]int)
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			caps := list
			if seed%2 == 1 {
				_, caps, _ = strings.Cut(list, ",") // without the cap on everything
			}
			g := newGate(t, caps, GateOptions{Pacer: NewPacer(1e6), TimeLimit: 4*time.Minute + 30*time.Second})
			model := &naive{caps: must(ParseCaps(caps))}
			open := make(map[string]*naiveCall)
			for i := range 4000 {
				d := destinations[r.IntN(len(destinations))]
				now := time.Now()
				want := model.decide(d.to, d.country, 5, now)
				permit, err := g.Decide(t.Context(), d.to, 0)
				require.ErrorIs(t, err, want, "call %d to %s", i, d.to)
				seen[want]++
				if want == nil {
					c := &naiveCall{d.to, d.country, time.Now(), time.Time{}, 5}
					model.calls = append(model.calls, c)
					switch r.IntN(4) {
					case 0:
						permit.Cancel()
						c.minutes = 0
					case 1: // nothing more is heard of it
					default:
						permit.Placed(fmt.Sprint("CA", i))
						c.placed = time.Now()
						open[fmt.Sprint("CA", i)] = c
					}
				}
				step := []time.Duration{time.Millisecond, 7 * time.Second, time.Minute, 13 * time.Minute, 2 * time.Hour}[r.IntN(5)]
				time.Sleep(time.Duration(r.Int64N(int64(step))))
				for _, sid := range slices.Sorted(maps.Keys(open)) { // in an order that a seed repeats
					c := open[sid]
					if lasted := time.Since(c.placed); r.IntN(3) == 0 || lasted > 14*time.Minute {
						ended(g, sid, c.to, lasted)
						delete(open, sid)
						c.minutes = min(5, max(1, int((lasted+time.Minute-1)/time.Minute)))
					}
				}
				model.calls = slices.DeleteFunc(model.calls, func(c *naiveCall) bool { return time.Since(c.at) > 25*time.Hour })
			}
		})
	}
	t.Log(seen)
	for _, answer := range []error{nil, ErrCalls, ErrMinutes, ErrUncapped} {
		require.Positive(t, seen[answer])
	}
}

func TestParseCaps(t *testing.T) {
	caps, err := ParseCaps("\ufeff *=60/600, DE = 20 / -,\n+4930*=-/0 ,")
	require.NoError(t, err)
	require.Equal(t, []Cap{{"*", 60, 600}, {"DE", 20, policy.Unlimited}, {"+4930*", policy.Unlimited, 0}}, caps)
	_, err = ParseCaps("*, US=1, de=1/1, UK=0/0, FR=-1/1, +49x*=1/1, =1/1, IT=1/99999999999")
	for _, want := range []string{`"*"`, `"US=1"`, `"de=1/1"`, `"UK=0/0"`, `"FR=-1/1"`, `"+49x*=1/1"`, `"=1/1"`, `"IT=1/99999999999"`} {
		require.ErrorContains(t, err, "cap "+want)
	}
	_, err = NewGate(GateOptions{Caps: []Cap{{To: "x"}, {To: ""}}, TimeLimit: -1})
	for _, want := range []string{`"x"`, "empty", "-1ns"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewGate(GateOptions{TimeLimit: math.MaxInt64})
	require.ErrorContains(t, err, "more than a day")
	_, err = NewGate(GateOptions{TimeLimit: 300})
	require.ErrorContains(t, err, "without a unit")
	_, err = NewGate(GateOptions{Caps: []Cap{{To: "DE", Calls: -2, Minutes: 1}, {To: "FR", Calls: 1, Minutes: -2}}})
	require.ErrorContains(t, err, `"DE" is negative`)
	require.ErrorContains(t, err, `"FR" is negative`)
}
