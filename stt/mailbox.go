package stt

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// A Mailbox carries a stream's events from the goroutine that makes them to the
// caller of Recv. Put never waits: an Interim replaces one that was not read yet,
// and everything else is kept until it is read, up to 1 MiB, which is a day of
// speech. It gives up the events beyond that, and puts one Degraded event of kind
// [ErrOverrun] in their place. Engines use it to implement Recv; its methods may be
// called from any goroutine. The zero value is ready.
type Mailbox struct {
	mu     sync.Mutex
	events []Event
	size   int           // bytes that the events take
	full   bool          // the last event stands for those that were given up
	err    error         // set once the mailbox is closed
	wake   chan struct{} // closed and replaced when something changes and someone waits
}

// maxUnread bounds the events of a mailbox, in bytes.
const maxUnread = 1 << 20

// size returns about how many bytes the event takes.
func (e *Event) size() int {
	n := 256 + len(e.Transcript.Text)
	for _, w := range e.Transcript.Words {
		n += 48 + len(w.Text)
	}
	return n
}

// Put adds an event and, if it has no time, gives it the present one. After
// CloseWith it does nothing.
func (m *Mailbox) Put(e Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return
	}
	if last := len(m.events) - 1; last >= 0 && e.Kind == Interim && m.events[last].Kind == Interim {
		m.size += e.size() - m.events[last].size()
		m.events[last] = e
		return
	}
	if m.size+e.size() > maxUnread {
		if m.full {
			return
		}
		m.full = true
		e = Event{Kind: Degraded, At: e.At, Err: &Error{Op: "receive", Kind: ErrOverrun, Err: errUnread}}
	} else {
		m.full = false
	}
	m.size += e.size()
	m.events = append(m.events, e)
	m.signal()
}

var errUnread = errors.New("1 MiB of events is unread; those after it were given up")

// CloseWith ends the mailbox: Recv returns the events that are left, and then
// err for ever, or io.EOF if err is nil. Only the first call counts.
func (m *Mailbox) CloseWith(err error) {
	if err == nil {
		err = io.EOF
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
		m.signal()
	}
}

// Recv returns the oldest event, as Stream.Recv does.
func (m *Mailbox) Recv(ctx context.Context) (Event, error) {
	for {
		m.mu.Lock()
		if len(m.events) > 0 {
			e := m.events[0]
			m.events[0] = Event{}
			m.events = m.events[1:]
			m.size -= e.size()
			m.mu.Unlock()
			return e, nil
		}
		if m.err != nil {
			m.mu.Unlock()
			return Event{}, m.err
		}
		if m.wake == nil {
			m.wake = make(chan struct{})
		}
		wake := m.wake
		m.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

func (m *Mailbox) signal() {
	if m.wake != nil {
		close(m.wake)
		m.wake = nil
	}
}
