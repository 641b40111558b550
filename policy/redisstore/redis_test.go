package redisstore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/policy/policytest"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{})
	leak.Main(m, "toxiproxy/v2.(*ToxicLink).Start") // one of its goroutines may wait for ever when a link is cut
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// server is a redis-server of the test's own.
type server struct {
	t    *testing.T
	path string
	port string
	dir  string
	args []string
	env  []string // nil: that of the test
	cmd  *exec.Cmd
}

func startRedis(t *testing.T, args ...string) *server {
	s := &server{t: t, path: apt.Need(t, "redis-server", "redis-server"), port: freePort(t), dir: t.TempDir()}
	s.args = append([]string{"--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"}, args...)
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) addr() string { return "127.0.0.1:" + s.port }
func (s *server) url() string  { return "redis://" + s.addr() }

func (s *server) start() {
	s.cmd = exec.Command(s.path, s.args...)
	s.cmd.Dir, s.cmd.Env = s.dir, s.env
	require.NoError(s.t, s.cmd.Start())
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.Dial("tcp", s.addr())
		if err == nil {
			conn.Close()
			return
		}
		require.True(s.t, time.Now().Before(deadline), "redis-server did not come up: %v", err)
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends the server as kill -9 does.
func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// freePort returns a port where nobody listens, and that the system gives to nobody
// who does not ask for it, as long as the test may want it again: one below those that
// Linux and the BSDs give away.
func freePort(t *testing.T) string {
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	require.Fail(t, "no free port")
	return ""
}

// connect returns the store of an instance.
func connect(t *testing.T, url string, o policy.StoreOptions) *policy.Store {
	return prefixed(t, url, "", o)
}

func prefixed(t *testing.T, url, prefix string, o policy.StoreOptions) *policy.Store {
	e, err := Connect(url, Options{Prefix: prefix})
	require.NoError(t, err)
	s, err := policy.NewStore(e, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, e.Close())
	})
	return s
}

func perCaller(s *policy.Store, limit int, window time.Duration) *policy.CallerLimit {
	return policy.PerCaller(limit, window, policy.CallerLimitOptions{Store: s})
}

func concurrent(s *policy.Store, limit int) *policy.Concurrency {
	return policy.Concurrent(limit, policy.ConcurrencyOptions{Store: s})
}

func ended(p policy.Policy, sid string) {
	policy.Tell(context.Background(), policy.Outcome{Kind: policy.OutcomeEnded}, p, nil, policy.Call{SID: sid})
}

// roomy is a budget that a busy machine does not exceed, for tests that are not
// about it.
const roomy = 10 * time.Second

func TestEngine(t *testing.T) {
	r := startRedis(t)
	var n atomic.Int64
	policytest.Engine(t, func(t *testing.T) policy.Engine {
		e, err := Connect(r.url(), Options{Prefix: fmt.Sprint("test", n.Add(1), ":")})
		require.NoError(t, err)
		t.Cleanup(func() { e.Close() })
		return e
	})
}

// TestPolicies asks each question to another of three instances.
func TestPolicies(t *testing.T) {
	r := startRedis(t)
	var n atomic.Int64
	spread := func(t *testing.T, make func(*policy.Store) policy.Policy) policy.Policy {
		prefix := fmt.Sprint("test", n.Add(1), ":")
		s := &spread{}
		for range 3 {
			s.instances = append(s.instances, make(prefixed(t, r.url(), prefix, policy.StoreOptions{Wait: roomy})))
		}
		return s
	}
	policytest.CallerLimit(t, func(t *testing.T, limit int, window time.Duration, overrides map[string]int) policy.Policy {
		return spread(t, func(s *policy.Store) policy.Policy {
			l := policy.PerCaller(limit, window, policy.CallerLimitOptions{Overrides: overrides, Store: s})
			require.NoError(t, policy.Validate(l))
			return l
		})
	})
	policytest.Concurrency(t, func(t *testing.T, limit int) policy.Policy {
		return spread(t, func(s *policy.Store) policy.Policy { return concurrent(s, limit) })
	})
	policytest.Passes(t, func(t *testing.T, inner policy.Policy, keep time.Duration) policy.Policy {
		return spread(t, func(s *policy.Store) policy.Policy {
			return fraud.NewPasses(inner, fraud.PassesOptions{Keep: keep, Store: s})
		})
	})
}

// spread sends each question to the next of several instances, as a load balancer.
type spread struct {
	instances []policy.Policy
	next      atomic.Int64
}

func (s *spread) pick() policy.Policy { return s.instances[int(s.next.Add(1))%len(s.instances)] }

func (s *spread) Decide(ctx context.Context, c policy.Call) policy.Decision {
	return s.pick().Decide(ctx, c)
}

func (s *spread) Observe(ctx context.Context, c policy.Call, o policy.Outcome) {
	policy.Tell(ctx, o, s.pick(), nil, c)
}

// proxied is a Redis behind a network that can be made bad.
type proxied struct {
	*toxiproxy.Proxy
	redis *server
}

func startProxied(t *testing.T, args ...string) *proxied {
	r := startRedis(t, args...)
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(io.Discard))
	p := toxiproxy.NewProxy(api, "redis", "127.0.0.1:"+freePort(t), r.addr())
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return &proxied{p, r}
}

func (p *proxied) toxic(t *testing.T, json string) {
	_, err := p.Toxics.AddToxicJson(strings.NewReader(json))
	require.NoError(t, err)
}

const (
	late200   = `{"name": "bad", "type": "latency", "stream": "downstream", "attributes": {"latency": 200}}`
	blackHole = `{"name": "bad", "type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`
)

// TestTrouble puts each kind of trouble between two instances and their Redis,
// before the start or in the middle, under load. Throughout, decisions are quick,
// what is accepted stays within the limit times the instances, each change of state
// is reported once, and when the trouble is over the limit is common again.
func TestTrouble(t *testing.T) {
	for _, tt := range []struct {
		name       string
		start, end func(t *testing.T, p *proxied)
		args       []string
		url        func(p *proxied) string
		atStart    bool
		forever    bool
	}{
		{name: "down at start", atStart: true,
			start: func(_ *testing.T, p *proxied) { p.redis.kill() },
			end:   func(_ *testing.T, p *proxied) { p.redis.start() }},
		{name: "down in the middle",
			start: func(_ *testing.T, p *proxied) { p.redis.kill() },
			end:   func(_ *testing.T, p *proxied) { p.redis.start() }},
		{name: "200 ms late",
			start: func(t *testing.T, p *proxied) { p.toxic(t, late200) },
			end:   func(t *testing.T, p *proxied) { p.Toxics.ResetToxics(t.Context()) }},
		{name: "black hole",
			start: func(t *testing.T, p *proxied) { p.toxic(t, blackHole) },
			end:   func(t *testing.T, p *proxied) { p.Toxics.ResetToxics(t.Context()) }},
		{name: "wrong password", atStart: true, forever: true, args: []string{"--requirepass", "right"},
			start: func(*testing.T, *proxied) {}, end: func(*testing.T, *proxied) {},
			url: func(p *proxied) string { return "redis://:wrong@" + p.Listen }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := startProxied(t, tt.args...)
			url := "redis://" + p.Listen
			if tt.url != nil {
				url = tt.url(p)
			}
			if tt.atStart {
				tt.start(t, p)
			}
			const limit, instances = 10, 2
			var logs syncBuffer
			var states stateLog
			var limits []policy.Policy
			var stores []*policy.Store
			for range instances {
				s := connect(t, url, policy.StoreOptions{Wait: 100 * time.Millisecond, RetryEvery: 50 * time.Millisecond, OnState: states.add,
					Logger: slog.New(slog.NewTextHandler(&logs, nil))})
				stores = append(stores, s)
				limits = append(limits, policy.All(perCaller(s, limit, time.Hour), concurrent(s, 1000)))
			}
			load := newLoad(t, limits)
			load.run(200)
			if !tt.atStart {
				tt.start(t, p)
			}
			load.run(400)
			for _, s := range stores {
				require.False(t, s.Up(), "given up")
			}
			// On a busy machine Redis may seem away for a moment before it is.
			gone, back := states.count()
			require.Equal(t, instances, gone-back, "one report for each change")
			require.Equal(t, gone, strings.Count(logs.String(), "level=WARN"), logs.String())
			if tt.atStart {
				require.Equal(t, instances, gone)
			}
			for caller, n := range load.accepted {
				require.LessOrEqual(t, n, limit*instances, caller)
				require.GreaterOrEqual(t, n, min(limit, load.offered[caller]), "nobody is refused for Redis' sake")
			}
			load.report(t)
			if tt.forever {
				require.NotContains(t, logs.String(), "wrong", "the password")
				return
			}
			tt.end(t, p)
			for i, s := range stores {
				require.Eventually(t, func() bool {
					limits[i].Decide(t.Context(), policy.Call{SID: "probe", From: "+14155559999"})
					return s.Up()
				}, 20*time.Second, 20*time.Millisecond, "back without a restart")
			}
			require.Equal(t, strings.Count(logs.String(), "level=WARN"), strings.Count(logs.String(), "level=INFO"), logs.String())
			require.Eventually(t, func() bool { // slow machines may lose it again for a moment
				n := 0
				from := fmt.Sprintf("+1415556%04d", time.Now().UnixNano()%10000)
				for i := range 2 * limit {
					if limits[i%2].Decide(t.Context(), policy.Call{SID: fmt.Sprint(from, i), From: from}).Allowed() {
						n++
					}
				}
				return n == limit
			}, 20*time.Second, 20*time.Millisecond, "the limit is common again")
		})
	}
}

// load offers calls of 20 callers to the instances in turn, a few at once.
type load struct {
	t        *testing.T
	limits   []policy.Policy
	mu       sync.Mutex
	n        int
	offered  map[string]int
	accepted map[string]int
	took     []time.Duration
}

func newLoad(t *testing.T, limits []policy.Policy) *load {
	return &load{t: t, limits: limits, offered: make(map[string]int), accepted: make(map[string]int)}
}

func (l *load) run(calls int) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range calls / 4 {
				l.mu.Lock()
				l.n++
				n := l.n
				l.mu.Unlock()
				from, sid := fmt.Sprintf("+1415555%04d", n%20), fmt.Sprint("CA", n)
				begin := time.Now()
				p := l.limits[n%len(l.limits)]
				d := p.Decide(l.t.Context(), policy.Call{SID: sid, From: from})
				took := time.Since(begin)
				if d.Allowed() {
					ended(p, sid)
				}
				l.mu.Lock()
				l.took = append(l.took, took)
				l.offered[from]++
				if d.Allowed() {
					l.accepted[from]++
				}
				l.mu.Unlock()
				time.Sleep(time.Millisecond)
			}
		})
	}
	wg.Wait()
}

// report logs how long decisions took. It asserts nothing: the machine may be busy.
func (l *load) report(t *testing.T) {
	slices.Sort(l.took)
	n := len(l.took)
	t.Logf("%d decisions: median %v, p99 %v, longest %v", n, l.took[n/2], l.took[n*99/100], l.took[n-1])
}

type stateLog struct {
	mu     sync.Mutex
	states []bool
}

func (s *stateLog) add(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states = append(s.states, up)
}

// count returns how often Redis was given up, and how often it was back.
func (s *stateLog) count() (gone, back int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, up := range s.states {
		if up {
			back++
		} else {
			gone++
		}
	}
	return gone, back
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestCallerWhoGivesUp: a webhook that Twilio no longer waits for says nothing
// about Redis.
func TestCallerWhoGivesUp(t *testing.T) {
	r := startRedis(t)
	s := connect(t, r.url(), policy.StoreOptions{Wait: roomy})
	limit := perCaller(s, 10, time.Hour)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 5 {
		limit.Decide(gone, policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"})
	}
	require.True(t, s.Up())
}

func TestConnectKeepsSecrets(t *testing.T) {
	for _, url := range []string{
		"http://:secret@localhost", "redis://:secret@local host:1", "redis://:secret@h:6379/x", "secret",
		"redis://:secret/with/slashes@h:6379", "redis://:secret%zz@h:6379", "redis://h/secret", "redis://h?db=secret", "secret://h", "redis://h?secret=1",
	} {
		_, err := Connect(url, Options{})
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestMemoryPerCaller reports what a caller with ten calls costs Redis.
func TestMemoryPerCaller(t *testing.T) {
	r := startRedis(t)
	s := connect(t, r.url(), policy.StoreOptions{Wait: roomy})
	client := redis.NewClient(&redis.Options{Addr: r.addr()})
	defer client.Close()
	limit := perCaller(s, 10, time.Hour)
	for i := range 12 {
		limit.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"})
	}
	n, err := client.MemoryUsage(t.Context(), "dialtone:calls:1h0m0s::+14155550100").Result()
	require.NoError(t, err)
	t.Logf("%d bytes", n)
	require.LessOrEqual(t, n, int64(200))
}
