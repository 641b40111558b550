package natsstore

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
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

// TestClockJumps sets the clock of the servers, which instances look at once a minute.
func TestClockJumps(t *testing.T) {
	c := start(t, 1)
	e := c.connect("test")
	var ahead atomic.Int64
	require.Eventually(t, func() bool { _, err := e.ready(t.Context()); return err == nil }, 30*time.Second, 50*time.Millisecond)
	look := func() { // at the clock, as a minute later
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
	policytest.ClockJumps(t, store, func(by time.Duration) {
		ahead.Store(int64(by))
		look()
	})
}

// TestClockStoodStill: the clock of a machine that was suspended does not go on, and its
// instance goes by that of the servers as soon as it reads what others have written since.
func TestClockStoodStill(t *testing.T) {
	c := start(t, 1)
	here, there := c.connect("test"), c.connect("test")
	hold := func(e *Engine, id string) policy.Op {
		ops := []policy.Op{{Kind: policy.OpHold, Space: "places", ID: id, Keep: time.Minute, Limit: 10}}
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
