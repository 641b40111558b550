package natsstore

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// wire is the way from one server to another, which can be cut.
type wire struct {
	net.Listener
	to string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
	all   sync.WaitGroup
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{Listener: l, to: to}
	w.all.Go(w.serve)
	t.Cleanup(func() {
		l.Close()
		w.set(true)
		w.all.Wait()
	})
	return w
}

func (w *wire) serve() {
	for {
		from, err := w.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", w.to)
		if err != nil {
			from.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, from, to)
		w.mu.Unlock()
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			w.all.Go(func() {
				io.Copy(pair[0], pair[1])
				pair[0].Close()
			})
		}
		w.set(w.isCut())
	}
}

func (w *wire) isCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut = cut; cut {
		for _, c := range w.conns {
			c.Close()
		}
		w.conns = nil
	}
}

// wired starts three servers whose ways to each other can be cut, and returns what cuts one
// off, or nobody if it is < 0.
func wired(t *testing.T) (c *cluster, cutOff func(which int)) {
	c = &cluster{t: t}
	var ports []int
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		require.NoError(t, l.Close())
	}
	wires := make(map[[2]int]*wire)
	for i := range 3 {
		var routes []string
		for j := range 3 {
			if i != j {
				w := newWire(t, fmt.Sprintf("127.0.0.1:%d", ports[j]))
				wires[[2]int{i, j}], routes = w, append(routes, "nats://"+w.Addr().String())
			}
		}
		o := options(t, i)
		// Servers tell each other where they are: nobody answers there, or a way past the wires
		// would be found.
		o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[i], NoAdvertise: true, Advertise: "127.0.0.1:1"}
		o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		c.options = append(c.options, o)
	}
	c.run()
	return c, func(which int) {
		for ends, w := range wires {
			w.set(ends[0] == which || ends[1] == which)
		}
	}
}

// TestPartition: the leader, cut off from the two others with an instance that asks it, promises
// nothing; what the others promise meanwhile holds for all when the cluster is whole again.
func TestPartition(t *testing.T) {
	c, cutOff := wired(t)
	var engines []*Engine
	for i := range c.options {
		engines = append(engines, c.connectTo("test", c.options[i:i+1]))
	}
	do := func(i int, op policy.Op) policy.Op {
		ops := []policy.Op{op}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		engines[i].Do(ctx, ops)
		return ops[0]
	}
	claim := func(i int, name string) policy.Op {
		return do(i, policy.Op{Kind: policy.OpWrite, Space: "claims", Name: name, Keep: time.Hour, Value: fmt.Append(nil, i)})
	}
	hold := func(i int, id string) policy.Op {
		return do(i, policy.Op{Kind: policy.OpHold, Space: "places", ID: id, Keep: time.Hour, Limit: 1})
	}
	for i := range engines {
		require.Eventually(t, func() bool { return claim(i, fmt.Sprint("before", i)).OK }, 60*time.Second, 50*time.Millisecond)
	}
	leader := 0
	require.Eventually(t, func() bool {
		for i, s := range c.servers {
			if s.JetStreamIsStreamLeader("$G", "KV_test") {
				leader = i
				return true
			}
		}
		return false
	}, 30*time.Second, 50*time.Millisecond)
	other := (leader + 1) % 3

	cutOff(leader)
	for range 3 {
		lost := claim(leader, "a")
		require.Error(t, lost.Err, "a majority has not got it")
		require.Error(t, hold(leader, "lost").Err)
	}
	require.Eventually(t, func() bool { return claim(other, "a").OK && hold(other, "held").OK }, 60*time.Second, 50*time.Millisecond)
	require.Error(t, claim(leader, "b").Err)

	cutOff(-1)
	require.Eventually(t, func() bool {
		late := claim(leader, "a")
		return late.Err == nil && !late.OK && string(late.Value) == fmt.Sprint(other)
	}, 60*time.Second, 50*time.Millisecond, "the claim of the majority holds")
	require.Eventually(t, func() bool {
		late := hold(leader, "late")
		return late.Err == nil && !late.OK
	}, 60*time.Second, 50*time.Millisecond, "so does its place")
}
