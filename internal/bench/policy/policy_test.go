// Package policy compares the caller limit with the limiters that Go services use,
// and measures what a whole decision costs.
package policy

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	limiter "github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/stretchr/testify/require"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	ulule "github.com/ulule/limiter/v3"
	ululemem "github.com/ulule/limiter/v3/drivers/store/memory"
	"golang.org/x/time/rate"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

// rateByCaller is golang.org/x/time/rate as it is used for many keys: a map of
// limiters in shards.
type rateByCaller struct {
	shards [64]struct {
		mu sync.Mutex
		m  map[string]*rate.Limiter
		_  [40]byte
	}
}

func newRateByCaller() *rateByCaller {
	r := new(rateByCaller)
	for i := range r.shards {
		r.shards[i].m = make(map[string]*rate.Limiter)
	}
	return r
}

func (r *rateByCaller) allow(caller string, at time.Time) bool {
	h := uint32(2166136261)
	for i := range len(caller) {
		h = (h ^ uint32(caller[i])) * 16777619
	}
	s := &r.shards[h%64]
	s.mu.Lock()
	l := s.m[caller]
	if l == nil {
		l = rate.NewLimiter(rate.Every(6*time.Minute), 10)
		s.m[caller] = l
	}
	s.mu.Unlock()
	return l.AllowN(at, 1)
}

// runbookLimit is what the runbook's VoicePolicy does.
type runbookLimit struct {
	mu sync.Mutex
	m  map[string]*[]float64
}

func (r *runbookLimit) allow(caller string, at time.Time) bool {
	now := float64(at.UnixNano()) / 1e9
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.m[caller]
	if list == nil {
		list = new([]float64)
		r.m[caller] = list
	}
	var kept []float64
	for _, t := range *list {
		if now-t < 3600 {
			kept = append(kept, t)
		}
	}
	*list = kept
	if len(kept) >= 10 {
		return false
	}
	*list = append(kept, now)
	return true
}

// traffic is calls of so many callers in random order. As in a webhook, a call's
// fields are in the cache and in memory of their own: the number and the CallSid are
// written in place. No limiter may keep them, so each has seen all callers before.
type traffic struct {
	rng     *rand.Rand
	callers int
	from    []byte
	sid     []byte
	call    policy.Call
	step    time.Duration
}

func newTraffic(callers int) *traffic {
	t := &traffic{
		rng: rand.New(rand.NewPCG(1, 1)), callers: callers, from: []byte(number(0)),
		sid: []byte("CA" + strings.Repeat("0", 32)), step: time.Hour / time.Duration(callers) / 8,
	}
	t.call = policy.Call{
		To: "+14155550199", At: time.Now(),
		From: unsafe.String(&t.from[0], len(t.from)), SID: unsafe.String(&t.sid[0], len(t.sid)),
	}
	return t
}

func number(i int) string { return "+1" + strconv.Itoa(2_000_000_000+i*7919) }

// next returns another call, which holds until the next one.
func (t *traffic) next() policy.Call {
	for i := len(t.sid) - 1; ; i-- {
		if t.sid[i]++; t.sid[i] <= '9' {
			break
		}
		t.sid[i] = '0'
	}
	n := 2_000_000_000 + t.rng.IntN(t.callers)*7919
	for i := len(t.from) - 1; i > 1; i-- {
		t.from[i] = '0' + byte(n%10)
		n /= 10
	}
	t.call.At = t.call.At.Add(t.step)
	return t.call
}

// batch is how many calls make a job: enough of them that each contestant has the
// same share of calls that find the caches full of another's data.
const batch = 1000

// contender decides about a call.
type contender struct {
	name   string
	decide func(policy.Call)
}

func contestants(t *testing.T, callers int) []bench.Contestant {
	ctx := context.Background()
	r := newRateByCaller()
	ours := policy.PerCaller(10, time.Hour, policy.CallerLimitOptions{MaxCallers: max(callers, 1000)})
	require.NoError(t, policy.Validate(ours))
	unmarked := policy.PerCaller(10, time.Hour, policy.CallerLimitOptions{MaxCallers: max(callers, 1000)})
	require.NoError(t, policy.Validate(unmarked))
	book := &runbookLimit{m: make(map[string]*[]float64)}
	golimiter, err := memorystore.New(&memorystore.Config{Tokens: 10, Interval: time.Hour, InitialAlloc: callers})
	require.NoError(t, err)
	store, err := memstore.NewCtx(2 * callers)
	require.NoError(t, err)
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerHour(10), MaxBurst: 9})
	require.NoError(t, err)
	ul := ulule.New(ululemem.NewStore(), ulule.Rate{Period: time.Hour, Limit: 10})

	var out []bench.Contestant
	for _, c := range []contender{
		{"golang.org/x/time/rate, map in 64 shards", func(c policy.Call) { r.allow(c.From, c.At) }},
		{"policy.CallerLimit.Decide", func(c policy.Call) { ours.Decide(ctx, c) }},
		{"the same, calls without a CallSid", func(c policy.Call) { c.SID = ""; unmarked.Decide(ctx, c) }},
		{"the runbook's list of times, in Go", func(c policy.Call) { book.allow(c.From, c.At) }},
		{"sethvargo/go-limiter memorystore", func(c policy.Call) { _, _, _, _, _ = golimiter.Take(ctx, c.From) }},
		{"throttled GCRA memstore", func(c policy.Call) { _, _, _ = gcra.RateLimitCtx(ctx, c.From, 1) }},
		{"ulule/limiter memory", func(c policy.Call) { _, _ = ul.Get(ctx, c.From) }},
	} {
		calls := newTraffic(callers)
		for i := range callers {
			c.decide(policy.Call{From: number(i), At: calls.call.At.Add(-time.Minute)})
		}
		out = append(out, bench.Contestant{Name: c.name, Run: func(n int) {
			for range n * batch {
				c.decide(calls.next())
			}
		}})
	}
	return out
}

var _ limiter.Store // the interface of go-limiter's stores

func TestCallerLimit(t *testing.T) {
	bench.Report(t, "1000 calls of known callers, 100,000 of them", contestants(t, 100_000)...)
	bench.Report(t, "1000 calls of one caller, refused", contestants(t, 1)...)
}

// TestMemory reports bytes for each of a million callers with ten calls each, and
// what a garbage collection costs with them.
func TestMemory(t *testing.T) {
	callers := 1_000_000
	if testing.Short() {
		callers = 100_000
	}
	at := time.Now()
	measure := func(name string, fill func() any) {
		debug.FreeOSMemory()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		kept := fill()
		runtime.GC()
		runtime.ReadMemStats(&after)
		begin := bench.CPU()
		runtime.GC()
		gc := time.Duration(bench.CPU() - begin)
		t.Logf("%-28s %6.1f bytes per caller, a collection takes %v of CPU", name, float64(after.HeapAlloc-before.HeapAlloc)/float64(callers), gc.Round(10*time.Microsecond))
		runtime.KeepAlive(kept)
	}
	measure("policy.CallerLimit", func() any {
		l := policy.PerCaller(10, time.Hour, policy.CallerLimitOptions{MaxCallers: callers})
		require.NoError(t, policy.Validate(l))
		for i := range callers {
			from := number(i)
			for range 10 {
				l.Decide(context.Background(), policy.Call{From: from, At: at})
			}
		}
		t.Logf("evicted %d of %d", l.Evicted(), callers)
		return l
	})
	measure("x/time/rate, map", func() any {
		r := newRateByCaller()
		for i := range callers {
			r.allow(number(i), at)
		}
		return r
	})
	measure("the runbook's list of times", func() any {
		r := &runbookLimit{m: make(map[string]*[]float64)}
		for i := range callers {
			for range 10 {
				r.allow(number(i), at)
			}
		}
		return r
	})
}

// TestResidentMemory offers ten million callers to a table for a hundred thousand.
func TestResidentMemory(t *testing.T) {
	total := 10_000_000
	if testing.Short() {
		total = 500_000
	}
	l := policy.PerCaller(10, time.Hour)
	ctx := context.Background()
	at := time.Now()
	var rss []string
	number := []byte("+12000000000")
	for i := range total {
		for d, n := len(number)-1, i; n > 0; d, n = d-1, n/10 {
			number[d] = '0' + byte(n%10)
		}
		l.Decide(ctx, policy.Call{From: string(number), At: at.Add(time.Duration(i) * time.Millisecond)})
		if (i+1)%(total/5) == 0 {
			debug.FreeOSMemory()
			rss = append(rss, fmt.Sprintf("%d k callers: %.1f MB", (i+1)/1000, residentMB(t)))
		}
	}
	t.Logf("resident memory after %s; evicted %d", strings.Join(rss, ", "), l.Evicted())
}

func residentMB(t *testing.T) float64 {
	b, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(string(bytes.Fields(b)[1]))
	require.NoError(t, err)
	return float64(pages*os.Getpagesize()) / 1e6
}

var sink policy.Call

// TestWholeDecision measures all that the inbound webhook asks: a block list of
// 10,000 numbers and 300 prefixes, business hours, the fraud score, the caller limit
// and the places, taken and released.
func TestWholeDecision(t *testing.T) {
	var list []string
	for i := range 10_000 {
		list = append(list, fmt.Sprintf("+44%010d", 7_000_000_000+i*31))
	}
	for i := range 300 {
		list = append(list, fmt.Sprintf("+3%04d*", 1000+i*29))
	}
	blocked, err := policy.NewNumbers(list...)
	require.NoError(t, err)
	hours, err := policy.ParseHours("Mon-Sun 00:00-12:00, 12:00-24:00; 2026-12-25 closed", "America/New_York")
	require.NoError(t, err)
	score, err := fraud.NewScore(fraud.ScoreOptions{})
	require.NoError(t, err)
	whole := policy.All(policy.Blocked(blocked), hours, score, policy.PerCaller(10, time.Hour), policy.Concurrent(100))
	ctx := context.Background()
	parts := newTraffic(20_000)
	single := func(name string, p policy.Policy) bench.Contestant {
		tr := newTraffic(20_000)
		return bench.Contestant{Name: name, Run: func(n int) {
			for range n * batch {
				c := tr.next()
				p.Decide(ctx, c)
				policy.Tell(ctx, policy.Outcome{Kind: policy.OutcomeEnded}, p, nil, c)
			}
		}}
	}
	score2, err := fraud.NewScore(fraud.ScoreOptions{})
	require.NoError(t, err)
	idle := newTraffic(20_000)
	bench.Report(t, "1000 whole inbound decisions, each with its release",
		bench.Contestant{Name: "whole", Run: func(n int) {
			for range n * batch {
				c := parts.next()
				whole.Decide(ctx, c)
				policy.Tell(ctx, policy.Outcome{Kind: policy.OutcomeEnded}, whole, nil, c)
			}
		}},
		bench.Contestant{Name: "making up the calls", Run: func(n int) {
			for range n * batch {
				sink = idle.next()
			}
		}},
		single("lists", policy.Blocked(blocked)),
		single("hours", hours),
		single("fraud score", score2),
		single("caller limit", policy.PerCaller(10, time.Hour)),
		single("places", policy.Concurrent(100)),
	)
}
