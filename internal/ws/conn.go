package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a Socket on a TCP or TLS connection.
type conn struct {
	net     net.Conn
	tcp     *net.TCPConn // net, or what is below its TLS
	onFrame func() bool

	reading     sync.Mutex // by Read, or by Close
	in          reader
	ended       error // of the reading
	late        []lateMessage
	room        int // for more of them, in bytes
	interrupted atomic.Bool

	out    writer
	closed sync.Once
}

// lateMessage is one that came while the connection was being closed.
type lateMessage struct {
	data []byte
	text bool
}

// newConn returns a Socket on c, which is tcp or TLS on it. The bytes in early
// have been read from it before.
func newConn(c net.Conn, tcp *net.TCPConn, early []byte, o *Options) (*conn, error) {
	s := &conn{net: c, tcp: tcp, onFrame: o.OnFrame, room: o.Late}
	s.in.src, s.in.limit = c, uint64(o.ReadLimit)
	s.out.net = c
	if len(early) > 0 {
		s.in.buf = make([]byte, max(bufferSize, len(early)))
		s.in.end = copy(s.in.buf, early)
	}
	if c == tcp {
		if err := s.in.useRaw(tcp); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Read implements [Socket].
func (c *conn) Read() (msg []byte, text bool, err error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for c.ended == nil {
		if c.interrupted.Load() {
			return nil, false, os.ErrDeadlineExceeded
		}
		opcode, payload, err := c.in.next()
		switch {
		case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return nil, false, err
		case err != nil:
			c.ended = err
		case opcode == opText || opcode == opBinary:
			return payload, opcode == opText, nil
		case opcode == opClose:
			c.ended = closeError(payload)
		default:
			if (c.onFrame == nil || c.onFrame()) && opcode == opPing {
				c.out.control(opPong, payload)
			}
		}
	}
	if len(c.late) > 0 {
		m := c.late[0]
		c.late = c.late[1:]
		return m.data, m.text, nil
	}
	return nil, false, c.ended
}

// Keep implements [Socket].
func (c *conn) Keep() {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.in.keep()
}

// Rest implements [Socket].
func (c *conn) Rest() { c.in.rest() }

// Write implements [Socket].
func (c *conn) Write(frame []byte) error { return c.out.message(frame) }

// Ping implements [Socket].
func (c *conn) Ping() { c.out.control(opPing, nil) }

// Interrupt implements [Socket].
func (c *conn) Interrupt() {
	c.interrupted.Store(true)
	_ = c.net.SetReadDeadline(time.Unix(1, 0)) // fails only on a connection that has ended
}

// Close implements [Socket].
func (c *conn) Close(code int, reason string) (err error) {
	c.closed.Do(func() {
		limit := time.AfterFunc(closeWait, func() { _ = c.tcp.Close() }) // whatever waits then fails
		defer limit.Stop()
		_ = c.net.SetReadDeadline(time.Time{}) // undoes Interrupt
		err = c.handshake(code, reason)
		_ = c.net.Close()
		c.reading.Lock() // a Read that was under way has failed
		if c.ended == nil {
			c.ended = net.ErrClosed
		}
		c.reading.Unlock()
		c.out.running.Wait()
	})
	return err
}

// handshake sends the close frame and reads until the peer's comes.
func (c *conn) handshake(code int, reason string) error {
	if c.reading.TryLock() {
		var frame *CloseError
		if errors.As(c.ended, &frame) {
			code, reason = frame.Code, ""
		}
		c.reading.Unlock()
		if frame != nil {
			return c.out.close(code, reason)
		}
	}
	if !sendable(code) {
		return errCloseCode
	}
	told := c.out.close(code, reason)
	if told != nil {
		return told
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	c.in.keep() // whoever reads may still have a message
	for c.ended == nil {
		opcode, payload, err := c.in.next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded): // Interrupt was called meanwhile
			c.ended = c.net.SetReadDeadline(time.Time{})
		case err != nil:
			c.ended = err
		case opcode == opClose:
			c.ended = closeError(payload)
		case opcode != opText && opcode != opBinary:
		case len(payload) <= c.room:
			c.room -= len(payload)
			c.late = append(c.late, lateMessage{bytes.Clone(payload), opcode == opText})
		default:
			c.room = -1 // nothing behind one that is dropped
		}
	}
	switch c.ended.(type) {
	case *CloseError:
		return nil
	case *Error:
		c.linger()
	}
	return c.ended
}

// linger lets a peer that has broken the protocol read what it was sent: a
// connection that is closed with bytes unread is reset, which discards that.
func (c *conn) linger() {
	if c.tcp.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c.tcp) // until the peer closes, or Close's limit
	}
}
