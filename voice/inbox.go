package voice

import (
	"context"
	"io"
	"sync"

	"agentos.dev/dialtone/stt"
)

// Event is something that happened in a call: what the recogniser reports, or a
// key that the caller pressed.
type Event struct {
	stt.Event        // the zero value when a key was pressed
	Digit     string // "0" to "9", "*" or "#"; "" otherwise
	failure   error  // why there will be no more transcripts
}

// inboxLimit bounds the events of a call that nobody reads: about an hour of
// uninterrupted talk.
const inboxLimit = 4096

// inbox keeps a call's events until the handler reads them. An interim
// transcript replaces an unread one; everything else is kept in order.
type inbox struct {
	mu     sync.Mutex
	events []Event
	closed bool          // nothing more will come
	wake   chan struct{} // has room for one signal to the one reader
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put adds an event. It reports false when the inbox is full.
func (b *inbox) put(e Event) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return true
	}
	last := len(b.events) - 1
	switch {
	case last >= 0 && e.Kind == stt.Interim && b.events[last].Kind == stt.Interim:
		b.events[last] = e
		return true
	case len(b.events) >= inboxLimit:
		return false
	}
	b.events = append(b.events, e)
	b.signal()
	return true
}

// close ends the inbox: after the events that are left, next returns io.EOF.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.signal()
}

// next returns the oldest event. Unread events outlive ctx: a call that has
// ended still has its last words to tell.
func (b *inbox) next(ctx context.Context) (Event, error) {
	for {
		b.mu.Lock()
		if len(b.events) > 0 {
			e := b.events[0]
			b.events[0] = Event{}
			b.events = b.events[1:]
			b.mu.Unlock()
			return e, nil
		}
		closed := b.closed
		b.mu.Unlock()
		if closed {
			b.signal() // for the next reader
			return Event{}, io.EOF
		}
		select {
		case <-b.wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
