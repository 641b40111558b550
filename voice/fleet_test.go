package voice_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// fleet is several instances behind a balancer, with what they share.
type fleet struct {
	*voicetest.Instances
	t       testing.TB
	config  voice.Config
	servers []*voice.Server
	ledgers []*calls
	stores  []*policy.Store
	mortals []*mortal
	engine  policy.Engine // nil: they share nothing
	tw      *voicetest.Twilio
}

// calls notes what an instance's trace says of calls.
type calls struct {
	mu       sync.Mutex
	finished []string // statuses
	cut      []voice.Reason
	resumed  []voice.Resumed
	ended    []voice.End
	owned    []string // "SID leg begins" and "ends"
}

func (l *calls) trace() *voice.Trace {
	note := func(f func()) { l.mu.Lock(); defer l.mu.Unlock(); f() }
	return &voice.Trace{
		StreamStarted: func(c voice.Info, _ time.Duration) {
			note(func() { l.owned = append(l.owned, fmt.Sprint(c.SID, " ", c.Leg, " begins")) })
		},
		StreamEnded:  func(_ voice.Info, e voice.End) { note(func() { l.ended = append(l.ended, e) }) },
		CallFinished: func(_ voice.Info, s string) { note(func() { l.finished = append(l.finished, s) }) },
		CallCut:      func(_ voice.Info, why voice.Reason) { note(func() { l.cut = append(l.cut, why) }) },
		CallResumed:  func(_ voice.Info, r voice.Resumed) { note(func() { l.resumed = append(l.resumed, r) }) },
	}
}

// newFleet starts instances of one configuration, whose stores share the engine.
func newFleet(t testing.TB, n int, engine policy.Engine, config voice.Config) *fleet {
	f := &fleet{Instances: voicetest.NewInstances(), t: t, config: config, engine: engine}
	f.tw = voicetest.New(t, f.Instances)
	for range n {
		f.start()
	}
	return f
}

// withREST gives the instances that start from now on a client of the fake REST API.
func (f *fleet) withREST() *fleet {
	rest, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: voicetest.APISecret, BaseURL: f.tw.RESTURL()})
	require.NoError(f.t, err)
	f.config.CallControl = rest
	return f
}

// start starts another instance and returns its number.
func (f *fleet) start() int {
	config, l := f.config, &calls{}
	config.Trace = config.Trace.Join(l.trace())
	if os.Getenv("VERBOSE") != "" {
		config.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("instance", len(f.servers))
	}
	if f.engine != nil {
		m := &mortal{Engine: f.engine, cut: make(map[string]bool)}
		f.mortals = append(f.mortals, m)
		store, err := policy.NewStore(m, policy.StoreOptions{Wait: patience, RetryEvery: 20 * time.Millisecond})
		require.NoError(f.t, err)
		f.t.Cleanup(func() { store.Close() })
		config.Store = store
		f.stores = append(f.stores, store)
	}
	srv, mux := newHost(f.t, config)
	f.servers, f.ledgers = append(f.servers, srv), append(f.ledgers, l)
	return f.Add(mux)
}

// crash ends an instance as kill -9 does: nothing of it reaches the store or a connection
// any more, whatever its goroutines still do.
func (f *fleet) crash(n int) {
	f.mortals[n].die()
	f.Kill(n)
}

// mortal is an engine as an instance reaches it until that dies.
type mortal struct {
	policy.Engine
	mu   sync.Mutex
	dead bool
	cut  map[string]bool // calls whose leg it was about to write
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// cutOff reports whether the instance was dead when it was about to write a call's leg.
func (m *mortal) cutOff(callSID string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cut[callSID]
}

// Do implements policy.Engine.
func (m *mortal) Do(ctx context.Context, ops []policy.Op) {
	m.mu.Lock()
	dead := m.dead
	for i := range ops {
		if dead {
			ops[i].Err = policy.ErrAway
			m.cut[ops[i].Name] = true
		}
	}
	m.mu.Unlock()
	if dead {
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
		return
	}
	m.Engine.Do(ctx, ops)
}

// revive lets an instance reach the store again, so that it ends by itself.
func (m *mortal) revive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = false
}

// lives reports whether the instance has not died.
func (m *mortal) lives() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.dead
}

// holder waits for a call's stream to be on an instance and returns its number.
func (f *fleet) holder(call *voicetest.Call, leg int) (n int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		for i, srv := range f.servers {
			for _, info := range srv.Calls() {
				if info.SID == call.SID && info.Leg == leg {
					n = i
					return true
				}
			}
		}
		return false
	}, patience, time.Millisecond, "no instance has stream %d", leg)
	return n
}

// finished returns the statuses that the instances counted, waiting for n.
func (f *fleet) finished(n int) (all []string) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		all = nil
		for _, l := range f.ledgers {
			l.mu.Lock()
			all = append(all, l.finished...)
			l.mu.Unlock()
		}
		return len(all) >= n
	}, patience, time.Millisecond, "calls were not counted")
	return all
}

func (f *fleet) cut() (all []voice.Reason) {
	for _, l := range f.ledgers {
		l.mu.Lock()
		all = append(all, l.cut...)
		l.mu.Unlock()
	}
	return all
}
