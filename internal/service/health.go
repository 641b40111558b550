// Package service checks the health of speech services over HTTP, for their adapters.
package service

import (
	"context"
	"sync"
	"time"
)

// Health asks a service whether it works, and remembers the answer for a while, so
// that a health check every few seconds costs nothing. All methods are safe for
// concurrent use.
type Health struct {
	probe func(ctx context.Context) error
	every time.Duration
	turn  chan struct{} // has a token while the service is asked

	mu    sync.Mutex // guards the last answer
	asked time.Time
	err   error
}

// NewHealth returns the health of the service that probe asks, at most once in every.
func NewHealth(every time.Duration, probe func(ctx context.Context) error) *Health {
	return &Health{probe: probe, every: every, turn: make(chan struct{}, 1)}
}

// Check returns the last answer if it is fresh, and asks otherwise. Others wait for the
// answer of one that asks.
func (h *Health) Check(ctx context.Context) error {
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	h.mu.Lock()
	fresh, err := !h.asked.IsZero() && time.Since(h.asked) < h.every, h.err
	h.mu.Unlock()
	if fresh {
		return err
	}
	return h.Ask(ctx)
}

// Ask asks at once. A caller that goes away before the answer has learnt nothing, and
// so nobody else has.
func (h *Health) Ask(ctx context.Context) error {
	err := h.probe(ctx)
	if ctx.Err() == context.Canceled {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err, h.asked = err, time.Now()
	return err
}

// Good reports whether the last answer was good.
func (h *Health) Good() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.asked.IsZero() && h.err == nil
}
