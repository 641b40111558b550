package relay

import (
	"sync"
	"time"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// outbox holds what waits to be sent.
type outbox struct {
	mu      sync.Mutex
	idle    *sync.Cond // nothing waits, or nothing is sent any more
	frames  [][]byte   // with room for a header in front
	size    int        // of all frames
	writing bool       // the writer goroutine is at work
	ended   bool       // an End was queued
	closed  bool
}

// Send queues a message. It never waits for the network. Its errors are an [*Error] of type
// protocol for what Twilio would not take, [ErrQueueFull] and [ErrClosed].
func (c *Conn) Send(m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	frame := m.append(make([]byte, ws.Headroom, ws.Headroom+64))
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed || o.ended:
		return ErrClosed
	case o.size+len(frame) > c.opts.Queue:
		return ErrQueueFull
	}
	o.frames, o.size = append(o.frames, frame), o.size+len(frame)
	_, o.ended = m.(End)
	if !o.writing {
		o.writing = true
		c.running.Go(c.write)
	}
	return nil
}

// write sends what is queued and ends.
func (c *Conn) write() {
	o := &c.out
	for frame := o.next(); frame != nil; frame = o.next() {
		stalled := time.AfterFunc(c.opts.WriteTimeout, func() {
			c.fail(&Error{Type: mediastream.ErrorWrite, Offset: -1, Code: codeAbnormal, Err: errStalled})
		})
		size := len(frame) - ws.Headroom
		if c.opts.OnMessage != nil {
			c.opts.OnMessage(true, frame[ws.Headroom:])
		}
		err := c.sock.Write(frame)
		stalled.Stop()
		if err != nil { // the reader ends the session: it knows why the socket broke
			o.stop()
			continue
		}
		c.counts.messagesOut.Add(1)
		c.counts.bytesOut.Add(uint64(size))
	}
}

// next returns the message to write, or nil when the writer is to end.
func (o *outbox) next() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.frames) == 0 {
		o.writing, o.frames = false, nil
		o.idle.Broadcast()
		return nil
	}
	frame := o.frames[0]
	o.frames, o.size = o.frames[1:], o.size-len(frame)
	return frame
}

// stop ends all sending.
func (o *outbox) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.frames, o.size = true, nil, 0
	o.idle.Broadcast()
}

// drain waits until everything was sent, for a while.
func (o *outbox) drain(most time.Duration) {
	late := false
	timer := time.AfterFunc(most, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		late = true
		o.idle.Broadcast()
	})
	defer timer.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing && !o.closed && !late {
		o.idle.Wait()
	}
}
