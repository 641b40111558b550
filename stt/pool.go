package stt

import (
	"context"
	"errors"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/slots"
)

// PoolOptions bound a [Pool].
type PoolOptions struct {
	// Workers is the number of utterances that are recognised at once; 0 = 1. Package
	// policy/capacity computes it from the number of calls.
	Workers int
	// MaxWait is the longest an utterance may wait for a worker; 0 = 2 s. One that
	// would wait longer, going by how long the last ones took, is refused at once
	// with [ErrOverloaded], so that another engine can take it in time.
	MaxWait time.Duration
}

// Pool is a Recognizer that bounds the number of utterances recognised at once, first
// come, first served. Share one between all calls. It is made by [NewPool]; the zero
// value is not usable.
type Pool struct {
	passThrough
	rec   Recognizer
	o     PoolOptions
	wrong error // what Validate tells
	slots *slots.Slots
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
	return &Pool{passThrough: passThrough{r}, rec: r, o: o, wrong: wrong, slots: slots.New(o.Workers, o.MaxWait)}
}

// Recognize waits for a worker and then calls the pool's recogniser.
func (p *Pool) Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error) {
	began := time.Now()
	release, err := p.slots.Acquire(ctx)
	if errors.Is(err, slots.ErrFull) {
		err = &Error{Op: "queue", Kind: ErrOverloaded, Err: err}
	}
	if err != nil {
		return Transcript{}, err
	}
	defer release()
	reportWait(ctx, time.Since(began))
	return p.rec.Recognize(ctx, audio, c)
}

// Prewarm warms a recogniser that is a [Prewarmer]; with another, every worker
// recognises a second of silence.
func (p *Pool) Prewarm(ctx context.Context) error {
	if _, ok := p.rec.(Prewarmer); ok {
		return p.passThrough.Prewarm(ctx)
	}
	silence := codec.Format{}.AppendSilence(nil, 8000)
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

// Status returns the recogniser's status with the pool's load added.
func (p *Pool) Status() Status {
	s := p.passThrough.Status()
	s.Workers, s.Busy, s.Queued = p.slots.Load()
	return s
}
