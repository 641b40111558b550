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
func (s *Stream) Flush(ctx context.Context) error {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return stt.ErrClosed
	case s.err != nil:
		s.mu.Unlock()
		return s.err
	}
	f := &flush{after: len(s.queue), done: make(chan struct{})}
	s.flushes = append(s.flushes, f)
	s.poke()
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle ends the wait for a flush that the service leaves without an answer.
func (s *Stream) settle(f *flush) {
	wait := s.flushWait()
	for wait > 0 {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-f.done:
		case <-s.done:
		}
		timer.Stop()
		wait = s.settled(f)
	}
}

func (s *Stream) flushWait() time.Duration { return cmp.Or(s.e.s.FlushWait, Patience) }

// settled asks the session, if the service was silent for long enough, and then
// the service for a sign of life. It returns how long to wait before it is called
// again; 0 = f is done.
func (s *Stream) settled(f *flush) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := time.Since(s.heard)
	switch {
	case !slices.Contains(s.flushes, f):
		return 0
	case silent < s.flushWait():
		return s.flushWait() - silent
	}
	var r Reply
	if settler, ok := s.session.(Settler); ok {
		r = settler.Settle()
	}
	flushed := r.Flushed > 0
	r.Flushed = 0
	s.use(r)
	var err error = &stt.Error{Engine: s.e.s.Name, Op: "flush", Kind: stt.ErrTimeout}
	switch {
	case !flushed && silent < Patience:
		return s.flushWait()
	case flushed && s.lives():
		err = nil
	}
	s.finish(f, err)
	return 0
}

// lives reports whether the service answers a ping. It is called with mu held, which
// it releases meanwhile.
func (s *Stream) lives() bool {
	s.mu.Unlock()
	defer s.mu.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	return s.link.conn.Ping(ctx) == nil
}

// finish ends the wait for f, if it goes on. It is called with mu held.
func (s *Stream) finish(f *flush, err error) {
	if i := slices.Index(s.flushes, f); i >= 0 {
		f.err = err
		s.flushes = slices.Delete(s.flushes, i, i+1)
		close(f.done)
	}
}
