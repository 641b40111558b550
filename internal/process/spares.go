package process

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is the error of Spares that are closed.
var ErrClosed = errors.New("process: closed")

// Spares are programs that are started before they are needed and that serve once: none
// sees the data of another, and no request waits for a start.
type Spares struct {
	start   func() (*Process, error)
	ready   chan *Process
	failing chan error
	closing chan struct{}
	close   sync.Once
	done    sync.WaitGroup
}

// pause is how long a program that cannot be started, or ends at once, is left alone.
const pause = time.Second

// NewSpares keeps n programs ready. It returns the error of starting the first.
func NewSpares(n int, start func() (*Process, error)) (*Spares, error) {
	first, err := start()
	if err != nil {
		return nil, err
	}
	s := &Spares{start: start, ready: make(chan *Process), failing: make(chan error), closing: make(chan struct{})}
	for i := range n {
		p := first
		if i > 0 {
			p = nil
		}
		s.done.Go(func() { s.keep(p) })
	}
	return s, nil
}

// keep keeps one program ready, and after that has ended, another.
func (s *Spares) keep(p *Process) {
	for {
		var err error
		if p == nil {
			p, err = s.start()
		}
		began := time.Now()
		if err == nil {
			select {
			case s.ready <- p:
				select {
				case <-p.Exited():
				case <-s.closing:
					p.End()
					return
				}
				p = nil
				continue
			case <-p.Exited():
				if err = p.Err(); err == nil {
					err = errors.New("it ended before it was asked")
				}
				p.End()
			case <-s.closing:
				p.End()
				return
			}
		}
		p = nil
		timer := time.NewTimer(pause - time.Since(began))
	wait:
		for {
			select {
			case s.failing <- err:
			case <-timer.C:
				break wait
			case <-s.closing:
				timer.Stop()
				return
			}
		}
	}
}

// Take returns a program that nobody else has. The caller calls its End. The error is
// that of ctx, [ErrClosed], or the error of starting one.
func (s *Spares) Take(ctx context.Context) (*Process, error) {
	select {
	case <-s.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case p := <-s.ready: // although another cannot be started
		return p, nil
	default:
	}
	select {
	case p := <-s.ready:
		return p, nil
	case err := <-s.failing:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closing:
		return nil, ErrClosed
	}
}

// Close ends all programs, also those that were taken, and waits for them.
func (s *Spares) Close() {
	s.close.Do(func() { close(s.closing) })
	s.done.Wait()
}
