// Package slots bounds the work done at once: first come, first served, and work that
// would wait too long is refused at once.
package slots

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrFull is the error of work that has waited, or would wait, for too long.
var ErrFull = errors.New("all are taken")

// Slots are a number of places. All methods are safe for concurrent use.
type Slots struct {
	count int
	wait  time.Duration

	mu      sync.Mutex
	busy    int
	waiting []chan struct{}
	service time.Duration // moving mean of how long a slot is held
}

// New returns count slots, for each of which one waits at most for the given time.
func New(count int, wait time.Duration) *Slots { return &Slots{count: count, wait: wait} }

// Acquire waits for a slot and returns the function that gives it back. The error
// is [ErrFull], at once if the wait would be too long, going by how long slots were
// held lately, or that of ctx.
func (s *Slots) Acquire(ctx context.Context) (release func(), err error) {
	s.mu.Lock()
	if s.busy < s.count {
		s.busy++
		s.mu.Unlock()
		return s.releaser(), nil
	}
	if expected := s.service * time.Duration(len(s.waiting)+1) / time.Duration(s.count); expected > s.wait {
		queued := len(s.waiting)
		s.mu.Unlock()
		return nil, fmt.Errorf("%w: %d wait, expected wait %v", ErrFull, queued, expected.Round(time.Millisecond))
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()

	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case <-turn:
		return s.releaser(), nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fmt.Errorf("%w for %v", ErrFull, s.wait)
	}
	if !s.leave(turn) {
		s.pass() // the turn came meanwhile: it is the next one's
	}
	return nil, err
}

// releaser returns the function that gives back a slot taken at the call.
func (s *Slots) releaser() func() {
	began := time.Now()
	return sync.OnceFunc(func() {
		s.mu.Lock()
		s.service += (time.Since(began) - s.service) / 8
		s.mu.Unlock()
		s.pass()
	})
}

// Load returns how many slots there are, how many are taken, and how many wait.
func (s *Slots) Load() (count, busy, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.busy, len(s.waiting)
}

// leave takes turn out of the queue; false if its turn has come.
func (s *Slots) leave(turn chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.waiting {
		if t == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// pass gives a slot to the next in the queue.
func (s *Slots) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.busy--
		return
	}
	close(s.waiting[0])
	s.waiting = s.waiting[1:]
}
