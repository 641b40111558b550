package stt

import (
	"context"
	"errors"
	"time"

	"agentos.dev/dialtone/internal/breaker"
)

// BreakerOptions configure a [Breaker].
type BreakerOptions struct {
	Failures int           // in a row that open it; 0 = 5
	Cooldown time.Duration // before it lets one request try again; 0 = 30 s
}

// Breaker keeps requests from an engine that is down. It opens after failures in a row,
// or after one that will not pass by itself (credentials, quota), and then lets one
// request at a time find out whether the engine is back. Share one per engine between
// all calls. All methods are safe for concurrent use. A Breaker is made by
// [NewBreaker]; the zero value is not usable, and nil is always closed.
type Breaker struct {
	b *breaker.Breaker
}

// NewBreaker returns a closed breaker.
func NewBreaker(o BreakerOptions) *Breaker {
	if o.Failures <= 0 {
		o.Failures = 5
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 30 * time.Second
	}
	return &Breaker{b: breaker.New(o.Failures, o.Cooldown)}
}

// Allow reports whether a request may be made. Each one that may must be
// followed by Done.
func (b *Breaker) Allow() bool { return b == nil || b.b.Allow() }

// Open reports whether requests are refused at present.
func (b *Breaker) Open() bool { return b != nil && b.b.Open() }

// Done records the end of a request. A canceled request does not count, nor does a
// refusal of bad audio or of a bad request.
func (b *Breaker) Done(err error) {
	if b == nil {
		return
	}
	result := breaker.Failure
	switch {
	case err == nil:
		result = breaker.Success
	case errors.Is(err, context.Canceled), errors.Is(err, ErrBadAudio), errors.Is(err, ErrRefused), errors.Is(err, ErrClosed):
		result = breaker.Neutral
	case errors.Is(err, ErrAuth), errors.Is(err, ErrQuota):
		result = breaker.Fatal
	}
	b.b.Done(result)
}

var errBreakerOpen = errors.New("it failed too often: breaker is open")
