package redisstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

// TestFallbacks: without Redis, all or nobody may come in if the host says so.
func TestFallbacks(t *testing.T) {
	nowhere := "redis://127.0.0.1:" + freePort(t)
	for fallback, want := range map[Fallback]int{Local: 2, Open: 5, Closed: 0} {
		s := connect(t, nowhere, Options{Fallback: fallback})
		limit, lines := s.PerCaller(2, time.Hour), s.Concurrent(2)
		var calls, places int
		for i := range 5 {
			c := policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}
			if limit.Decide(t.Context(), c).Allowed() {
				calls++
			}
			if lines.Decide(t.Context(), c).Allowed() {
				places++
			}
		}
		require.Equal(t, []int{want, want}, []int{calls, places}, "fallback %d", fallback)
	}
}

// TestShares: two instances that know of each other, and whose Redis is dead, accept
// the limit in all, and without that knowledge each of them does.
func TestShares(t *testing.T) {
	nowhere := "redis://127.0.0.1:" + freePort(t)
	for instances, want := range map[int]struct{ calls, places, strict int }{0: {20, 14, 2}, 1: {20, 14, 2}, 2: {10, 6, 0}} {
		var calls, places, strict, vip int
		for range 2 {
			s := connect(t, nowhere, Options{Instances: instances})
			limit, err := s.NewCallerLimit(policy.CallerLimitOptions{Limits: policy.Limits{Default: 1}})
			require.NoError(t, err)
			require.NoError(t, limit.SetLimits(policy.Limits{Default: 10, Overrides: map[string]int{"+14155550101": 1, "+14155550102": policy.Unlimited}}))
			lines := s.Concurrent(7)
			for i := range 30 {
				sid := fmt.Sprint("CA", i)
				for from, n := range map[string]*int{"+14155550100": &calls, "+14155550101": &strict, "+14155550102": &vip} {
					if limit.Decide(t.Context(), policy.Call{SID: sid + from, From: from}).Allowed() {
						*n++
					}
				}
				if lines.Decide(t.Context(), policy.Call{SID: sid}).Allowed() {
					places++
				}
			}
			for i := range 30 {
				lines.Release(fmt.Sprint("CA", i))
			}
			require.True(t, lines.Decide(t.Context(), policy.Call{SID: "CB"}).Allowed(), "places come back")
		}
		require.Equal(t, want.calls, calls, "%d instances", instances)
		require.Equal(t, want.places, places, "%d instances", instances)
		require.Equal(t, want.strict, strict, "%d instances", instances)
		require.Equal(t, 60, vip)
	}
}

// TestSharesDoNotCountWithRedis: while Redis answers, one instance alone may take all
// there is, more than its share; what it holds counts when Redis goes.
func TestSharesDoNotCountWithRedis(t *testing.T) {
	p := startProxied(t)
	s := connect(t, "redis://"+p.Listen, Options{Budget: roomy, Instances: 2})
	limit, lines := s.PerCaller(10, time.Hour), s.Concurrent(10)
	in := func(sid string) []bool {
		c := policy.Call{SID: sid, From: "+14155550100"}
		return []bool{limit.Decide(t.Context(), c).Allowed(), lines.Decide(t.Context(), c).Allowed()}
	}
	for i := range 10 {
		require.Equal(t, []bool{true, true}, in(fmt.Sprint("CA", i)), i)
	}
	p.Stop()
	for i := range 5 {
		lines.Release(fmt.Sprint("CA", i))
		require.Equal(t, []bool{false, false}, in(fmt.Sprint("CB", i)), "five and more are held, five are the share")
	}
	lines.Release("CA9")
	require.Equal(t, []bool{false, true}, in("CC"))
}

// TestPassesWithoutRedis: whatever the fallback, who passed here is known here, and
// nobody else is let in unasked.
func TestPassesWithoutRedis(t *testing.T) {
	nowhere := "redis://127.0.0.1:" + freePort(t)
	challenge := policy.Func(func(context.Context, policy.Call) policy.Decision {
		return policy.Decision{Verdict: policy.Challenge, Reason: policy.Captcha}
	})
	for _, fallback := range []Fallback{Local, Open, Closed} {
		p := connect(t, nowhere, Options{Fallback: fallback}).NewPasses(challenge, fraud.PassesOptions{})
		known, other := policy.Call{SID: "CA1", From: "+14155550100"}, policy.Call{SID: "CA2", From: "+14155550101"}
		require.False(t, p.Decide(t.Context(), known).Allowed())
		p.Pass(t.Context(), known)
		require.True(t, p.Decide(t.Context(), known).Allowed())
		require.False(t, p.Decide(t.Context(), other).Allowed())
	}
}

// TestReleasedWhileDown: places given back while Redis is away are free when it is
// back, not only when their leases end.
func TestReleasedWhileDown(t *testing.T) {
	p := startProxied(t)
	s := connect(t, "redis://"+p.Listen, Options{Budget: time.Second, RetryEvery: 10 * time.Millisecond})
	lines := s.NewConcurrency(policy.ConcurrencyOptions{Limit: 3, Lease: time.Hour})
	for i := range 3 {
		require.True(t, lines.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", i)}).Allowed())
	}
	p.Stop()
	for i := range 3 {
		lines.Release(fmt.Sprint("CA", i))
	}
	require.NoError(t, p.Start())
	require.Eventually(t, func() bool {
		lines.Decide(t.Context(), policy.Call{SID: "CB"})
		n, err := lines.InUse(t.Context())
		return err == nil && n == 1
	}, 20*time.Second, 20*time.Millisecond)
}

// TestLimitAfterRedisIsBack: what an instance allowed by itself Redis does not know,
// but the instance does: it never allows a caller more than the limit.
func TestLimitAfterRedisIsBack(t *testing.T) {
	p := startProxied(t)
	p.Stop()
	s := connect(t, "redis://"+p.Listen, Options{Budget: roomy, RetryEvery: time.Millisecond})
	limit := s.PerCaller(3, time.Hour)
	sid := 0
	call := func(from string) bool {
		sid++
		return limit.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", sid), From: from}).Allowed()
	}
	for i := range 6 {
		require.Equal(t, i < 3, call("+14155550100"), "call %d", i+1)
	}
	require.NoError(t, p.Start())
	require.Eventually(t, func() bool {
		call("+14155550101")
		return s.Up()
	}, 20*time.Second, 20*time.Millisecond)
	for range 5 {
		require.False(t, call("+14155550100"))
	}
	log, err := s.client.Exists(t.Context(), limit.name("+14155550100")).Result()
	require.NoError(t, err)
	if log == 1 {
		log, err = s.client.StrLen(t.Context(), limit.name("+14155550100")).Result()
		require.NoError(t, err)
	}
	require.Zero(t, log, "what is refused does not count in Redis either")
}

// TestClosedCountsNothing: callers who were refused because Redis was away may call when
// it is back.
func TestClosedCountsNothing(t *testing.T) {
	p := startProxied(t)
	p.Stop()
	s := connect(t, "redis://"+p.Listen, Options{Budget: roomy, RetryEvery: time.Millisecond, Fallback: Closed})
	limit := s.PerCaller(2, time.Hour)
	for i := range 5 {
		require.False(t, limit.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}).Allowed())
	}
	require.NoError(t, p.Start())
	require.Eventually(t, func() bool {
		limit.Decide(t.Context(), policy.Call{SID: "CB", From: "+14155550101"})
		return s.Up()
	}, 20*time.Second, 20*time.Millisecond)
	for i := range 4 {
		require.Equal(t, i < 2, limit.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CC", i), From: "+14155550100"}).Allowed())
	}
}

// TestAskedAgainAfterRelease: a call whose release Redis has not heard of yet, and that
// asks again, keeps its new place however many other releases come first.
func TestAskedAgainAfterRelease(t *testing.T) {
	p := startProxied(t)
	p.Stop()
	s := connect(t, "redis://"+p.Listen, Options{Budget: roomy, RetryEvery: time.Millisecond})
	lines := s.NewConcurrency(policy.ConcurrencyOptions{Limit: 100, Lease: time.Hour})
	for i := range 2 * lateAtOnce {
		lines.Release(fmt.Sprint("CA", i))
	}
	lines.Release("CB")
	require.NoError(t, p.Start())
	in := func(sid string) func() bool {
		return func() bool { return lines.Decide(t.Context(), policy.Call{SID: sid}).Allowed() && s.Up() }
	}
	for _, sid := range []string{"CB", "CC", "CD", "CE"} {
		require.Eventually(t, in(sid), 20*time.Second, 20*time.Millisecond)
	}
	require.Empty(t, lines.late)
	n, err := lines.InUse(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, n)
}

// TestShareAfterRedisIsBack: an instance that knows of others goes by its share only
// while Redis is away.
func TestShareAfterRedisIsBack(t *testing.T) {
	p := startProxied(t)
	p.Stop()
	s := connect(t, "redis://"+p.Listen, Options{Budget: roomy, RetryEvery: time.Millisecond, Instances: 2})
	limit := s.PerCaller(4, time.Hour)
	sid := 0
	allowed := func() (n int) {
		for range 6 {
			sid++
			if limit.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed() {
				n++
			}
		}
		return n
	}
	require.Equal(t, 2, allowed())
	require.NoError(t, p.Start())
	require.Eventually(t, func() bool {
		limit.Decide(t.Context(), policy.Call{SID: "CB", From: "+14155550101"})
		return s.Up()
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, 4, allowed())
}

// TestRefusedWhileLate: a place that Redis took too late for the call to be let in is
// given back, not held for a lease by nobody.
func TestRefusedWhileLate(t *testing.T) {
	p := startProxied(t)
	s := connect(t, "redis://"+p.Listen, Options{Budget: 100 * time.Millisecond, RetryEvery: time.Millisecond, Fallback: Closed})
	lines := s.NewConcurrency(policy.ConcurrencyOptions{Limit: 1, Lease: time.Hour})
	in := func(sid string) bool { return lines.Decide(t.Context(), policy.Call{SID: sid}).Allowed() }
	require.Eventually(t, func() bool { return in("CA1") }, 20*time.Second, 20*time.Millisecond)
	lines.Release("CA1")
	p.toxic(t, late200)
	require.False(t, in("CA2"), "over the connection that is open, so Redis hears of it")
	p.Toxics.ResetToxics(t.Context())
	require.Eventually(t, func() bool { return in("CA3") }, 20*time.Second, 20*time.Millisecond)
}
