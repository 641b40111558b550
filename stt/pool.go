package stt

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// PoolOptions bound a [Pool].
type PoolOptions struct {
	// Workers is how many utterances are recognised at once; 0 = 1. Package
	// policy/capacity tells how many so many calls need.
	Workers int
	// MaxWait is the longest an utterance may wait for a worker; 0 = 2 s. One that
	// would wait longer, going by how long the last ones took, is refused at once
	// with [ErrOverloaded], so that another engine can take it in time.
	MaxWait time.Duration
}

// Pool is a Recognizer that lets only so many utterances through at once, first
// come, first served. Make one with [NewPool], and share it between all calls.
type Pool struct {
	passThrough
	rec   Recognizer
	o     PoolOptions
	wrong error // what Validate tells

	mu      sync.Mutex
	busy    int
	waiting []chan struct{}
	service time.Duration // moving mean of a recognition's duration
}

// NewPool returns a pool in front of r.
func NewPool(r Recognizer, o PoolOptions) *Pool {
	wrong := o.check()
	if o.Workers <= 0 {
		o.Workers = 1
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Second
	}
	return &Pool{passThrough: passThrough{r}, rec: r, o: o, wrong: wrong}
}

// Recognize waits for a worker and then calls the pool's recogniser.
func (p *Pool) Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error) {
	began := time.Now()
	if err := p.acquire(ctx); err != nil {
		return Transcript{}, err
	}
	now := time.Now()
	reportWait(ctx, now.Sub(began))
	defer func() { p.release(time.Since(now)) }()
	return p.rec.Recognize(ctx, audio, c)
}

// Prewarm warms the recogniser if it can be, and otherwise has every worker
// recognise a second of silence.
func (p *Pool) Prewarm(ctx context.Context) error {
	if _, ok := p.rec.(Prewarmer); ok {
		return p.passThrough.Prewarm(ctx)
	}
	silence := Format{}.AppendSilence(nil, 8000)
	errs := make(chan error, p.o.Workers)
	for range p.o.Workers {
		go func() {
			_, err := safely(ctx, p.rec, silence, Config{})
			errs <- err
		}()
	}
	var first error
	for range p.o.Workers {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// Status adds the pool's load to what the recogniser says of itself.
func (p *Pool) Status() Status {
	s := p.passThrough.Status()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Workers, s.Busy, s.Queued = p.o.Workers, p.busy, len(p.waiting)
	return s
}

func (p *Pool) acquire(ctx context.Context) error {
	p.mu.Lock()
	if p.busy < p.o.Workers {
		p.busy++
		p.mu.Unlock()
		return nil
	}
	if expected := p.service * time.Duration(len(p.waiting)+1) / time.Duration(p.o.Workers); expected > p.o.MaxWait {
		queued := len(p.waiting)
		p.mu.Unlock()
		return &Error{Op: "queue", Kind: ErrOverloaded, Err: fmt.Errorf("%d utterances wait, expected wait %v", queued, expected.Round(time.Millisecond))}
	}
	turn := make(chan struct{})
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()

	timer := time.NewTimer(p.o.MaxWait)
	defer timer.Stop()
	var err error
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = &Error{Op: "queue", Kind: ErrOverloaded, Err: fmt.Errorf("no worker within %v", p.o.MaxWait)}
	}
	if !p.leave(turn) {
		p.pass() // the turn came meanwhile: it is the next one's
	}
	return err
}

// leave takes turn out of the queue; false if its turn has come.
func (p *Pool) leave(turn chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, t := range p.waiting {
		if t == turn {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (p *Pool) release(took time.Duration) {
	p.mu.Lock()
	p.service += (took - p.service) / 8
	p.mu.Unlock()
	p.pass()
}

// pass gives the caller's worker to the next in the queue.
func (p *Pool) pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.busy--
		return
	}
	close(p.waiting[0])
	p.waiting = p.waiting[1:]
}
