package stttest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/stt"
)

// Call is a stream of [stt.Open] that keeps its events, for a test to read them in
// turn. It is made by [Open]; the zero value is not usable.
type Call struct {
	stt.Stream

	mu     sync.Mutex
	events []stt.Event
	turns  []stt.Event
	err    error         // after the events; nil while more may come
	wake   chan struct{} // closed when something changes and someone waits
}

// Open begins a call with e.
func Open(ctx context.Context, e stt.Engine, c stt.Config) (*Call, error) {
	call := &Call{}
	c.Emit = call.emit
	s, err := stt.Open(ctx, e, c)
	if err != nil {
		return nil, err
	}
	call.Stream = s
	context.AfterFunc(ctx, func() { call.Close() })
	return call, nil
}

// Close closes the stream. Nothing is emitted after that.
func (c *Call) Close() error {
	err := c.Stream.Close()
	c.end(io.EOF)
	return err
}

// Expect implements stt.Expecter.
func (c *Call) Expect(e stt.Expectation) error {
	return c.Stream.(stt.Expecter).Expect(e) // a session is one
}

func (c *Call) emit(ev stt.Event) {
	switch ev.Kind {
	case stt.Ended:
		c.end(ev.Err)
		return
	case stt.Turn:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.turns = append(c.turns, ev)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, ev)
	c.signal()
}

func (c *Call) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		c.signal()
	}
}

func (c *Call) signal() {
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// Turns returns the events of kind [stt.Turn] so far. They are not among those of Next.
func (c *Call) Turns() []stt.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]stt.Event(nil), c.turns...)
}

// Next waits for the next event. After the last one it returns io.EOF when the call
// was closed, and the error of [stt.Ended] otherwise.
func (c *Call) Next(ctx context.Context) (stt.Event, error) {
	for {
		c.mu.Lock()
		if len(c.events) > 0 {
			ev := c.events[0]
			c.events = c.events[1:]
			c.mu.Unlock()
			return ev, nil
		}
		if c.err != nil {
			c.mu.Unlock()
			return stt.Event{}, c.err
		}
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
		wake := c.wake
		c.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return stt.Event{}, ctx.Err()
		}
	}
}

// Drain returns the events up to the end of the call, which must have been closed.
func Drain(t testing.TB, c *Call) []stt.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var events []stt.Event
	for {
		ev, err := c.Next(ctx)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatalf("Next: %v after %v", err, events)
		}
		events = append(events, ev)
	}
}

// patience bounds every wait of the package's tests.
const patience = 20 * time.Second
