package policytest

import (
	"testing"
	"time"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestMemory(t *testing.T) {
	CallerLimit(t, func(t *testing.T, limit int, window time.Duration, overrides map[string]int) policy.Policy {
		p := policy.PerCaller(limit, window, policy.CallerLimitOptions{Overrides: overrides})
		if err := policy.Validate(p); err != nil {
			t.Fatal(err)
		}
		return p
	})
	Concurrency(t, func(_ *testing.T, limit int) policy.Policy {
		return policy.Concurrent(limit)
	})
	Passes(t, func(_ *testing.T, inner policy.Policy, keep time.Duration) policy.Policy {
		return fraud.NewPasses(inner, fraud.PassesOptions{Keep: keep})
	})
}

func TestMemoryEngine(t *testing.T) {
	Engine(t, func(*testing.T) policy.Engine { return policy.NewMemory(policy.MemoryOptions{}) })
}
