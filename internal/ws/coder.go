package ws

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// coder is a Socket on github.com/coder/websocket, for connections that are
// neither TCP nor TLS on it.
type coder struct {
	ws  *websocket.Conn
	net *follower // what ws reads and writes
	buf []byte    // the last message

	closed sync.Once
	pings  sync.WaitGroup
}

// writeBuffer is that of a connection.
const writeBuffer = 2 << 10

// newCoder returns a Socket on c, whose handshake r has been answered. The bytes
// in early have been read from it before.
func newCoder(c net.Conn, early []byte, r *http.Request, o *Options) (*coder, error) {
	onFrame := o.OnFrame
	if onFrame == nil {
		onFrame = func() bool { return true }
	}
	f := &follower{Conn: c, early: bytes.Clone(early), onContinuation: onFrame}
	rw := bufio.NewReadWriter(bufio.NewReaderSize(f, bufferSize), bufio.NewWriterSize(f, writeBuffer))
	conn, err := websocket.Accept(&answered{f, rw, make(http.Header)}, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the Origin has been looked at
		OnPingReceived:     func(context.Context, []byte) bool { return onFrame() },
		OnPongReceived:     func(context.Context, []byte) { onFrame() },
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(o.ReadLimit)
	return &coder{ws: conn, net: f}, nil
}

// answered is the ResponseWriter of a handshake that has been answered.
type answered struct {
	conn   net.Conn
	rw     *bufio.ReadWriter
	header http.Header
}

func (a *answered) Header() http.Header                          { return a.header }
func (*answered) WriteHeader(int)                                {}
func (*answered) Write(p []byte) (int, error)                    { return len(p), nil }
func (a *answered) Hijack() (net.Conn, *bufio.ReadWriter, error) { return a.conn, a.rw, nil }

// Read implements [Socket].
func (c *coder) Read() (msg []byte, text bool, err error) {
	// A background context: one that can be cancelled costs eight allocations per read.
	typ, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return nil, false, CoderError(err)
	}
	buf := c.buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		c.buf = buf
		if err == io.EOF && c.net.ended.Load() {
			err = io.ErrUnexpectedEOF
		}
		if err == io.EOF {
			text := typ == websocket.MessageText
			if text && !utf8.Valid(buf) { // the library does not look
				return nil, false, violation(errNotUTF8)
			}
			return buf, text, nil
		}
		if err != nil {
			return nil, false, CoderError(err)
		}
	}
}

// CoderError returns an error of github.com/coder/websocket as one of this package.
func CoderError(err error) error {
	var frame websocket.CloseError
	var ne net.Error
	switch {
	case errors.As(err, &frame) && !utf8.ValidString(frame.Reason):
		return violation(errNotUTF8)
	case errors.As(err, &frame):
		return &CloseError{int(frame.Code), frame.Reason}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return &Error{codeTooBig, err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &ne):
		return err
	}
	return &Error{codeProtocol, err}
}

// Keep implements [Socket].
func (c *coder) Keep() { c.buf = nil }

// Rest implements [Socket].
func (*coder) Rest() {}

// Write implements [Socket].
func (c *coder) Write(frame []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageText, frame[Headroom:])
}

// Ping implements [Socket].
func (c *coder) Ping() {
	c.pings.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		_ = c.ws.Ping(ctx) // what comes back is seen by Read
	})
}

// Interrupt implements [Socket].
func (c *coder) Interrupt() {
	_ = c.net.SetReadDeadline(time.Unix(1, 0)) // fails only on a connection that has ended
}

// Close implements [Socket].
func (c *coder) Close(code int, reason string) (err error) {
	c.closed.Do(func() {
		limit := time.AfterFunc(closeWait, func() { _ = underTLS(c.net.Conn).Close() }) // TLS would wait until its alert is written
		_ = c.net.SetReadDeadline(time.Time{})                                          // undoes Interrupt
		err = c.ws.Close(websocket.StatusCode(code), reason)
		c.pings.Wait()
		if !limit.Stop() && err == nil {
			err = os.ErrDeadlineExceeded
		}
	})
	return err
}
