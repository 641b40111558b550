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
