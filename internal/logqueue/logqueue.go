// Package logqueue keeps a log that nobody reads from holding up calls.
package logqueue

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// patience is how long a record waits to be written, until the sink counts as blocked.
	patience = 500 * time.Millisecond
	// limit bounds the records that wait for a blocked sink.
	limit = 1000
)

// Handler is a [slog.Handler] whose records are written in their order by another
// goroutine, which lives as long as there are any. Handle returns when its record is
// written. Where that takes half a second, as on a pipe that nobody reads, the sink
// counts as blocked: until everything is written, Handle does not wait, and records
// beyond 1,000 are dropped. The first record after that says how many, as "dropped".
// Loggers made from one Handler share its queue. All methods are safe for concurrent
// use.
type Handler struct {
	next slog.Handler
	q    *queue
}

// New returns a handler in front of next; one that is a Handler already is returned.
func New(next slog.Handler) *Handler {
	if h, ok := next.(*Handler); ok {
		return h
	}
	return &Handler{next, &queue{}}
}

// Enabled reports whether next handles records of the level.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes the record on. Errors of next are lost.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	written, waits := h.q.put(entry{h.next, context.WithoutCancel(ctx), r.Clone(), make(chan struct{})})
	if !waits {
		return nil
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-written:
	case <-late.C:
		h.q.block()
	}
	return nil
}

// WithAttrs returns a handler with the attributes and the same queue.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.next.WithAttrs(attrs), h.q}
}

// WithGroup returns a handler with the group and the same queue.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.next.WithGroup(name), h.q}
}

// Dropped returns how many records were dropped.
func (h *Handler) Dropped() uint64 {
	h.q.mu.Lock()
	defer h.q.mu.Unlock()
	return h.q.dropped
}

// entry is a record that waits to be written.
type entry struct {
	next    slog.Handler
	ctx     context.Context
	record  slog.Record
	written chan struct{}
}

// queue is shared by all loggers made from one handler.
type queue struct {
	mu      sync.Mutex
	entries []entry
	writing bool // a goroutine writes
	blocked bool
	dropped uint64
	told    uint64 // of these, in the log
}

// put adds an entry, and reports whether to wait for it to be written.
func (q *queue) put(e entry) (written <-chan struct{}, waits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.entries) >= limit {
		q.dropped++
		return nil, false
	}
	q.entries = append(q.entries, e)
	if !q.writing {
		q.writing = true
		go q.write()
	}
	return e.written, !q.blocked
}

// block has nobody wait until everything is written.
func (q *queue) block() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.blocked = q.writing
}

// write writes the waiting records, and ends when there are none.
func (q *queue) write() {
	for {
		q.mu.Lock()
		if len(q.entries) == 0 {
			q.entries, q.writing, q.blocked = nil, false, false
			q.mu.Unlock()
			return
		}
		e := q.entries[0]
		q.entries[0] = entry{}
		q.entries = q.entries[1:]
		lost := q.dropped - q.told
		q.told = q.dropped
		q.mu.Unlock()
		if lost > 0 {
			e.record.AddAttrs(slog.Uint64("dropped", lost))
		}
		e.write()
	}
}

// write writes the record. A handler that panics loses it, and nothing else.
func (e *entry) write() {
	defer close(e.written)
	defer func() { _ = recover() }()
	_ = e.next.Handle(e.ctx, e.record)
}
