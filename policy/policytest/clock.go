package policytest

import (
	"fmt"
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
)

// ClockJumps has the engine's clock jump an hour forward and back again, by set, which gets
// how far ahead it is to be: calls age and leases end an hour early, those that are up take
// their places again, and going back lets nobody have more than the limit, loses no claim and
// turns back no generation. The store must be new, and on an engine that answers.
func ClockJumps(t *testing.T, store *policy.Store, set func(ahead time.Duration)) {
	t.Helper()
	const limit = 3
	calls := policy.PerCaller(limit, time.Hour, policy.CallerLimitOptions{Store: store})
	places := policy.Concurrent(2, policy.ConcurrencyOptions{Store: store})
	up := []policy.Call{{SID: "CB1"}, {SID: "CB2"}}
	sid, generation := 0, uint64(0)
	want := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Fatalf("%s: %v, not %v", what, got, want)
		}
	}
	accepted := func() (n int) {
		for range 2 * limit {
			sid++
			if calls.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed() {
				n++
			}
		}
		return n
	}
	taken := func() int {
		n, err := places.InUse(t.Context())
		want("error", err, nil)
		return n
	}
	claimed := func(by string) bool {
		t.Helper()
		ops := []policy.Op{
			{Kind: policy.OpWrite, Space: "claims", Keep: 24 * time.Hour, Value: []byte(by)},
			{Kind: policy.OpWrite, Space: "value", Generation: policy.AnyGeneration, Keep: 24 * time.Hour, Value: []byte(by)},
		}
		store.Do(t.Context(), ops)
		want("errors", [2]error{ops[0].Err, ops[1].Err}, [2]error{})
		want("generation ascends", ops[1].Generation > generation, true)
		generation = ops[1].Generation
		return ops[0].OK
	}

	want("accepted", accepted(), limit)
	for _, c := range up {
		want("place", places.Decide(t.Context(), c).Allowed(), true)
	}
	want("claimed", claimed("one"), true)

	set(time.Hour)
	want("places whose leases have ended", taken(), 0)
	policy.Tell(t.Context(), policy.Outcome{Kind: policy.OutcomeRunning}, places, nil, up...)
	want("places of calls that are up", taken(), 2)
	want("accepted when the calls have aged", accepted(), limit)
	want("claimed again", claimed("other"), false)

	set(0)
	want("accepted while calls of the future count", accepted(), 0)
	want("places", taken(), 2)
	want("claimed again", claimed("other"), false)
	for _, c := range up {
		policy.Tell(t.Context(), policy.Outcome{Kind: policy.OutcomeEnded}, places, nil, c)
	}
	want("places of calls that have ended", taken(), 0)
}
