package mediastream

import (
	"bytes"
	"slices"
)

// relieve starts to read in the consumer's place.
func (c *Conn) relieve() {
	b := &c.backlog
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.turn.CompareAndSwap(consumerWorks, reliefReads) {
		return
	}
	b.reading, b.wanted, b.dropping = true, false, false
	c.sock.Keep() // the consumer still holds the message
	c.running.Go(func() {
		for c.relieveOnce() {
		}
	})
}

// relieveOnce reads one event into the backlog. It returns false when the
// consumer has caught up, so that it can go on by itself, or when all is read.
func (c *Conn) relieveOnce() bool {
	b := &c.backlog
	var next item
	next.err = c.receive(&next.event)
	next.event.Media.Payload = bytes.Clone(next.event.Media.Payload)

	b.mu.Lock()
	b.items = append(b.items, next)
	b.size += next.size()
	dropped, full := 0, false
	for b.size > c.opts.Backlog && len(b.items) > 1 && !full {
		i := slices.IndexFunc(b.items, func(i item) bool { return i.event.Type == EventMedia })
		if full = i < 0; !full {
			b.size -= b.items[i].size()
			frame := b.items[i].event.Media
			b.items = slices.Delete(b.items, i, i+1)
			c.in.leaveOut(&frame, b.items[i:])
			dropped++
		}
	}
	tell := dropped > 0 && !b.dropping
	b.dropping = b.dropping || dropped > 0
	goOn := next.err == nil && !b.wanted
	b.reading, b.wanted = goOn, false
	b.arrived.Signal()
	b.mu.Unlock()

	c.counts.dropped.Add(uint64(dropped))
	if tell {
		c.report(&Error{Type: ErrorSlowConsumer, Offset: -1, Err: errSlow})
	}
	if full && goOn {
		c.fail(&Error{Type: ErrorSlowConsumer, Offset: -1, Code: codePolicy, Err: errFull})
	}
	return goOn
}
