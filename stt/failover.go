package stt

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/option"
)

// FailoverOptions configure [Failover].
type FailoverOptions struct {
	// Keep bounds the audio that is kept for a replay, which begins where the last final
	// transcript ends; 0 = 15 s, which is 120 KB of mu-law.
	Keep time.Duration
	// Patience bounds an engine's silence after the caller stopped speaking; 0 = 2 s.
	// After it the session flushes the engine, which disturbs no speech, and the engine
	// has Patience again to answer before it has failed.
	Patience time.Duration
	// Reconnects is the number of times in a row that a failing engine is opened anew
	// before the next one is used. A connection that has held for five seconds resets the
	// count. 0 = the number in its Traits: none for an engine without a network.
	Reconnects int
	// Breaker configures each engine's breaker, which all calls share. With the zero value
	// an engine keeps the breaker of its Traits, if it has one.
	Breaker BreakerOptions
}

// Failover makes one engine of several. A call begins with the first whose breaker
// allows it. When that fails, is silent for too long or loses an utterance, the audio
// since the last finished utterance is replayed to the next, on the same clock of the
// call, so that nothing is lost or heard twice; a Degraded event reports it. The call
// stays with the engine it went to. When no engine is left the stream ends with the
// last one's error.
//
// A Failover among the engines is replaced by its own engines, in order. They keep
// their Reconnects and breakers; its Keep and Patience are ignored.
//
// Its Open is the function [Open]. It is also a [Checker] and a [Prewarmer], which
// succeed if one engine works, and the [Reporter] of the engine that new calls go to.
// It does not close the engines.
func Failover(o FailoverOptions, engines ...Engine) Engine {
	f := newFailover(o, engines...)
	for _, l := range f.links {
		if l.breaker == nil || o.Breaker != (BreakerOptions{}) {
			l.breaker = NewBreaker(o.Breaker)
		}
	}
	return f
}

// failover is the list of engines that a session uses.
type failover struct {
	o       FailoverOptions
	wrong   error    // what Validate returns
	engines []Engine // as they were given
	links   []*link
}

// link is an engine in a list, which all calls share.
type link struct {
	engine     Engine // as it was given
	opens      Engine // the one that does its work
	reconnects int
	maxAge     time.Duration
	turns      bool
	indirect   bool
	breaker    *Breaker // nil = calls always go to it
}

func newFailover(o FailoverOptions, engines ...Engine) *failover {
	f := &failover{wrong: o.check(), engines: engines}
	if o.Keep <= 0 {
		o.Keep = 15 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	f.o = o
	for _, e := range engines {
		f.add(e)
	}
	return f
}

// maxVia bounds how many engines an engine's work may be passed on through.
const maxVia = 16

// add adds an engine, or the engines of one that has several.
func (f *failover) add(e Engine) {
	l := &link{engine: e, opens: e, reconnects: f.o.Reconnects}
	for range maxVia {
		if several, ok := l.opens.(*failover); ok && several != nil {
			for _, inner := range several.links {
				one := *inner
				one.reconnects = max(one.reconnects, l.reconnects)
				f.links = append(f.links, &one)
			}
			return
		}
		d, ok := l.opens.(Describer)
		if !ok || option.Nil(l.opens) {
			break
		}
		t := d.Traits()
		l.reconnects, l.turns = max(l.reconnects, t.Reconnects), l.turns || t.Turns
		l.indirect = l.indirect || t.Indirect
		if t.MaxAge > 0 {
			l.maxAge = t.MaxAge
		}
		if t.Breaker != nil {
			l.breaker = t.Breaker
		}
		if t.Engine == nil {
			break
		}
		l.opens = t.Engine
	}
	f.links = append(f.links, l)
}

// alone reports whether there is nothing to go on with when the engine fails.
func (f *failover) alone() bool { return len(f.links) == 1 && f.links[0].reconnects == 0 }

// Check returns nil when one of the engines works: its breaker is closed, and its own
// Check, if it has one, succeeds.
func (f *failover) Check(ctx context.Context) error {
	return f.any(func(l *link) error {
		if l.breaker.Open() {
			return &Error{Op: "check", Kind: ErrUnavailable, Err: errBreakerOpen}
		}
		return Check(ctx, l.engine)
	})
}

// Prewarm warms all engines. It fails only if all of them do.
func (f *failover) Prewarm(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(f.links))
	for i, l := range f.links {
		wg.Go(func() { errs[i] = Prewarm(ctx, l.engine) })
	}
	wg.Wait()
	return f.any(func(l *link) error { return errs[slices.Index(f.links, l)] })
}

func (f *failover) any(try func(*link) error) error {
	var errs []error
	for _, l := range f.links {
		err := try(l)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Status returns the status of the engine that new calls go to.
func (f *failover) Status() Status {
	for _, l := range f.links {
		if !l.breaker.Open() {
			return passThrough{l.engine}.Status()
		}
	}
	return Status{}
}

// Open implements Engine, with a session.
func (f *failover) Open(ctx context.Context, c Config) (Stream, error) {
	c, err := c.Normalize()
	if err != nil {
		return nil, err
	}
	return newSession(ctx, f, c)
}

var errNoEngine = errors.New("no engine is left")
