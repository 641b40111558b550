package stt

import (
	"context"
	"errors"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// FailoverOptions configure [Failover].
type FailoverOptions struct {
	// Keep is how much audio is kept for a replay, at most: it begins where the
	// last answer ends. 0 = 15 s, which are 120 KB of mu-law.
	Keep time.Duration
	// Patience is how long after the caller stopped speaking an engine may be
	// silent before it has to show that it lives, by a Flush that interrupts
	// nobody, and then how long it has for that; 0 = 2 s.
	Patience time.Duration
	// Reconnects is how often in a row an engine that fails is opened anew before
	// the next is taken, as is right for one that streams over a network. The
	// count begins anew when a connection has held for five seconds. 0 = never.
	Reconnects int
	// Breaker is for each engine's breaker, which all calls share.
	Breaker BreakerOptions
}

// Failover makes one engine of several. A call begins with the first whose
// breaker allows it. When that fails, is silent for too long or loses an
// utterance, what the caller said since the last finished utterance is replayed
// to the next, with the call's clock kept, so that nothing is lost or heard
// twice; a Degraded event tells of it. The call stays with the engine it went
// to. When no engine is left the stream ends with the last one's error.
//
// It listens for speech itself, and tells the engines of this package under it
// what it heard: one that segments hears a replay as it was heard the first time.
//
// It is also a [Checker] and a [Prewarmer], which are content with one engine that
// works, and the [Reporter] of the engine that new calls go to. It closes none.
func Failover(o FailoverOptions, engines ...Engine) Engine {
	f := &failover{wrong: o.check()}
	if o.Keep <= 0 {
		o.Keep = 15 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	f.o = o
	for _, e := range engines {
		f.engines = append(f.engines, e)
		f.breakers = append(f.breakers, NewBreaker(o.Breaker))
	}
	return f
}

type failover struct {
	o        FailoverOptions
	wrong    error // what Validate tells
	engines  []Engine
	breakers []*Breaker
}

// Check returns nil when one of the engines works: its breaker is closed, and it
// says so itself if it can.
func (f *failover) Check(ctx context.Context) error {
	i := -1
	return f.any(func(e Engine) error {
		if i++; f.breakers[i].Open() {
			return &Error{Op: "check", Kind: ErrUnavailable, Err: errBreakerOpen}
		}
		return passThrough{e}.Check(ctx)
	})
}

// Prewarm warms all engines; it fails when none could be.
func (f *failover) Prewarm(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(f.engines))
	for i, e := range f.engines {
		wg.Go(func() {
			defer recovered("prewarm", &errs[i])
			errs[i] = passThrough{e}.Prewarm(ctx)
		})
	}
	wg.Wait()
	i := -1
	return f.any(func(Engine) error { i++; return errs[i] })
}

func (f *failover) any(try func(Engine) error) error {
	var errs []error
	for _, e := range f.engines {
		err := try(e)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Status tells of the engine that new calls go to.
func (f *failover) Status() Status {
	for i, e := range f.engines {
		if !f.breakers[i].Open() {
			return passThrough{e}.Status()
		}
	}
	return Status{}
}

func (f *failover) Open(ctx context.Context, c Config) (Stream, error) {
	ear, err := newEar(c.Format, vad.Options{}, f.o.Keep+2*slack)
	if err != nil {
		return nil, err
	}
	s := &failoverStream{f: f, c: c, ear: ear, frame: c.Format.Bytes(frameTime), began: -tolerance,
		changed: make(chan struct{}), done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.mu.Lock()
	err = s.next(nil)
	s.mu.Unlock()
	if err != nil {
		s.cancel()
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

var errNoEngine = errors.New("no engine is left")
