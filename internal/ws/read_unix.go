//go:build unix

package ws

import (
	"net"
	"os"
	"syscall"
)

// useRaw has the reader read the connection's socket itself, so that no buffer
// is needed while it waits.
func (r *reader) useRaw(tcp *net.TCPConn) error {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	r.raw, r.ready = raw, r.readSocket
	return nil
}

// fetchRaw is fetch from a TCP socket.
func (r *reader) fetchRaw() error {
	if err := r.raw.Read(r.ready); err != nil {
		return err
	}
	if r.err != nil {
		return os.NewSyscallError("read", r.err)
	}
	if r.read == 0 {
		return r.eof()
	}
	r.end += r.read
	return nil
}

// readSocket reads once. It returns false when there is nothing to read, which
// must have been seen before the socket is waited for: the poller tells only
// once of an end that came together with the last bytes.
func (r *reader) readSocket(fd uintptr) bool {
	if r.buf == nil {
		if spare := r.spare.Swap(nil); spare != nil {
			r.buf = spare[:]
		} else {
			r.buf = new([bufferSize]byte)[:]
		}
	}
	for {
		r.read, r.err = syscall.Read(int(fd), r.buf[r.end:])
		if r.err != syscall.EINTR {
			break
		}
	}
	if r.err != syscall.EAGAIN {
		return true
	}
	if r.end == 0 {
		r.spare.Store((*[bufferSize]byte)(r.buf))
		r.buf = nil
	}
	return false
}
