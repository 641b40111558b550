package live

import (
	"cmp"
	"context"
	"slices"
	"time"

	"agentos.dev/dialtone/stt"
)

// flush is one that waits for its answer.
type flush struct {
	after int // bytes of queue that come before it
	sent  bool
	done  chan struct{}
	err   error
}

// Flush implements stt.Stream.
func (l *leg) Flush(ctx context.Context) error {
	l.mu.Lock()
	switch {
	case l.closed:
		l.mu.Unlock()
		return stt.ErrClosed
	case l.err != nil:
		l.mu.Unlock()
		return l.err
	}
	f := &flush{after: len(l.queue), done: make(chan struct{})}
	l.flushes = append(l.flushes, f)
	l.poke()
	l.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle ends the wait for a flush that the service leaves without an answer.
func (l *leg) settle(f *flush) {
	wait := l.flushWait()
	for wait > 0 {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-f.done:
		case <-l.done:
		}
		timer.Stop()
		wait = l.settled(f)
	}
}

func (l *leg) flushWait() time.Duration { return cmp.Or(l.e.s.FlushWait, Patience) }

// settled asks the session, if the service was silent for long enough, and then
// the service for a sign of life. It returns how long to wait before it is called
// again; 0 = f is done.
func (l *leg) settled(f *flush) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	silent := time.Since(l.heard)
	switch {
	case !slices.Contains(l.flushes, f):
		return 0
	case silent < l.flushWait():
		return l.flushWait() - silent
	}
	var r Reply
	if settler, ok := l.session.(Settler); ok {
		r = settler.Settle()
	}
	flushed := r.Flushed > 0
	r.Flushed = 0
	l.use(r)
	var err error = &stt.Error{Engine: l.e.s.Name, Op: "flush", Kind: stt.ErrTimeout}
	switch {
	case !flushed && silent < Patience:
		return l.flushWait()
	case flushed && l.lives():
		err = nil
	}
	l.finish(f, err)
	return 0
}

// lives reports whether the service answers a ping. It is called with mu held, which
// it releases meanwhile.
func (l *leg) lives() bool {
	l.mu.Unlock()
	defer l.mu.Lock()
	return l.link.Ping(context.Background())
}

// finish ends the wait for f, if it goes on. It is called with mu held.
func (l *leg) finish(f *flush, err error) {
	if i := slices.Index(l.flushes, f); i >= 0 {
		f.err = err
		l.flushes = slices.Delete(l.flushes, i, i+1)
		close(f.done)
	}
}
