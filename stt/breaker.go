package stt

import (
	"context"
	"errors"
	"sync"
	"time"
)

// BreakerOptions configure a [Breaker].
type BreakerOptions struct {
	Failures int           // in a row that open it; 0 = 5
	Cooldown time.Duration // before it lets one request try again; 0 = 30 s
}

// Breaker keeps requests from an engine that is down. It opens after failures
// in a row, or after one that will not pass by itself (credentials, quota), and
// then lets one request at a time find out whether the engine is back. Share one
// per engine between all calls. All methods are safe for concurrent use. A nil
// Breaker is always closed.
type Breaker struct {
	o BreakerOptions

	mu       sync.Mutex
	failures int
	opened   time.Time // zero while it is closed
	probing  bool
	probed   time.Time // when the last probe was let through
}

// NewBreaker returns a closed breaker.
func NewBreaker(o BreakerOptions) *Breaker {
	if o.Failures <= 0 {
		o.Failures = 5
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 30 * time.Second
	}
	return &Breaker{o: o}
}

// Allow reports whether a request may be made. Each one that may must be
// followed by Done.
func (b *Breaker) Allow() bool {
	if b == nil {
		return true
	}
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
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.opened.IsZero() && b.refuses()
}

// refuses is called with mu held, while it is open. A probe that has not ended
// after a Cooldown, as a call in which nobody speaks, keeps no other away.
func (b *Breaker) refuses() bool {
	return time.Since(b.opened) < b.o.Cooldown || b.probing && time.Since(b.probed) < b.o.Cooldown
}

// Done tells how a request ended. Being canceled says nothing of the engine, nor
// does audio or a request that it rightly refuses.
func (b *Breaker) Done(err error) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch {
	case err == nil:
		b.failures, b.opened = 0, time.Time{}
	case errors.Is(err, context.Canceled), errors.Is(err, ErrBadAudio), errors.Is(err, ErrRefused), errors.Is(err, ErrClosed):
	default:
		b.failures++
		if b.failures >= b.o.Failures || errors.Is(err, ErrAuth) || errors.Is(err, ErrQuota) || !b.opened.IsZero() {
			b.opened = time.Now()
		}
	}
}

var errBreakerOpen = errors.New("it failed too often: breaker is open")
