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
	CallerLimit(t, func(t *testing.T, limits policy.Limits, window time.Duration) policy.Policy {
		p, err := policy.NewCallerLimit(policy.CallerLimitOptions{Limits: limits, Window: window})
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
	Concurrency(t, func(t *testing.T, limit int, lease time.Duration) policy.Policy {
		return policy.NewConcurrency(policy.ConcurrencyOptions{Limit: limit, Lease: lease})
	})
	Passes(t, func(_ *testing.T, inner policy.Policy, keep time.Duration) policy.Policy {
		return fraud.NewPasses(inner, fraud.PassesOptions{Keep: keep})
	})
}
