package mediastream

import (
	"encoding/binary"
	"net"
)

// frameReader reads a connection and follows the frame headers that go by (RFC 6455,
// section 5.2), because the WebSocket library tells only of whole messages: a
// message can be cut into frames without end, with nothing in them.
type frameReader struct {
	net.Conn
	onContinuation func() bool // is called for each frame that goes on with a message, unless nil; false ends the reading

	header [14]byte
	have   int    // bytes of the header that have come
	left   uint64 // bytes of the payload that have not
}

// Read implements [io.Reader].
func (f *frameReader) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if !f.follow(b[:n]) {
		return n, errTooMany
	}
	return n, err
}

// follow takes the next bytes. It returns false if a frame was one too many.
func (f *frameReader) follow(b []byte) bool {
	for len(b) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(b)))
			b, f.left = b[n:], f.left-n
			continue
		}
		n := copy(f.header[f.have:max(2, f.size())], b)
		b, f.have = b[n:], f.have+n
		if f.have < 2 || f.have < f.size() {
			continue
		}
		f.left, f.have = f.length(), 0
		const opcode, continuation = 0x0f, 0
		if f.header[0]&opcode == continuation && f.onContinuation != nil && !f.onContinuation() {
			return false
		}
	}
	return true
}

// size returns how long the header is, as far as its first two bytes are there.
func (f *frameReader) size() int {
	if f.have < 2 {
		return 0
	}
	size := 2
	switch f.header[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.header[1]&0x80 != 0 {
		size += 4 // the mask
	}
	return size
}

// length returns the length of the payload that a whole header states.
func (f *frameReader) length() uint64 {
	switch n := f.header[1] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.header[2:]))
	case 127:
		return binary.BigEndian.Uint64(f.header[2:])
	default:
		return uint64(n)
	}
}
