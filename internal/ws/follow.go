package ws

import (
	"io"
	"net"
	"sync/atomic"
)

// follower reads a connection and follows the frames that go by, because coder's
// library reports whole messages only, and takes the end of the connection between
// two fragments for the end of the message.
type follower struct {
	net.Conn
	early          []byte      // comes before what the connection brings
	onContinuation func() bool // its result does not matter
	ended          atomic.Bool // the connection; Close reads on another goroutine

	header [maxHeader]byte
	have   int    // bytes of the header that have come
	left   uint64 // bytes of the payload that have not
	lost   bool   // a header was wrong, and the library ends the connection
}

// Read implements [io.Reader].
func (f *follower) Read(p []byte) (n int, err error) {
	if len(f.early) > 0 {
		n = copy(p, f.early)
		f.early = f.early[n:]
	} else {
		n, err = f.Conn.Read(p)
	}
	switch {
	case n > 0:
		err = nil // it comes again, and this is the end of no message
	case err == io.EOF:
		f.ended.Store(true)
	}
	f.follow(p[:n])
	return n, err
}

// follow takes the next bytes.
func (f *follower) follow(b []byte) {
	for len(b) > 0 && !f.lost {
		if f.left > 0 {
			n := min(f.left, uint64(len(b)))
			b, f.left = b[n:], f.left-n
			continue
		}
		come := copy(f.header[f.have:], b)
		h, err := parseHeader(f.header[:f.have+come])
		if f.lost = err != nil; f.lost {
			return
		}
		if h.size == 0 {
			f.have += come
			return
		}
		b = b[h.size-f.have:]
		f.have, f.left = 0, h.length
		if h.opcode == opContinuation {
			f.onContinuation()
		}
	}
}
