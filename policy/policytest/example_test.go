package policytest_test

import (
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// The test of a store of one's own, here with the limits that keep their counts in
// memory.
func Example() {
	TestStore := func(t *testing.T) {
		policytest.CallerLimit(t, func(t *testing.T, limits policy.Limits, window time.Duration) policy.Policy {
			limit, err := policy.NewCallerLimit(policy.CallerLimitOptions{Limits: limits, Window: window})
			if err != nil {
				t.Fatal(err)
			}
			return limit
		})
		policytest.Concurrency(t, func(t *testing.T, limit int, lease time.Duration) policy.Policy {
			return policy.NewConcurrency(policy.ConcurrencyOptions{Limit: limit, Lease: lease})
		})
	}
	_ = TestStore // go test calls it
}
