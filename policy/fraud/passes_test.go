package fraud

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

var challenged = policy.Func(func(context.Context, policy.Call) policy.Decision {
	return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha, Detail: "why"}
})

// TestPassesADay: a pass counts for 24 hours to the second, and again after another.
func TestPassesADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasses(challenged, PassesOptions{})
		c := policy.Call{SID: "CA1", From: "+14155550100"}
		for range 3 {
			require.False(t, p.Decide(t.Context(), c).Allowed())
			p.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomePassed})
			time.Sleep(24*time.Hour - time.Nanosecond)
			require.Equal(t, policy.Decision{Verdict: policy.Allow, Detail: "why"}, p.Decide(t.Context(), c))
			time.Sleep(time.Nanosecond)
		}
		p.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomePassed})
		time.Sleep(20 * time.Hour)
		p.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomePassed})
		time.Sleep(20 * time.Hour)
		require.True(t, p.Decide(t.Context(), c).Allowed(), "a second pass counts from itself on")
	})
}

// TestPassesWithScore: behind a pass the score still refuses, and still counts.
func TestPassesWithScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		score, err := NewScore(ScoreOptions{AttemptsPerHour: 3, Weights: map[Signal]float64{SignalAttempts: 0.6, SignalPremiumNumber: 0.6}})
		require.NoError(t, err)
		p := policy.All(policy.NewHistory(policy.Say("no", NewPasses(score, PassesOptions{})), policy.HistoryOptions{}))
		call := func(n int, forwarded string) policy.Decision {
			return p.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", n), From: "+14155550100", ForwardedFrom: forwarded})
		}
		for i := range 3 {
			require.True(t, call(i, "").Allowed())
		}
		require.Equal(t, policy.Challenge, call(3, "").Verdict)
		policy.Tell(t.Context(), policy.Outcome{Kind: policy.OutcomePassed}, p, nil, policy.Call{SID: "CA3", From: "+14155550100"})
		require.True(t, call(4, "").Allowed())
		require.Equal(t, policy.Reject, call(5, "+19005550100").Verdict, "both signals")
	})
}

// TestPassesAreBounded: ten times as many callers as there is room for pass. The
// memory does not grow, the latest are known, and nobody who did not pass is.
func TestPassesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1000
		p := NewPasses(challenged, PassesOptions{MaxCallers: most})
		sets := len(p.passed.sets)
		require.LessOrEqual(t, sets*ways*int(reflect.TypeFor[cell[passed]]().Size()), 48*most)
		from := func(i int) policy.Call { return policy.Call{From: fmt.Sprintf("+1415%07d", i)} }
		for i := range 10 * most {
			p.Observe(t.Context(), from(i), policy.Outcome{Kind: policy.OutcomePassed})
			require.True(t, p.Passed(t.Context(), from(i)))
			time.Sleep(time.Second)
		}
		require.Len(t, p.passed.sets, sets)
		known := 0
		for i := range 10 * most {
			if p.Passed(t.Context(), from(i)) {
				known++
			}
			require.False(t, p.Passed(t.Context(), from(10*most+i)))
		}
		require.LessOrEqual(t, known, sets*ways)
		require.Greater(t, known, most/2)
	})
}

func TestPassesAtOnce(t *testing.T) {
	p := NewPasses(challenged, PassesOptions{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c := policy.Call{From: fmt.Sprintf("+1415%07d", i)}
			require.False(t, p.Decide(t.Context(), c).Allowed())
			p.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomePassed})
			require.True(t, p.Decide(t.Context(), c).Allowed())
		})
	}
	wg.Wait()
}
