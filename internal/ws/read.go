package ws

import (
	"encoding/binary"
	"io"
	"sync/atomic"
	"syscall"
	"unicode/utf8"
)

// bufferSize is that of a connection's read buffer. It holds two messages of
// 20 ms of mu-law, or one of 16 bit audio at 16 kHz, and grows while a larger one
// comes in.
const bufferSize = 1152

// reader cuts the bytes of a client into messages and control frames, in place.
type reader struct {
	src   io.Reader
	limit uint64 // bytes of a message

	buf      []byte
	pos, end int // buf[pos:end] has come and is not parsed yet

	opcode      byte // of the message that is coming in; 0 if none is
	start, tail int  // buf[start:tail] is what has come of it, unmasked

	// While a TCP connection is waited for and nothing is left in the buffer, it
	// lies in spare, where rest can take it away.
	raw   syscall.RawConn // nil on other connections
	ready func(fd uintptr) bool
	read  int   // of the last read: its result
	err   error // and its error
	spare atomic.Pointer[[bufferSize]byte]
}

// next returns the next message (opText, opBinary), the next control frame, or
// opContinuation for a frame that leaves its message incomplete. The payload is
// valid until the next call. After an error that is an *Error it must not be
// called again; after others it goes on where it was.
func (r *reader) next() (opcode byte, payload []byte, err error) {
	for {
		h, err := parseHeader(r.buf[r.pos:r.end])
		if err != nil {
			return 0, nil, violation(err)
		}
		if h.size == 0 {
			if err := r.more(maxHeader); err != nil {
				return 0, nil, err
			}
			continue
		}
		if err := r.check(&h); err != nil {
			return 0, nil, violation(err)
		}
		size := h.size + int(h.length)
		if r.end-r.pos < size {
			if err := r.more(size); err != nil {
				return 0, nil, err
			}
			continue
		}
		payload := r.buf[r.pos+h.size : r.pos+size]
		unmask(payload, h.key)
		first := r.pos + h.size
		r.pos += size
		if h.control() {
			return h.opcode, payload, nil
		}
		if h.opcode != opContinuation {
			r.opcode, r.start, r.tail = h.opcode, first, first
		}
		if r.tail != first {
			copy(r.buf[r.tail:], payload)
		}
		r.tail += len(payload)
		if !h.fin {
			return opContinuation, nil, nil
		}
		opcode, msg := r.opcode, r.buf[r.start:r.tail:r.tail]
		r.opcode = 0
		if opcode == opText && !utf8.Valid(msg) {
			return 0, nil, violation(errNotUTF8)
		}
		return opcode, msg, nil
	}
}

// check holds a frame's header against the message that is coming in.
func (r *reader) check(h *header) error {
	if h.control() {
		return nil
	}
	come := 0
	switch {
	case h.opcode == opContinuation && r.opcode == 0:
		return errContinuation
	case h.opcode != opContinuation && r.opcode != 0:
		return errInterleaved
	case h.opcode == opContinuation:
		come = r.tail - r.start
	}
	if h.length > r.limit-uint64(come) {
		return errTooBig
	}
	return nil
}

// more reads at least one byte behind those that have come. The frame at pos
// takes size bytes in all. The buffer grows only when it is full: a length that
// is announced costs nothing.
func (r *reader) more(size int) error {
	if r.opcode == 0 && r.pos == r.end {
		r.pos, r.end = 0, 0
		return r.fetch()
	}
	if r.end == len(r.buf) || r.pos+size > len(r.buf) {
		r.compact()
	}
	if r.end == len(r.buf) {
		need := r.pos + max(size, maxHeader)
		if r.opcode != 0 { // behind this fragment others may come, with a copy for each if only this one had room
			need = max(need, int(r.limit)+maxHeader)
		}
		r.resize(min(2*len(r.buf), need))
	}
	return r.fetch()
}

// compact moves what is still needed to the front: the message so far and,
// behind it, what is not parsed yet.
func (r *reader) compact() {
	if r.opcode == 0 {
		r.start, r.tail = r.pos, r.pos
	}
	if r.start == 0 && r.tail == r.pos { // nothing lies in between
		return
	}
	n := copy(r.buf, r.buf[r.start:r.tail])
	r.start, r.tail = 0, n
	r.end = n + copy(r.buf[n:], r.buf[r.pos:r.end])
	r.pos = n
}

// resize moves everything to a new buffer.
func (r *reader) resize(size int) {
	buf := make([]byte, size)
	copy(buf, r.buf[:r.end])
	r.buf = buf
}

// keep leaves the buffer to the holder of the message in it. A buffer into which another
// message is being read has no holder.
func (r *reader) keep() {
	if r.opcode != 0 {
		return
	}
	left := r.buf[r.pos:r.end]
	r.buf, r.pos, r.end = nil, 0, 0
	if len(left) > 0 {
		r.buf = make([]byte, max(bufferSize, len(left)))
		r.end = copy(r.buf, left)
	}
}

// rest takes the buffer of a connection that is waited for.
func (r *reader) rest() { r.spare.Store(nil) }

// fetch reads into the free part of the buffer.
func (r *reader) fetch() error {
	if r.end == 0 && len(r.buf) > bufferSize {
		r.buf = nil // the large message that needed it has been delivered
	}
	if r.raw != nil {
		return r.fetchRaw()
	}
	if r.buf == nil {
		r.buf = new([bufferSize]byte)[:]
	}
	n, err := r.src.Read(r.buf[r.end:])
	if n > 0 { // an error comes again
		r.end += n
		return nil
	}
	if err == io.EOF {
		err = r.eof()
	}
	return err
}

// eof is the error of a connection that the peer has closed without a close frame.
func (r *reader) eof() error {
	if r.opcode != 0 || r.end > 0 {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// closeError returns the code and the reason of a close frame as an error.
func closeError(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: codeNoStatus}
	}
	if len(payload) == 1 {
		return violation(errCloseLength)
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	if !sendable(code) {
		return violation(errCloseCode)
	}
	if !utf8.Valid(reason) {
		return violation(errNotUTF8)
	}
	return &CloseError{code, string(reason)}
}
