package voicetest

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// Instances is a load balancer in front of several instances of a host, which takes them
// in turn: the Handler of a [Config]. Its methods may be called from several goroutines. It is
// made by [NewInstances]; the zero value is not usable.
type Instances struct {
	mu   sync.Mutex
	all  []*instance
	next int
}

// instance is one of them, with the connections that it has hijacked.
type instance struct {
	handler http.Handler
	down    bool
	dead    bool
	conns   map[*held]struct{}
}

// NewInstances returns a balancer in front of hosts, numbered from 0.
func NewInstances(hosts ...http.Handler) *Instances {
	b := &Instances{}
	for _, h := range hosts {
		b.Add(h)
	}
	return b
}

// Add adds an instance and returns its number.
func (b *Instances) Add(host http.Handler) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, &instance{handler: host, conns: make(map[*held]struct{})})
	return len(b.all) - 1
}

// Remove sends an instance no more requests, as a balancer does that has found it dead or
// unready. Its streams stay.
func (b *Instances) Remove(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[n].down = true
}

// Kill is Remove, and resets the instance's streams and what it is answering, as the end of
// its process does. The test decides whether the instance itself stops: without that it
// is a process that was only cut off.
func (b *Instances) Kill(n int) {
	b.mu.Lock()
	b.all[n].down, b.all[n].dead = true, true
	b.mu.Unlock()
	b.Reset(n)
}

// killed reports whether the instance was killed.
func (h *holder) killed() bool {
	h.b.mu.Lock()
	defer h.b.mu.Unlock()
	return h.in.dead
}

// Reset resets the streams of an instance, as a network does.
func (b *Instances) Reset(n int) {
	b.mu.Lock()
	var conns []*held
	for conn := range b.all[n].conns {
		conns = append(conns, conn)
	}
	b.mu.Unlock()
	for _, conn := range conns {
		reset(conn.Conn)
		conn.Close()
	}
}

// Streams returns how many streams each instance holds.
func (b *Instances) Streams() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := make([]int, len(b.all))
	for i, in := range b.all {
		n[i] = len(in.conns)
	}
	return n
}

// ServeHTTP passes a request to the next instance that is up, or answers 502 if none is.
func (b *Instances) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := b.pick()
	if in == nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	h := &holder{w, b, in}
	if in.handler.ServeHTTP(h, r); h.killed() {
		panic(http.ErrAbortHandler) // its answer is lost
	}
}

func (b *Instances) pick() *instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.all {
		in := b.all[b.next%len(b.all)]
		b.next++
		if !in.down {
			return in
		}
	}
	return nil
}

// holder notes the connection that a handler hijacks.
type holder struct {
	http.ResponseWriter
	b  *Instances
	in *instance
}

// Unwrap returns the writer below.
func (h *holder) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Hijack hijacks the connection.
func (h *holder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	held := &held{Conn: conn, b: h.b, in: h.in}
	h.b.mu.Lock()
	dead := h.in.dead
	if !dead {
		h.in.conns[held] = struct{}{}
	}
	h.b.mu.Unlock()
	if dead {
		reset(conn)
		return nil, nil, net.ErrClosed
	}
	return held, rw, nil
}

// held is a hijacked connection.
type held struct {
	net.Conn
	b  *Instances
	in *instance
}

// Close closes the connection.
func (c *held) Close() error {
	c.b.mu.Lock()
	delete(c.in.conns, c)
	c.b.mu.Unlock()
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *held) NetConn() net.Conn { return c.Conn }
