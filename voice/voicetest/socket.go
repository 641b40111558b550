package voicetest

import (
	"net"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// Socket is the fake's end of a stream, for faults; see [OnFrame]. The fake makes it; the zero
// value is not usable.
type Socket struct{ s *stream }

// Reset resets the TCP connection.
func (k *Socket) Reset() { k.s.valve.reset() }

// Close closes the WebSocket with a code and without stop.
func (k *Socket) Close(code int, reason string) { k.s.carrier.Close(code, reason) }

// Freeze keeps the connection open but sends and reads nothing any more.
func (k *Socket) Freeze() { k.s.valve.freeze() }

// ReadSlowly waits for d before each message is read.
func (k *Socket) ReadSlowly(d time.Duration) {
	k.s.mu.Lock()
	k.s.slow = d
	k.s.mu.Unlock()
}

// Send sends a message as it is, unnumbered.
func (k *Socket) Send(m Message) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if !k.s.closed {
		select {
		case k.s.out <- m:
		default:
		}
	}
}

// Flood sends n media messages of silence as fast as the host takes them.
func (k *Socket) Flood(n int) {
	for range n {
		for len(k.s.out) == cap(k.s.out) && !k.over() {
			time.Sleep(time.Millisecond)
		}
		if k.over() {
			return
		}
		k.s.frame(mediastream.TrackInbound, silence[:])
	}
}

// over reports whether nobody takes messages any more.
func (k *Socket) over() bool {
	select {
	case <-k.s.done:
		return true
	case <-k.s.call.ctx.Done():
		return true
	default:
		return false
	}
}

// valve is a connection that can be frozen: nothing passes, nothing ends.
type valve struct {
	net.Conn
	mu     sync.Mutex
	shut   bool
	closed chan struct{}
	once   sync.Once
}

func newValve(conn net.Conn) *valve { return &valve{Conn: conn, closed: make(chan struct{})} }

func (v *valve) freeze() {
	v.mu.Lock()
	v.shut = true
	v.mu.Unlock()
}

func (v *valve) frozen() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shut
}

// Read holds back what arrives when frozen.
func (v *valve) Read(p []byte) (int, error) {
	n, err := v.Conn.Read(p)
	if v.frozen() {
		<-v.closed
		return 0, net.ErrClosed
	}
	return n, err
}

// Write drops what is sent when frozen.
func (v *valve) Write(p []byte) (int, error) {
	if v.frozen() {
		return len(p), nil
	}
	return v.Conn.Write(p)
}

// Close closes the connection.
func (v *valve) Close() error {
	v.once.Do(func() { close(v.closed) })
	return v.Conn.Close()
}

// reset closes the connection with RST instead of FIN.
func (v *valve) reset() {
	if reset(v.Conn) == nil {
		v.Close()
	}
}

// reset closes a connection, or what is below TLS, with RST instead of FIN.
func reset(conn net.Conn) error {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	return conn.Close()
}
