package natsstore

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// jumping is the stream of servers whose clock is ahead: their messages say so. A server
// reads its clock from the kernel, which can set it for the whole machine alone, so their
// own expiry is not part of the test.
type jumping struct {
	jetstream.Stream
	ahead *atomic.Int64 // nanoseconds
}

func (j jumping) GetMsg(ctx context.Context, sequence uint64, o ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, error) {
	m, err := j.Stream.GetMsg(ctx, sequence, o...)
	return j.late(m), err
}

func (j jumping) GetLastMsgForSubject(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	m, err := j.Stream.GetLastMsgForSubject(ctx, subject)
	return j.late(m), err
}

func (j jumping) late(m *jetstream.RawStreamMsg) *jetstream.RawStreamMsg {
	if m != nil {
		m.Time = m.Time.Add(time.Duration(j.ahead.Load()))
	}
	return m
}

// TestClockJumps sets the clock of the servers an hour forward and back again, between two
// looks at it: calls age and leases end an hour early, those that are up take their places
// again, and going back lets nobody have more than the limit, loses no claim and turns back
// no generation.
func TestClockJumps(t *testing.T) {
	c := start(t, 1)
	e := c.connect("test")
	var ahead atomic.Int64
	require.Eventually(t, func() bool { _, err := e.ready(t.Context()); return err == nil }, 30*time.Second, 50*time.Millisecond)
	look := func() { // at the clock, as once a minute
		e.mu.Lock()
		defer e.mu.Unlock()
		e.set = e.set.Add(-setAgain)
		e.clock = e.clock.Add(-setAgain)
	}
	e.mu.Lock()
	e.stream = jumping{e.stream, &ahead}
	e.mu.Unlock()
	store, err := policy.NewStore(e, policy.StoreOptions{Wait: 10 * time.Second})
	require.NoError(t, err)
	defer store.Close()
	const limit = 3
	calls, err := policy.NewCallerLimit(policy.CallerLimitOptions{Limits: policy.Limits{Default: limit}, Store: store})
	require.NoError(t, err)
	places := policy.NewConcurrency(policy.ConcurrencyOptions{Limit: 2, Store: store})
	sid := 0
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
		require.NoError(t, err)
		return n
	}
	var generation uint64
	claimed := func(by string) bool {
		ops := []policy.Op{
			{Kind: policy.Write, Space: "claims", Keep: 24 * time.Hour, Value: []byte(by)},
			{Kind: policy.Write, Space: "value", Generation: policy.Any, Keep: 24 * time.Hour, Value: []byte(by)},
		}
		store.Do(t.Context(), ops)
		require.NoError(t, ops[0].Err)
		require.NoError(t, ops[1].Err)
		require.Greater(t, ops[1].Generation, generation)
		generation = ops[1].Generation
		return ops[0].OK
	}
	up := []policy.Call{{SID: "CB1"}, {SID: "CB2"}}

	require.Equal(t, limit, accepted())
	for _, c := range up {
		require.True(t, places.Decide(t.Context(), c).Allowed())
	}
	require.True(t, claimed("one"))

	ahead.Store(int64(time.Hour))
	look()
	require.Zero(t, taken(), "the leases have ended")
	policy.Tell(t.Context(), policy.Outcome{Kind: policy.Running}, places, nil, up...)
	require.Equal(t, 2, taken())
	require.Equal(t, limit, accepted(), "the calls have aged")
	require.False(t, claimed("other"))

	ahead.Store(0)
	look()
	require.Zero(t, accepted(), "calls of the future count")
	require.Equal(t, 2, taken())
	require.False(t, claimed("other"))
	for _, c := range up {
		policy.Tell(t.Context(), policy.Outcome{Kind: policy.Ended}, places, nil, c)
	}
	require.Zero(t, taken())
}

// TestClockStoodStill: the clock of a machine that was suspended does not go on, and its
// instance goes by that of the servers as soon as it reads what others have written since.
func TestClockStoodStill(t *testing.T) {
	c := start(t, 1)
	here, there := c.connect("test"), c.connect("test")
	hold := func(e *Engine, id string) policy.Op {
		ops := []policy.Op{{Kind: policy.Hold, Space: "places", ID: id, Keep: time.Minute, Limit: 10}}
		e.Do(t.Context(), ops)
		return ops[0]
	}
	require.Eventually(t, func() bool { return hold(here, "CA1").Err == nil }, 30*time.Second, 50*time.Millisecond)
	here.mu.Lock()
	here.clock = here.clock.Add(-30 * time.Minute)
	here.mu.Unlock()
	require.NoError(t, hold(there, "CA2").Err)
	require.NoError(t, hold(here, "CA3").Err)
	require.EqualValues(t, 3, hold(there, "CA2").Total, "the lease that was taken here counts there")
}
