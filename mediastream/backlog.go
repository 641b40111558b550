package mediastream

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// backlog is where events wait while the consumer is busy. As long as the
// consumer keeps up it is empty and costs two atomic operations an event.
type backlog struct {
	turn atomic.Int32

	mu       sync.Mutex
	arrived  sync.Cond
	items    []item
	size     int  // of all items
	reading  bool // the relief goroutine is at work
	wanted   bool // the consumer waits for an item
	dropping bool // since the consumer last caught up
}

// item is one event that waits, with its own copy of the payload, or the error
// that the iteration ends with.
type item struct {
	event Event
	err   error
}

// size is roughly what an item occupies. Only a peer that means harm has long
// strings, but it can have all of them.
func (i *item) size() int {
	e := &i.event
	return 200 + len(e.Media.Payload) + len(e.Media.Track) + len(e.Mark) + len(e.Digit) + len(e.StreamSID)
}

// Whose turn it is to read.
const (
	consumerWorks = iota // the consumer has an event in hand, or is in no iteration, and nobody reads
	consumerReads        // the consumer is in Conn.next
	reliefReads          // the relief goroutine reads until the consumer has caught up
)

func (b *backlog) handOver() { b.turn.CompareAndSwap(consumerReads, consumerWorks) }

func (b *backlog) takeBack() { b.turn.CompareAndSwap(consumerWorks, consumerReads) }

func (b *backlog) busy() bool { return b.turn.Load() == consumerWorks }

// duration returns how much audio waits.
func (b *backlog) duration() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	isMedia := func(i item) bool { return i.event.Type == EventMedia }
	first := slices.IndexFunc(b.items, isMedia)
	if first < 0 {
		return 0
	}
	last := first
	for i := len(b.items) - 1; i > first; i-- {
		if isMedia(b.items[i]) {
			last = i
			break
		}
	}
	return max(0, b.items[last].event.Media.Timestamp-b.items[first].event.Media.Timestamp)
}

// pop returns the item that has waited longest, or nil when the consumer is to
// read by itself.
func (b *backlog) pop() *item {
	if b.turn.Load() != reliefReads {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.items) == 0 && b.reading {
		b.wanted = true
		b.arrived.Wait()
	}
	if len(b.items) == 0 {
		b.items = nil
		b.turn.Store(consumerReads)
		return nil
	}
	next := b.items[0]
	b.items[0] = item{}
	b.items = b.items[1:]
	b.size -= next.size()
	return &next
}
