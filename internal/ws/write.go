package ws

import (
	"encoding/binary"
	"net"
	"strings"
	"sync"
)

// writer writes frames, each with one system call.
type writer struct {
	net net.Conn

	mu     sync.Mutex // of whoever writes
	err    error      // of an earlier write, after which the sequence of frames is broken
	closed bool       // a close frame has been sent

	pongMu  sync.Mutex
	pongs   []byte // frames that wait, and pings
	ponging bool   // a goroutine sends them
	running sync.WaitGroup
}

// maxPongs is how many bytes of pongs may wait. Above that the older ones are
// left out, as RFC 6455 allows in section 5.5.3.
const maxPongs = 2 << 10

// message sends frame[Headroom:] as one text message.
func (w *writer) message(frame []byte) error {
	var scratch [Headroom]byte
	header := appendHeader(scratch[:0], opText, len(frame)-Headroom)
	frame = frame[Headroom-len(header):]
	copy(frame, header)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(frame)
}

// close sends a close frame, behind the pongs that wait; codeNoStatus stands for
// one without a code. Nothing is sent after it.
func (w *writer) close(code int, reason string) error {
	payload := make([]byte, 0, maxControl)
	if code != codeNoStatus {
		reason = strings.ToValidUTF8(reason[:min(len(reason), maxControl-2)], "")
		payload = append(binary.BigEndian.AppendUint16(payload, uint16(code)), reason...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	frames := append(appendHeader(w.takePongs(), opClose, len(payload)), payload...)
	err := w.write(frames)
	w.closed = true
	return err
}

// control sends a pong, or a ping. It does not wait for a peer that does not read.
func (w *writer) control(opcode byte, payload []byte) {
	w.pongMu.Lock()
	defer w.pongMu.Unlock()
	if len(w.pongs)+2+len(payload) > maxPongs {
		w.pongs = w.pongs[:0]
	}
	w.pongs = append(appendHeader(w.pongs, opcode, len(payload)), payload...)
	if !w.ponging {
		w.ponging = true
		w.running.Go(w.sendPongs)
	}
}

// sendPongs sends the pongs that wait until there are none.
func (w *writer) sendPongs() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for pongs := w.takePongs(); pongs != nil; pongs = w.takePongs() {
		_ = w.write(pongs) // the reader finds out why it failed
	}
}

// takePongs returns the pongs that wait; nil if there are none, and then nobody
// is sending them any more.
func (w *writer) takePongs() (pongs []byte) {
	w.pongMu.Lock()
	defer w.pongMu.Unlock()
	pongs, w.pongs = w.pongs, nil
	w.ponging = pongs != nil
	return pongs
}

// write sends whole frames. The caller holds the lock.
func (w *writer) write(frames []byte) error {
	if w.closed {
		return net.ErrClosed
	}
	if w.err == nil {
		_, w.err = w.net.Write(frames)
	}
	return w.err
}
