package tts

import (
	"context"
	"errors"
	"iter"
	"time"

	"agentos.dev/dialtone/internal/slots"
)

// PoolOptions bound a [Pool].
type PoolOptions struct {
	// Workers is the number of pieces made at once, or of utterances with a [Streamer]; 0
	// = 1. A call takes a piece at the pace of its playback, so it holds a worker for as
	// long as the piece plays, less the second that is sent ahead.
	Workers int
	// MaxWait is the longest wait for a worker; 0 = 2 s. A piece that would wait longer,
	// judged by how long the last ones took, is refused at once with [ErrOverloaded], so
	// that another engine can take it in time.
	MaxWait time.Duration
}

// Pool is a Synthesizer that bounds the number of pieces made at once, first come,
// first served. Share one between all calls. It is made by [NewPool]; the zero value is
// not usable.
type Pool struct {
	abilities
	slots *slots.Slots
	wrong error // what Validate returns of the options
}

// NewPool returns a pool in front of s.
func NewPool(s Synthesizer, o PoolOptions) *Pool {
	wrong := o.check()
	if o.Workers <= 0 {
		o.Workers = 1
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Second
	}
	return &Pool{abilities{s}, slots.New(o.Workers, o.MaxWait), wrong}
}

// Synthesize waits for a worker and has the pool's engine say text.
func (p *Pool) Synthesize(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error] {
	return p.admitted(ctx, func() iter.Seq2[Chunk, error] { return p.inner.Synthesize(ctx, text, c) })
}

// Stream implements Streamer. With an engine that is a Streamer an utterance holds one
// worker to its end; with another, each piece holds one.
func (p *Pool) Stream(ctx context.Context, pieces iter.Seq[string], c Config) iter.Seq2[Chunk, error] {
	if s, ok := p.inner.(Streamer); ok {
		return p.admitted(ctx, func() iter.Seq2[Chunk, error] { return s.Stream(ctx, pieces, c) })
	}
	return func(yield func(Chunk, error) bool) { eachPiece(ctx, p, pieces, c, &converter{}, yield) }
}

// admitted waits for a worker and yields the chunks of say.
func (p *Pool) admitted(ctx context.Context, say func() iter.Seq2[Chunk, error]) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		release, err := p.slots.Acquire(ctx)
		if errors.Is(err, slots.ErrFull) {
			err = &Error{Op: "queue", Kind: ErrOverloaded, Err: err}
		}
		if err != nil {
			yield(Chunk{}, err)
			return
		}
		defer release()
		say()(yield)
	}
}

// Status returns the engine's status with the pool's load added.
func (p *Pool) Status() Status {
	s := p.abilities.Status()
	s.Workers, s.Busy, s.Queued = p.slots.Load()
	return s
}
