package policytest_test

import (
	"testing"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// The test of an engine of one's own, here of the one in memory.
func Example() {
	TestEngine := func(t *testing.T) {
		policytest.Engine(t, func(*testing.T) policy.Engine { return policy.NewMemory(policy.MemoryOptions{}) })
	}
	_ = TestEngine // go test calls it
}
