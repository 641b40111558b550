package policy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// reference is the rule in its plainest form: the times of the calls allowed.
type reference struct {
	window  time.Duration
	allowed map[string][]time.Time
}

func (r *reference) decide(caller string, limit int, at time.Time) bool {
	n := 0
	for _, t := range r.allowed[caller] {
		if at.Sub(t) < r.window {
			n++
		}
	}
	if n >= limit {
		return false
	}
	r.allowed[caller] = append(r.allowed[caller], at)
	return true
}

var start = time.Date(2026, time.November, 24, 9, 0, 0, 0, time.UTC)

// TestLimitAgainstReference drives limiters and the reference with the same calls
// under a virtual clock and accepts no difference, neither way.
func TestLimitAgainstReference(t *testing.T) {
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 8))
		window := []time.Duration{time.Hour, time.Minute, 24 * time.Hour, 90 * time.Second}[seed%4]
		callers := 1 + rng.IntN(60)
		most, overrides := []int{0, 1, 3, 10, 11, 26, 40}[rng.IntN(7)], map[string]int{
			"+14155550101": 1 + rng.IntN(70), // exact beats prefix
			"+1415555*":    2,
			"+1415555012*": 12, // longest prefix beats shorter
		}
		limit := PerCaller(most, window, CallerLimitOptions{Overrides: overrides})
		require.NoError(t, limit.Validate())
		ref := &reference{window, make(map[string][]time.Time)}
		now := start
		for i := range 4000 {
			now = now.Add(time.Duration(rng.Int64N(int64(window) / 200)).Truncate(time.Millisecond))
			if rng.IntN(500) == 0 {
				now = now.Add(window - time.Millisecond*time.Duration(rng.IntN(3)-1))
			}
			if rng.IntN(700) == 0 { // limits change at run time; counts stay
				most = rng.IntN(30)
				overrides["+14155550101"] = rng.IntN(100)
				require.NoError(t, limit.SetLimits(most, overrides))
			}
			n := rng.IntN(callers)
			from := fmt.Sprintf("+141555501%02d", n)
			var want int
			switch {
			case n == 1:
				want = overrides["+14155550101"]
			case n/10 == 2:
				want = 12
			default:
				want = 2
			}
			if n%7 == 3 {
				from, want = fmt.Sprintf("+49305550%03d", n), most
			}
			c := Call{SID: fmt.Sprint("CA", i), From: from, At: now}
			got := limit.Decide(context.Background(), c).Allowed()
			require.Equal(t, ref.decide(from, want, now), got, "seed %d, call %d from %s at %v, limit %d", seed, i, from, now, want)
			if got && rng.IntN(3) == 0 {
				require.True(t, limit.Decide(context.Background(), c).Allowed(), "delivered twice")
			}
			if got && rng.IntN(5) == 0 { // refused by another policy after all
				limit.Observe(context.Background(), c, Outcome{Kind: OutcomeRefused})
				ref.allowed[from] = ref.allowed[from][:len(ref.allowed[from])-1]
				limit.Observe(context.Background(), c, Outcome{Kind: OutcomeRefused}) // cannot be cancelled twice
			}
		}
		require.Zero(t, limit.Evicted())
	}
}

// TestLimitWindowEdge: the eleventh call is refused until the very millisecond
// the first one is an hour old.
func TestLimitWindowEdge(t *testing.T) {
	limit := PerCaller(10, 0)
	call := func(after time.Duration) bool {
		return limit.Decide(context.Background(), Call{From: "+14155550100", At: start.Add(after)}).Allowed()
	}
	for i := range 10 {
		require.True(t, call(time.Duration(i)*time.Minute))
	}
	require.False(t, call(10*time.Minute))
	require.False(t, call(time.Hour-time.Millisecond))
	require.True(t, call(time.Hour))
	require.False(t, call(time.Hour+time.Minute-time.Millisecond))
	require.True(t, call(time.Hour+time.Minute))
	require.False(t, limit.Decide(context.Background(), Call{From: "+14155550100", At: start}).Allowed(),
		"a call that seems to come from the past counts as made now")
	for range 3 { // longer than 2^32 ticks
		require.True(t, call(100*time.Hour))
	}
	require.True(t, call(100*time.Hour+2*4294967296*2048))
}

// TestLimitAfterACallFromThePast: such a call does not make the log look older than
// it is.
func TestLimitAfterACallFromThePast(t *testing.T) {
	limit := PerCaller(2, time.Hour)
	call := func(after time.Duration) bool {
		return limit.Decide(context.Background(), Call{From: "+14155550100", At: start.Add(after)}).Allowed()
	}
	require.True(t, call(90*time.Minute))
	require.True(t, call(90*time.Minute))
	require.False(t, call(0))
	require.False(t, call(2*time.Hour))
	require.True(t, call(150*time.Minute))
}

// withWallShifted returns t with another wall clock and the same monotonic reading,
// as time.Now returns after the wall clock was set.
func withWallShifted(t time.Time, by time.Duration) time.Time {
	type layout struct {
		wall uint64 // 1 bit "has monotonic", 33 bits seconds, 30 bits nanoseconds
		ext  int64
	}
	p := (*layout)(unsafe.Pointer(&t))
	p.wall = uint64(int64(p.wall) + int64(by/time.Second)<<30)
	return t
}

// TestLimitIgnoresWallClock: an hour put on or off the wall clock changes nothing.
func TestLimitIgnoresWallClock(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 48 * time.Hour, -48 * time.Hour} {
		limit := PerCaller(2, time.Hour)
		now := time.Now()
		later := withWallShifted(now.Add(time.Minute), jump)
		require.Equal(t, time.Minute, later.Sub(now), "monotonic")
		require.Equal(t, jump+time.Minute, later.Round(0).Sub(now.Round(0)), "wall")

		decide := func(at time.Time) bool {
			return limit.Decide(context.Background(), Call{From: "+14155550100", At: at}).Allowed()
		}
		require.True(t, decide(now))
		require.True(t, decide(now))
		require.False(t, decide(later), "jump %v", jump)
		require.True(t, decide(withWallShifted(now.Add(time.Hour), jump)), "jump %v", jump)
	}
}

func TestLimitKeysAndOverrides(t *testing.T) {
	limit := PerCaller(1, time.Hour, CallerLimitOptions{
		Overrides: map[string]int{"anonymous": 2, "+1911*": Unlimited, "+19115550100": 0, "client:*": 3, "client:bob": 1},
	})
	require.NoError(t, limit.Validate())
	allowed := func(from ...string) (n int) {
		for range 5 {
			for _, f := range from {
				if limit.Decide(context.Background(), Call{From: f, At: start}).Allowed() {
					n++
				}
			}
		}
		return n
	}
	require.Equal(t, 2, allowed("", "Anonymous", "+266696687", "RESTRICTED", "+7378742833"), "one bucket")
	require.Equal(t, 5, allowed("+19115550101"))
	require.Equal(t, 0, allowed("+19115550100"))
	require.Equal(t, 3, allowed("client:alice", "Client:Alice"))
	require.Equal(t, 1, allowed("client:bob"))
	require.Equal(t, 1, allowed("sip:x@example.com"))
	require.Equal(t, 1, allowed("+14155550100"))
	require.Equal(t, 1, allowed("+1415555010"), "a shorter number is another caller")

	err := PerCaller(0, time.Hour, CallerLimitOptions{Overrides: map[string]int{"5550100": 1, "+0*": 2}}).Validate()
	require.ErrorContains(t, err, `"5550100"`)
	require.ErrorContains(t, err, `"+0*"`)
	require.Error(t, limit.SetLimits(0, map[string]int{"+": 1}))
	require.Equal(t, 0, allowed("+14155550100"), "the limits in force stay")

	_, of, _ := limit.Used(ctx, "client:alice")
	require.Equal(t, 3, of)
}

// TestLimitBounded: invented numbers without end do not make the table grow, and
// take places only from callers seen longer ago.
func TestLimitBounded(t *testing.T) {
	limit := PerCaller(3, time.Hour, CallerLimitOptions{MaxCallers: 5000})
	require.NoError(t, Validate(limit))
	ctx := context.Background()
	regular := Call{From: "+14155550100"}
	for i := range 3 {
		regular.At = start.Add(time.Duration(i) * time.Second)
		require.True(t, limit.Decide(ctx, regular).Allowed())
	}
	for i := range 60_000 {
		at := start.Add(time.Minute + time.Duration(i)*time.Millisecond)
		limit.Decide(ctx, Call{From: fmt.Sprintf("+1%010d", 2_000_000_000+i*7), At: at})
		if i%500 == 0 { // still calling, still refused
			regular.At = at
			require.False(t, limit.Decide(ctx, regular).Allowed(), "after %d", i)
		}
	}
	require.Greater(t, limit.Evicted(), int64(50_000))
	bytes := 0
	shards := limit.store.local.logs(time.Hour).shards
	for i := range shards {
		for _, table := range shards[i].tables {
			bytes += 4*len(table.words) + 8*len(table.tags)
		}
	}
	require.LessOrEqual(t, bytes, 5000*65*4/3+8*65*maxShards)
}

// TestLimitReusesExpired: callers whose hour is over make room without being
// missed, and nobody is evicted when as many come each hour as fit.
func TestLimitReusesExpired(t *testing.T) {
	limit := PerCaller(3, time.Hour, CallerLimitOptions{MaxCallers: 10_000})
	require.NoError(t, Validate(limit))
	n := 0
	for hour := range 6 {
		for range 9000 {
			at := start.Add(time.Duration(hour) * 2 * time.Hour)
			require.True(t, limit.Decide(context.Background(), Call{From: fmt.Sprintf("+1%010d", 2_000_000_000+n*13), At: at}).Allowed())
			n++
		}
	}
	require.LessOrEqual(t, limit.Evicted(), int64(30), "of 54,000")
}

func TestLimitConcurrently(t *testing.T) {
	limit := PerCaller(10, time.Hour)
	var wg sync.WaitGroup
	var mu sync.Mutex
	allowed := make(map[string]int)
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				from := fmt.Sprintf("+1415555%04d", i%100)
				sid := fmt.Sprint("CA", g/2, "-", i) // two goroutines deliver each call
				if limit.Decide(context.Background(), Call{SID: sid, From: from}).Allowed() {
					mu.Lock()
					allowed[from]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for from, n := range allowed {
		used, _, _ := limit.Used(ctx, from)
		require.Equal(t, 10, used, from)
		require.GreaterOrEqual(t, n, 10)
		require.LessOrEqual(t, n, 20, "ten calls, each delivered twice")
	}
	require.Len(t, allowed, 100)
}

func TestLimitDoesNotAllocate(t *testing.T) {
	limit := PerCaller(10, time.Hour)
	ctx := context.Background()
	calls := make([]Call, 1000)
	for i := range calls {
		calls[i] = Call{SID: fmt.Sprint("CA", i), From: fmt.Sprintf("+1415555%04d", i%100), At: time.Now()}
		limit.Decide(ctx, calls[i])
	}
	i := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		limit.Decide(ctx, calls[i%len(calls)])
		i++
	}))
}

func FuzzLimit(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252})
	f.Fuzz(func(t *testing.T, script []byte) {
		limit := PerCaller(3, time.Minute)
		require.NoError(t, Validate(limit))
		ref := &reference{time.Minute, make(map[string][]time.Time)}
		now := start
		for i, b := range script {
			now = now.Add(time.Duration(b>>2) * time.Second)
			from := fmt.Sprintf("+1415555010%d", b&3)
			got := limit.Decide(context.Background(), Call{SID: fmt.Sprint(i), From: from, At: now}).Allowed()
			require.Equal(t, ref.decide(from, 3, now), got)
		}
	})
}

// TestLimitKnowsDuplicates: after as many other calls as come in 15 s at a hundred a
// second, a second delivery is still not counted.
func TestLimitKnowsDuplicates(t *testing.T) {
	limit := PerCaller(2, time.Hour)
	call := func(sid string, i int) bool {
		return limit.Decide(context.Background(), Call{SID: fmt.Sprint(sid, i), From: fmt.Sprintf("+1%010d", 2_000_000_000+i*7919), At: start}).Allowed()
	}
	duplicates, counted := 0, 0
	for i := range 20_000 {
		require.True(t, call("CA", i))
		if first := i - 1500; first >= 0 && i%20 == 0 {
			duplicates++
			require.True(t, call("CA", first))
			if !call("CB", first) {
				counted++
			}
		}
	}
	require.Less(t, counted, duplicates/25, "of %d", duplicates)
}

// TestLimitByOtherKeys: whatever is counted together, the count can be asked for and
// has its own limit.
func TestLimitByOtherKeys(t *testing.T) {
	l := PerCaller(1, time.Hour, CallerLimitOptions{
		Overrides: map[string]int{"line:Sales": 3},
		Key:       func(c Call) string { return "line:" + c.To },
	})
	require.NoError(t, l.Validate())
	for i := range 5 {
		allowed := l.Decide(ctx, Call{SID: fmt.Sprint("CA", i), From: fmt.Sprintf("+1415555010%d", i), To: []string{"Sales", "SALES"}[i%2]}).Allowed()
		require.Equal(t, i < 3, allowed)
	}
	calls, limit, _ := l.Used(ctx, "line:Sales")
	require.Equal(t, []int{3, 3}, []int{calls, limit})
}
