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
// per engine between all calls. All methods are safe for concurrent use.
type Breaker struct {
	o     BreakerOptions
	wrong error // what Validate of a Guarded recogniser tells

	mu       sync.Mutex
	failures int
	opened   time.Time // zero while it is closed
	probing  bool
	probed   time.Time // when the last probe was let through
}

// NewBreaker returns a closed breaker.
func NewBreaker(o BreakerOptions) *Breaker {
	wrong := o.check()
	if o.Failures <= 0 {
		o.Failures = 5
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 30 * time.Second
	}
	return &Breaker{o: o, wrong: wrong}
}

// Allow reports whether a request may be made. Each one that may must be
// followed by Done.
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

// refuses is called with mu held, while it is open. A probe that has not ended
// after a Cooldown, as a call in which nobody speaks, keeps no other away.
func (b *Breaker) refuses() bool {
	return time.Since(b.opened) < b.o.Cooldown || b.probing && time.Since(b.probed) < b.o.Cooldown
}

// Done tells how a request ended. Being canceled says nothing of the engine, nor
// does audio or a request that it rightly refuses.
func (b *Breaker) Done(err error) {
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

// Guarded puts a breaker in front of a recogniser. While the breaker is open,
// utterances fail at once with [ErrUnavailable].
func Guarded(r Recognizer, b *Breaker) Recognizer { return &guarded{passThrough{r}, r, b} }

type guarded struct {
	passThrough
	rec     Recognizer
	breaker *Breaker
}

func (g *guarded) Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error) {
	if !g.breaker.Allow() {
		return Transcript{}, &Error{Op: "recognize", Kind: ErrUnavailable, Err: errBreakerOpen}
	}
	t, err := safely(ctx, g.rec, audio, c)
	g.breaker.Done(err)
	return t, err
}

var errBreakerOpen = errors.New("it failed too often: breaker is open")
