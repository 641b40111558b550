package natsstore

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// cluster is a number of servers of the test's own.
type cluster struct {
	t       *testing.T
	options []*server.Options
	servers []*server.Server
}

// start starts so many servers and waits until they have a leader.
func start(t *testing.T, n int) *cluster {
	c := &cluster{t: t}
	var routes []string
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, "nats://"+l.Addr().String())
		require.NoError(t, l.Close())
	}
	for i := range n {
		o := options(t, i)
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i]}
			o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		}
		c.options = append(c.options, o)
	}
	c.run()
	return c
}

// options are those of the i-th server.
func options(t *testing.T, i int) *server.Options {
	return &server.Options{
		ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	}
}

// run runs the servers until the test ends, and waits for their leader.
func (c *cluster) run() {
	c.servers = make([]*server.Server, len(c.options))
	c.t.Cleanup(func() {
		for i := range c.servers {
			c.down(i)
		}
	})
	for i := range c.options {
		c.up(i)
	}
	require.Eventually(c.t, func() bool {
		for _, s := range c.servers {
			if len(c.servers) == 1 || s.JetStreamIsLeader() {
				return true
			}
		}
		return false
	}, 30*time.Second, 20*time.Millisecond)
}

// up starts a server, on the port that it had before.
func (c *cluster) up(i int) {
	s, err := server.NewServer(c.options[i])
	require.NoError(c.t, err)
	s.Start()
	require.True(c.t, s.ReadyForConnections(20*time.Second))
	c.options[i].Port = s.Addr().(*net.TCPAddr).Port
	c.servers[i] = s
}

// down stops a server.
func (c *cluster) down(i int) {
	if s := c.servers[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		c.servers[i] = nil
	}
}

// connect returns an engine on a connection of its own.
func (c *cluster) connect(bucket string) *Engine { return c.connectTo(bucket, c.options) }

// connectTo returns one that knows only some of the servers.
func (c *cluster) connectTo(bucket string, servers []*server.Options) *Engine {
	var urls []string
	for _, o := range servers {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	nc, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.IgnoreDiscoveredServers())
	require.NoError(c.t, err)
	c.t.Cleanup(nc.Close)
	e, err := New(nc, Options{Bucket: bucket, Replicas: len(c.options)})
	require.NoError(c.t, err)
	return e
}

// answering returns an engine whose bucket the servers have made.
func (c *cluster) answering(bucket string) *Engine {
	e := c.connect(bucket)
	ready := []policy.Op{{Kind: policy.OpRead, Space: "alive"}}
	require.Eventually(c.t, func() bool { e.Do(c.t.Context(), ready); return ready[0].Err == nil }, time.Minute, 50*time.Millisecond)
	return e
}

func TestEngine(t *testing.T) {
	c := start(t, 1)
	var n atomic.Int64
	policytest.Engine(t, func(*testing.T) policy.Engine { return c.answering(fmt.Sprint("test", n.Add(1))) })
}

func TestClusterEngine(t *testing.T) {
	c := start(t, 3)
	var n atomic.Int64
	policytest.Engine(t, func(*testing.T) policy.Engine { return c.answering(fmt.Sprint("test", n.Add(1))) })
}

// TestLinearizable: whatever server of the cluster goes and comes back while instances ask,
// what is acknowledged holds.
func TestLinearizable(t *testing.T) {
	c := start(t, 3)
	engines := []policy.Engine{c.answering("test"), c.answering("test"), c.answering("test")}
	linearizable(t, engines, func(over <-chan struct{}) {
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			case <-time.After(time.Second):
			}
			c.down(i % 3)
			time.Sleep(500 * time.Millisecond)
			c.up(i % 3)
			time.Sleep(2 * time.Second)
		}
	})
}

// TestServersGone: while there is no majority nothing is acknowledged, and the store says so;
// what was acknowledged before is there when it is back.
func TestServersGone(t *testing.T) {
	c := start(t, 3)
	store, err := policy.NewStore(c.connect("test"), policy.StoreOptions{Wait: 2 * time.Second, RetryEvery: 100 * time.Millisecond})
	require.NoError(t, err)
	defer store.Close()
	claim := func(name string) policy.Op {
		ops := []policy.Op{{Kind: policy.OpWrite, Space: "claims", Name: name, Keep: time.Hour, Value: []byte("mine")}}
		store.Do(t.Context(), ops)
		return ops[0]
	}
	require.Eventually(t, func() bool { return claim("a").OK }, 30*time.Second, 50*time.Millisecond)
	c.down(0)
	c.down(1)
	require.Eventually(t, func() bool { return !store.Up() && claim("b").Err == policy.ErrAway }, 30*time.Second, 50*time.Millisecond)
	c.up(0)
	c.up(1)
	require.Eventually(t, store.Up, 60*time.Second, 50*time.Millisecond)
	ops := []policy.Op{{Kind: policy.OpWrite, Space: "claims", Name: "a", Keep: time.Hour, Value: []byte("yours")}}
	require.Eventually(t, func() bool { store.Do(t.Context(), ops); return ops[0].Err == nil }, 30*time.Second, 50*time.Millisecond)
	require.False(t, ops[0].OK, "the claim survived")
}

// TestNew refuses what cannot work, and waits for nobody.
func TestNew(t *testing.T) {
	_, err := New(nil, Options{})
	require.ErrorContains(t, err, "connection is nil")
	nc, err := nats.Connect("nats://127.0.0.1:1", nats.RetryOnFailedConnect(true))
	require.NoError(t, err)
	defer nc.Close()
	_, err = New(nc, Options{Replicas: 7})
	require.ErrorContains(t, err, "7 replicas")
	e, err := New(nc, Options{})
	require.NoError(t, err)
	ops := []policy.Op{{Kind: policy.OpRead, Space: "alive"}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	e.Do(ctx, ops)
	require.Error(t, ops[0].Err)
}
