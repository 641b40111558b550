// Package throttle keeps requests of strangers from filling the log.
package throttle

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Handler is a [slog.Handler] that bounds the number of records in a minute. A minute
// begins with a record. The first record after some were left out says how many, as
// "suppressed". Loggers made from one Handler share its allowance. All methods are safe
// for concurrent use.
type Handler struct {
	next slog.Handler
	gate *gate
}

// New returns a handler that passes at most perMinute records a minute on to next.
func New(next slog.Handler, perMinute int) *Handler {
	return &Handler{next, &gate{most: perMinute}}
}

// Enabled reports whether next handles records of the level.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes the record on, or counts it.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	suppressed, ok := h.gate.pass(time.Now())
	if !ok {
		return nil
	}
	if suppressed > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("suppressed", suppressed))
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs returns a handler with the attributes and the same allowance.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.next.WithAttrs(attrs), h.gate}
}

// WithGroup returns a handler with the group and the same allowance.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.next.WithGroup(name), h.gate}
}

// gate counts records in minutes.
type gate struct {
	most       int
	mu         sync.Mutex
	began      time.Time // of the minute; zero before the first
	passed     int       // in it
	suppressed int       // since the last that passed
}

// pass reports whether a record may pass, and if so how many did not since the last.
func (g *gate) pass(now time.Time) (suppressed int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() || now.Sub(g.began) >= time.Minute {
		g.began, g.passed = now, 0
	}
	if g.passed >= g.most {
		g.suppressed++
		return 0, false
	}
	g.passed++
	suppressed, g.suppressed = g.suppressed, 0
	return suppressed, true
}
