package redisstore

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// cli runs redis-cli against a server and returns what it says.
func cli(t *testing.T, s *server, args ...string) string {
	out, err := tryCLI(t, s, args...)
	require.NoError(t, err, "redis-cli %v: %s", args, out)
	return out
}

func tryCLI(t *testing.T, s *server, args ...string) (string, error) {
	out, err := exec.Command(apt.Need(t, "redis-cli", "redis-tools"), append([]string{"-h", "127.0.0.1", "-p", s.port}, args...)...).CombinedOutput()
	return string(out), err
}

// eventually waits for what real servers take some seconds for.
func eventually(t *testing.T, f func() bool, what string) {
	require.Eventually(t, f, time.Minute, 50*time.Millisecond, what)
}

// cluster is three masters, each with a replica.
type cluster struct {
	t       *testing.T
	servers []*server
}

func startCluster(t *testing.T) *cluster {
	c := &cluster{t: t}
	args := []string{"--cluster", "create"}
	for range 6 {
		bus := freePort(t)
		s := startRedis(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0")
		c.servers, args = append(c.servers, s), append(args, s.addr()+"@"+bus)
	}
	cli(t, c.servers[0], append(args, "--cluster-replicas", "1", "--cluster-yes")...)
	for _, s := range c.servers {
		eventually(t, func() bool { return strings.Contains(cli(t, s, "cluster", "info"), "cluster_state:ok") }, "the cluster comes up")
	}
	return c
}

func (c *cluster) url() string {
	return "redis+cluster://" + c.servers[0].addr() + "?addr=" + c.servers[1].addr() + "&addr=" + c.servers[3].addr()
}

func (c *cluster) engine(t *testing.T, prefix string) policy.Engine {
	e, err := Connect(c.url(), Options{Prefix: prefix})
	require.NoError(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

// masters returns the ids of the nodes that hold slots, and their servers.
func (c *cluster) masters(from *server) (ids []string, servers []*server) {
	for line := range strings.Lines(cli(c.t, from, "cluster", "nodes")) {
		f := strings.Fields(line)
		if len(f) < 9 || !strings.Contains(f[2], "master") || strings.Contains(f[2], "fail") {
			continue
		}
		for _, s := range c.servers {
			if strings.HasPrefix(f[1], s.addr()+"@") {
				ids, servers = append(ids, f[0]), append(servers, s)
			}
		}
	}
	return ids, servers
}

func TestClusterEngine(t *testing.T) {
	c := startCluster(t)
	var n atomic.Int64
	policytest.Engine(t, func(t *testing.T) policy.Engine { return c.engine(t, fmt.Sprint("test", n.Add(1), ":")) })
}

// TestResharding: while slots move between the nodes, what instances decide stays exact, and
// nothing is asked in vain.
func TestResharding(t *testing.T) {
	c := startCluster(t)
	ids, _ := c.masters(c.servers[0])
	engines := []policy.Engine{c.engine(t, ""), c.engine(t, "")}
	moved := 0
	linearizable(t, engines, func(over <-chan struct{}) {
		for i := 0; ; i++ {
			_, err := tryCLI(t, c.servers[0], "--cluster", "reshard", c.servers[0].addr(), "--cluster-from", ids[i%3], "--cluster-to", ids[(i+1)%3], "--cluster-slots", "100", "--cluster-yes")
			if err == nil {
				moved++
			} // else the nodes do not agree yet on what has moved before
			select {
			case <-over:
				return
			default:
			}
		}
	})
	require.Positive(t, moved)
}

// TestFailover: a replica takes over, in a cluster and behind sentinel, while calls run. The
// store is back by itself, calls that go on have their places again as soon as they are said to
// be running, and no caller gets more than its limit on each side of the failover.
func TestFailover(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (url string, kill func()){
		"cluster": func(t *testing.T) (string, func()) {
			c := startCluster(t)
			_, masters := c.masters(c.servers[0])
			return c.url(), func() { masters[1].kill() }
		},
		"sentinel": startSentinel,
	} {
		t.Run(name, func(t *testing.T) {
			url, kill := open(t)
			const limit, running = 10, 40
			options := policy.StoreOptions{Wait: time.Second, RetryEvery: 100 * time.Millisecond}
			stores := []*policy.Store{connect(t, url, options), connect(t, url, options)}
			var policies []policy.Policy
			for _, s := range stores {
				policies = append(policies, policy.All(perCaller(s, limit, time.Hour), concurrent(s, 1000)))
			}
			up := func() bool {
				for _, s := range stores {
					for i := range 100 { // every server of a cluster has some of these names
						ops := []policy.Op{{Kind: policy.OpRead, Space: "probe", Name: fmt.Sprint(time.Now().UnixNano(), i)}}
						if s.Do(t.Context(), ops); ops[0].Err != nil || !s.Up() {
							return false
						}
					}
				}
				return true
			}
			eventually(t, up, "at the start")
			var calls []policy.Call
			for i := range running {
				c := policy.Call{SID: fmt.Sprint("CA", i), From: fmt.Sprintf("+1415556%04d", i)}
				require.True(t, policies[i%2].Decide(t.Context(), c).Allowed())
				calls = append(calls, c)
			}
			kill()
			accepted := make(map[string]int)
			var mu sync.Mutex
			var load sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			for w := range 4 {
				load.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						c := policy.Call{SID: fmt.Sprint("CB", w, "-", i), From: fmt.Sprintf("+1415555%04d", i%20)}
						p := policies[(w+i)%2]
						if p.Decide(context.Background(), c).Allowed() {
							mu.Lock()
							accepted[c.From]++
							mu.Unlock()
							ended(p, c.SID)
						}
						time.Sleep(time.Millisecond)
					}
				})
			}
			eventually(t, func() bool { return !stores[0].Up() || !stores[1].Up() || name == "cluster" }, "it is noticed")
			time.Sleep(3 * time.Second)
			eventually(t, up, "it is back")
			stop()
			load.Wait()
			for caller, n := range accepted {
				require.LessOrEqual(t, n, 3*limit, "%s: by two instances alone, and once more by what a replica did not have", caller)
			}
			policy.Tell(t.Context(), policy.Outcome{Kind: policy.OutcomeRunning}, policies[0], nil, calls...)
			eventually(t, func() bool {
				n, err := concurrent(stores[1], 1000).InUse(t.Context())
				return err == nil && n == running
			}, "the calls hold their places")
			n := 0
			for i := range 3 * limit {
				if policies[i%2].Decide(t.Context(), policy.Call{SID: fmt.Sprint("CC", i), From: "+14155557777"}).Allowed() {
					n++
				}
			}
			require.Equal(t, limit, n, "the limit is common again")
		})
	}
}

// startSentinel starts a master with a replica, and three sentinels.
func startSentinel(t *testing.T) (url string, kill func()) {
	master := startRedis(t)
	replica := startRedis(t, "--replicaof", "127.0.0.1", master.port)
	eventually(t, func() bool { return strings.Contains(cli(t, replica, "info", "replication"), "master_link_status:up") }, "the replica follows")
	var addresses []string
	var sentinels []*server
	for range 3 {
		s := &server{t: t, path: master.path, port: freePort(t), dir: t.TempDir(), args: []string{"sentinel.conf", "--sentinel"}}
		settings := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 2\n"+
			"sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n", s.port, master.port)
		require.NoError(t, os.WriteFile(filepath.Join(s.dir, "sentinel.conf"), []byte(settings), 0o600))
		s.start()
		t.Cleanup(s.kill)
		sentinels, addresses = append(sentinels, s), append(addresses, s.addr())
	}
	eventually(t, func() bool {
		return strings.Contains(cli(t, sentinels[0], "sentinel", "ckquorum", "main"), "3 usable")
	}, "the sentinels know each other")
	eventually(t, func() bool {
		return strings.Contains(cli(t, sentinels[0], "sentinel", "replicas", "main"), replica.port)
	}, "and the replica")
	return "redis+sentinel://" + addresses[0] + "/0?master_name=main&addr=" + addresses[1] + "&addr=" + addresses[2], master.kill
}

// TestLinearizable: whether a Redis that keeps an append-only file restarts, or is cut off from
// an instance, what it acknowledged holds.
func TestLinearizable(t *testing.T) {
	p := startProxied(t, "--appendonly", "yes", "--appendfsync", "always")
	var engines []policy.Engine
	for _, url := range []string{p.redis.url(), "redis://" + p.Listen, p.redis.url()} {
		e, err := Connect(url, Options{})
		require.NoError(t, err)
		defer e.Close()
		engines = append(engines, e)
	}
	linearizable(t, engines, func(over <-chan struct{}) {
		for {
			for _, change := range []func(){
				func() { p.toxic(t, blackHole) }, func() { p.Toxics.ResetToxics(t.Context()) }, func() { p.redis.kill(); p.redis.start() },
			} {
				select {
				case <-over:
					p.Toxics.ResetToxics(t.Context())
					return
				case <-time.After(300 * time.Millisecond):
					change()
				}
			}
		}
	})
}

// TestMemoryIsLinearizable: the suite's reference.
func TestMemoryIsLinearizable(t *testing.T) {
	linearizable(t, []policy.Engine{policy.NewMemory(policy.MemoryOptions{})}, func(<-chan struct{}) {})
}
