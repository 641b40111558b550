package stt

import (
	"context"
	"io"
	"sync"
	"time"
)

// A Mailbox carries a stream's events from the goroutine that makes them to the
// caller of Recv. Put never waits: an Interim replaces one that was not read yet,
// and everything else is kept until it is read. Engines use it to implement
// Recv; its methods may be called from any goroutine. The zero value is ready.
type Mailbox struct {
	mu     sync.Mutex
	events []Event
	err    error         // set once the mailbox is closed
	wake   chan struct{} // closed and replaced when something changes and someone waits
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
		m.events[last] = e
		return
	}
	m.events = append(m.events, e)
	m.signal()
}

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
