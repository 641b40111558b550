package voicetest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memory is a network of two ends in this process: what waits on it waits durably, as
// testing/synctest has it.
type memory struct {
	addr     memoryAddr
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newMemory(addr memoryAddr) *memory {
	return &memory{addr: addr, accepted: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.accepted:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// Addr implements net.Listener.
func (m *memory) Addr() net.Addr { return m.addr }

// memoryAddr is an address that hosts take for that of a peer.
type memoryAddr string

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return string(a) }

// dial connects to the listener.
func (m *memory) dial() (net.Conn, error) {
	up, down := newHalf(), newHalf()
	select {
	case m.accepted <- &end{m.addr, up, down}:
		return &end{m.addr, down, up}, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

// end is one end of a connection.
type end struct {
	addr    memoryAddr
	in, out *half
}

// Read implements net.Conn.
func (e *end) Read(p []byte) (int, error) { return e.in.read(p) }

// Write implements net.Conn.
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }

// Close implements net.Conn.
func (e *end) Close() error {
	e.in.close(net.ErrClosed, io.ErrClosedPipe)
	e.out.close(io.EOF, net.ErrClosed)
	return nil
}

// LocalAddr implements net.Conn.
func (e *end) LocalAddr() net.Addr { return e.addr }

// RemoteAddr implements net.Conn.
func (e *end) RemoteAddr() net.Addr { return e.addr }

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(t time.Time) error {
	e.in.reading.set(e.in, t)
	e.out.writing.set(e.out, t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(t time.Time) error {
	e.in.reading.set(e.in, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.writing.set(e.out, t)
	return nil
}

// maxUnread is how many bytes a connection takes that nobody reads: about as much as a socket.
const maxUnread = 256 << 10

// half is one direction of a connection.
type half struct {
	mu               sync.Mutex
	changed          sync.Cond
	data             []byte
	readErr          error // behind the data; nil while there is more to come
	writeErr         error
	reading, writing deadline
}

func newHalf() *half {
	h := &half{}
	h.changed.L = &h.mu
	return h
}

// deadline is until when one side waits. The half's lock guards it.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(h *half, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.at = at
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if wait := time.Until(at); !at.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.changed.Broadcast()
		})
	}
	h.changed.Broadcast()
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.readErr == net.ErrClosed:
			return 0, h.readErr
		case h.reading.over():
			return 0, os.ErrDeadlineExceeded
		case len(h.data) > 0 || len(p) == 0:
			n := copy(p, h.data)
			h.data = h.data[:copy(h.data, h.data[n:])]
			h.changed.Broadcast()
			return n, nil
		case h.readErr != nil:
			return 0, h.readErr
		}
		h.changed.Wait()
	}
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch room := maxUnread - len(h.data); {
		case h.writeErr != nil:
			return n, h.writeErr
		case h.writing.over():
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		case room > 0:
			part := p[:min(room, len(p))]
			h.data = append(h.data, part...)
			n, p = n+len(part), p[len(part):]
			h.changed.Broadcast()
			continue
		}
		h.changed.Wait()
	}
}

// close ends the direction; what has been written can still be read, unless the reader closes.
func (h *half) close(read, write error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readErr == nil || read == net.ErrClosed {
		h.readErr = read
	}
	if h.writeErr == nil {
		h.writeErr = write
	}
	for _, d := range []*deadline{&h.reading, &h.writing} {
		if d.timer != nil {
			d.timer.Stop()
			d.timer = nil
		}
	}
	h.changed.Broadcast()
}
