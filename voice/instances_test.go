package voice_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// board is what instances share, and what can come between.
type board struct {
	policy.Engine
	away func() bool // nil: never
}

func newBoard() *board { return &board{Engine: policy.NewMemory(policy.MemoryOptions{})} }

func (b *board) Do(ctx context.Context, ops []policy.Op) {
	if b.away != nil && b.away() {
		for i := range ops {
			ops[i].Err = errors.New("no store")
		}
		return
	}
	b.Engine.Do(ctx, ops)
}

// store returns the store of an instance.
func (b *board) store(t testing.TB) *policy.Store {
	if b == nil {
		return nil
	}
	s, err := policy.NewStore(b, policy.StoreOptions{RetryEvery: 10 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func inUse(t testing.TB, c *policy.Concurrency) int {
	n, err := c.InUse(t.Context())
	require.NoError(t, err)
	return n
}

// spread is a load balancer: the webhook goes to the first instance, the stream
// to the second, callbacks to the third.
func spread(instances ...http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/stream/"):
			instances[1].ServeHTTP(w, r)
		case strings.HasSuffix(r.URL.Path, "/status"):
			instances[2].ServeHTTP(w, r)
		default:
			instances[0].ServeHTTP(w, r)
		}
	})
}

// instances returns three servers that share the board and report to l.
func instances(t *testing.T, l *ledger, b *board) (servers []*voice.Server, handlers []http.Handler) {
	for range 3 {
		srv, mux := newHost(t, voice.Config{Handler: waiting, Store: b.store(t), Trace: l.trace()})
		servers, handlers = append(servers, srv), append(handlers, mux)
	}
	return servers, handlers
}

func TestCallCountsOnceOnAllInstances(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		board *board
		want  int
	}{
		"shared":     {newBoard(), 1},
		"not shared": {nil, 2},
		"store away": {&board{away: func() bool { return true }}, 1}, // by the instance of the stream; the other one waits
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			servers, handlers := instances(t, &l, test.board)
			tw := voicetest.New(t, spread(handlers...))
			call := tw.Dial(caller, callee)
			require.Eventually(t, func() bool { return servers[1].Stats().ActiveCalls == 1 }, patience, time.Millisecond)
			call.HangUp()
			l.ends(t, 1)
			require.NoError(t, tw.Close()) // every callback has been answered
			require.Eventually(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.finished) >= test.want }, patience, time.Millisecond)
			l.mu.Lock()
			defer l.mu.Unlock()
			require.Len(t, l.finished, test.want)
		})
	}
}

func TestTokenOpensOneStreamOnAllInstances(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		board   *board
		streams int
	}{
		"shared":     {newBoard(), 1},
		"not shared": {nil, 2},
		"store away": {&board{away: func() bool { return true }}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			_, handlers := instances(t, &l, test.board)
			here, there := voicetest.New(t, handlers[0]), voicetest.New(t, handlers[1])
			first := here.Dial(caller, callee)
			require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
			replay := there.Dial(caller, callee, voicetest.ReplayedStream(streamURL(t, first)), voicetest.EditMessage(claim(first.SID)))
			if test.streams == 1 {
				replay.Wait(t.Context())
				require.Contains(t, replay.Warnings()[0].Text, "403")
			} else {
				require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond)
				replay.HangUp()
			}
			first.HangUp()
			l.ends(t, test.streams)
			require.Equal(t, test.streams, l.starts())
		})
	}
}

// claim says that a stream is of another call, as who replays a token would.
func claim(callSID string) voicetest.MessageEdit {
	return func(event string, m voicetest.Message) []voicetest.Message {
		if event == "start" {
			_, rest, _ := strings.Cut(string(m.Data), `"callSid":"`)
			m.Data = []byte(strings.Replace(string(m.Data), rest[:34], callSID, 1))
		}
		return []voicetest.Message{m}
	}
}

// TestEndToldOnceWhileTheStoreIsAway: the instance that had the stream tells the end at once,
// and the others find that when the store is back.
func TestEndToldOnceWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	b := newBoard()
	b.away = away.Load
	var mu sync.Mutex
	heard := make(map[string]int)
	observer := policy.ObserverFunc(func(ctx context.Context, c policy.Call, o policy.Outcome) {
		_, bounded := ctx.Deadline()
		mu.Lock()
		defer mu.Unlock()
		if o.Kind == policy.OutcomeEnded && bounded {
			heard[c.SID+" "+o.Status]++
		}
	})
	var l ledger
	var servers []*voice.Server
	var handlers []http.Handler
	for range 3 {
		srv, mux := newHost(t, voice.Config{Handler: waiting, Store: b.store(t), Trace: l.trace(), Observers: []policy.Observer{observer}})
		servers, handlers = append(servers, srv), append(handlers, mux)
	}
	tw := voicetest.New(t, spread(handlers...))
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return servers[1].Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	away.Store(true)
	call.HangUp()
	l.ends(t, 1)
	require.NoError(t, tw.Close())
	drained := make(chan error, 1)
	go func() { drained <- servers[1].Shutdown(context.Background()) }()
	told := func() bool { mu.Lock(); defer mu.Unlock(); return len(heard) == 1 }
	require.Eventually(t, told, patience, time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	away.Store(false)
	require.NoError(t, <-drained)
	for _, srv := range servers {
		require.NoError(t, srv.Shutdown(t.Context()))
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{call.SID + " completed": 1}, heard)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Len(t, l.finished, 1)
}

// TestCallThatComesBackElsewhere: a call whose stream has ended by a stop message on one
// instance, and that the host's REST brings back to another, is counted once.
func TestCallThatComesBackElsewhere(t *testing.T) {
	t.Parallel()
	var l ledger
	b := newBoard()
	var handlers []http.Handler
	for range 2 {
		_, mux := newHost(t, voice.Config{Handler: waiting, Store: b.store(t), Trace: l.trace()})
		handlers = append(handlers, mux)
	}
	var moved atomic.Bool
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "moved" {
			moved.Store(true)
		}
		here := handlers[0]
		if moved.Load() {
			here = handlers[1]
		}
		here.ServeHTTP(w, r)
	}))
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	back := twiml.New(&twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?moved"})
	require.NoError(t, restClient(t, tw).Update(t.Context(), call.SID, back.String()))
	require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond)
	call.HangUp()
	require.NoError(t, tw.Close()) // every callback has been answered
	l.ends(t, 2)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Len(t, l.finished, 1)
}
