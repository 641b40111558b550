package voice_test

import (
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
	f.config.Hanger = rest
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
		store, err := policy.NewStore(f.engine, policy.StoreOptions{Wait: patience, RetryEvery: 20 * time.Millisecond})
		require.NoError(f.t, err)
		f.t.Cleanup(func() { store.Close() })
		config.Store = store
		f.stores = append(f.stores, store)
	}
	srv, mux := newHost(f.t, config)
	f.servers, f.ledgers = append(f.servers, srv), append(f.ledgers, l)
	return f.Add(mux)
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
