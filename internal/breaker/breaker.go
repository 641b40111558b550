// Package breaker keeps requests from an engine or service that is down.
package breaker

import (
	"sync"
	"time"
)

// Result is how a request ended.
type Result uint8

const (
	Success Result = iota
	Failure        // one of several in a row that open the breaker
	Fatal          // one that will not pass by itself, and opens it at once
	Neutral        // one that does not count, as when canceled
)

// Breaker opens after failures in a row, or after a fatal one, and then lets one
// request at a time try again. All methods are safe for concurrent use.
type Breaker struct {
	limit    int
	cooldown time.Duration

	mu       sync.Mutex
	failures int
	opened   time.Time // zero while it is closed
	probing  bool
	probed   time.Time // when the last probe was let through
}

// New returns a closed breaker. It opens after limit failures in a row, and lets the
// first probe through after cooldown.
func New(limit int, cooldown time.Duration) *Breaker {
	return &Breaker{limit: limit, cooldown: cooldown}
}

// Allow reports whether a request may be made. Each one that may must be followed by
// Done.
func (b *Breaker) Allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opened.IsZero() {
		return true
	}
	if b.refuses() {
		return false
	}
	b.probing, b.probed = true, time.Now()
	return true
}

// Open reports whether requests are refused at present.
func (b *Breaker) Open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.opened.IsZero() && b.refuses()
}

// refuses is called with mu held, while it is open. A probe that has not ended after
// the cooldown keeps no other away.
func (b *Breaker) refuses() bool {
	return time.Since(b.opened) < b.cooldown || b.probing && time.Since(b.probed) < b.cooldown
}

// Done records how a request ended.
func (b *Breaker) Done(r Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch r {
	case Success:
		b.failures, b.opened = 0, time.Time{}
	case Failure, Fatal:
		b.failures++
		if b.failures >= b.limit || r == Fatal || !b.opened.IsZero() {
			b.opened = time.Now()
		}
	}
}
