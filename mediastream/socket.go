package mediastream

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// socket is all that a Conn asks of a WebSocket, so that another
// implementation can take its place.
type socket interface {
	// read returns the next message. It appends to buf[:0] and returns the
	// result, grown if need be, also with an error.
	read(buf []byte) (msg []byte, text bool, err error)
	// write sends one text message. It is called by one goroutine at a time.
	write(msg []byte) error
	// interrupt makes a read that waits, and all later ones, fail.
	interrupt()
	// close sends a close frame, waits at most closeWait for the peer's, and
	// ends the connection. Reads and writes that wait fail.
	close(code int, reason string) error
}

// closeWait bounds the closing handshake. A live peer answers within a round trip.
const closeWait = time.Second

// Buffers of a connection. Messages carry 200-400 bytes in and up to 2000 out;
// net/http would give 4 KiB each, which is half of an idle call's memory.
const (
	readBuffer  = 1 << 10
	writeBuffer = 2 << 10
)

// coderSocket is a socket on github.com/coder/websocket.
type coderSocket struct {
	ws  *websocket.Conn
	net net.Conn // what ws reads and writes
}

// upgrade answers the handshake; errors have been sent to the client. Reads call onPing
// for every ping and pong of the peer, which says whether to answer, and
// onContinuation for every frame that goes on with a message, which says whether to
// read on.
func upgrade(w http.ResponseWriter, r *http.Request, opts *Options, onPing, onContinuation func() bool) (*coderSocket, error) {
	h := &hijacker{ResponseWriter: w, onContinuation: onContinuation}
	if !h.possible() {
		http.Error(w, http.StatusText(http.StatusNotImplemented), http.StatusNotImplemented)
		return nil, errNoHijack
	}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		OriginPatterns: opts.Origins,
		OnPingReceived: func(context.Context, []byte) bool { return onPing() },
		OnPongReceived: func(context.Context, []byte) { onPing() },
	})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(opts.ReadLimit)
	return &coderSocket{ws: ws, net: h.conn}, nil
}

func (s *coderSocket) read(buf []byte) ([]byte, bool, error) {
	// A background context: one that can be cancelled costs eight allocations per read.
	typ, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return buf[:0], false, err
	}
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, typ == websocket.MessageText, nil
		}
		if err != nil {
			return buf, false, err
		}
	}
}

func (s *coderSocket) write(msg []byte) error {
	return s.ws.Write(context.Background(), websocket.MessageText, msg)
}

func (s *coderSocket) interrupt() {
	_ = s.net.SetReadDeadline(time.Unix(1, 0)) // fails only on a connection that has ended
}

func (s *coderSocket) close(code int, reason string) error {
	_ = s.net.SetReadDeadline(time.Now().Add(closeWait))
	stop := time.AfterFunc(closeWait, func() {
		conn := s.net
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn() // closing the TLS layer would wait for its own alert to be written
		}
		_ = conn.Close()
	})
	defer stop.Stop()
	return s.ws.Close(websocket.StatusCode(code), reason)
}

// hijacker hands the connection to the WebSocket library with small buffers
// and keeps hold of it, for deadlines.
type hijacker struct {
	http.ResponseWriter
	onContinuation func() bool
	conn           net.Conn
}

var errNoHijack = errors.New("the http.ResponseWriter is not an http.Hijacker")

// possible reports whether Hijack has a chance.
func (h *hijacker) possible() bool {
	w := h.ResponseWriter
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // sent by the client before our answer
	br := bufio.NewReaderSize(bytes.NewReader(early), max(readBuffer, len(early)))
	if _, err := br.Peek(len(early)); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	h.conn = conn
	in := &frameReader{Conn: conn}
	in.follow(early)
	in.onContinuation = h.onContinuation // from here on: who is to be asked is not there yet
	return in, bufio.NewReadWriter(br, bufio.NewWriterSize(conn, writeBuffer)), nil
}

// closedWith sorts the error that ended a socket: the close code, and whether
// it is an error at all.
func closedWith(err error) *Error {
	var ne net.Error
	switch code := int(websocket.CloseStatus(err)); {
	case code == codeNormal, code == codeGoingAway, code == codeNoStatus:
		return nil
	case code > 0:
		return &Error{Type: Disconnect, Offset: -1, Code: code, Err: err}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return &Error{Type: Oversize, Offset: -1, Code: codeTooBig, Err: err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &ne):
		return &Error{Type: Disconnect, Offset: -1, Code: codeAbnormal, Err: err}
	}
	return &Error{Type: Protocol, Offset: -1, Code: codeProtocol, Err: err}
}
