package tts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/voice/tts/text"
)

// feed hands the pieces of an utterance to one engine, and again to the next one.
type feed struct {
	in <-chan text.Piece // closed at the end of the text

	mu       sync.Mutex
	said     []text.Piece // what was handed out
	ended    bool         // in is closed
	waiting  bool         // the engine waits for a piece
	answered bool         // audio came since it got the last one
	since    time.Time    // when it got the last piece, or got rid of its last audio
}

// place is where in the pieces of an utterance an engine begins.
type place struct {
	piece int
	from  int // the bytes of the piece that are said already
}

// pieces returns the pieces from p on.
func (f *feed) pieces(ctx context.Context, p place) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := p.piece; ; n++ {
			piece, ok := f.piece(ctx, n)
			if n == p.piece {
				piece.Text = piece.Text[min(p.from, len(piece.Text)):]
			}
			if !ok || !yield(piece.Text) {
				return
			}
		}
	}
}

// piece returns the nth piece when it is there, and false at their end.
func (f *feed) piece(ctx context.Context, n int) (text.Piece, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n == len(f.said) && !f.ended {
		f.waiting = true
		f.mu.Unlock()
		var next text.Piece
		var ok bool
		select {
		case next, ok = <-f.in:
		case <-ctx.Done():
		}
		f.mu.Lock()
		f.waiting = false
		if ok {
			f.said = append(f.said, next)
		} else {
			f.ended = ctx.Err() == nil
		}
	}
	if n >= len(f.said) {
		return text.Piece{}, false
	}
	f.answered, f.since = false, time.Now()
	return f.said[n], true
}

// from returns the pieces that were handed out, from the nth on.
func (f *feed) from(n int) []text.Piece {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said[min(n, len(f.said)):]
}

const (
	// portion is the most audio that a chunk has on its way through a run: 200 ms.
	portion = 1600
	// ahead is the number of portions that are made before they are asked for: two
	// seconds.
	ahead = 10
	// grace is the longest time that an engine may take to end.
	grace = time.Second
)

// run is one engine at work on an utterance, on a goroutine of its own: it makes
// some seconds more than was asked for, and one that hangs is left behind.
type run struct {
	feed   *feed
	first  time.Duration // the longest time to the first audio of a piece
	stall  time.Duration // and between audio
	chunks chan Chunk
	err    error // valid once chunks is closed
	done   chan struct{}
	cancel context.CancelFunc
}

func (f *feed) start(ctx context.Context, s Synthesizer, c Config, p place, owner *failover) *run {
	ctx, cancel := context.WithCancel(ctx)
	r := &run{feed: f, first: owner.o.FirstAudio, stall: owner.o.Stall, chunks: make(chan Chunk, ahead), done: make(chan struct{}), cancel: cancel}
	f.mu.Lock()
	f.since = time.Now()
	f.mu.Unlock()
	go func() {
		defer close(r.done)
		defer close(r.chunks)
		defer func() {
			if p := recover(); p != nil && r.err == nil {
				r.err = &Error{Op: "synthesize", Kind: ErrPanic, Err: fmt.Errorf("%v", p)}
			}
		}()
		for chunk, err := range stream(ctx, s, f.pieces(ctx, p), c, &owner.converters) {
			if err == nil {
				err = r.put(ctx, chunk)
			}
			if err != nil {
				r.err = own(ctx, err)
				return
			}
		}
		r.err = ctx.Err()
	}()
	return r
}

// own gives its type to an error that looks like a canceled utterance although ctx is
// not done: the engine has a context of its own, or a request of it timed out.
func own(ctx context.Context, err error) error {
	kind := ErrUnavailable
	switch {
	case ctx.Err() != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		kind = ErrTimeout
	case !errors.Is(err, context.Canceled):
		return err
	}
	out := Error{Op: "synthesize", Kind: kind, Err: err}
	if typed, ok := err.(*Error); ok && typed.Kind != nil && typed.Err != nil {
		out = *typed
	}
	out.Err = errors.New(out.Err.Error()) // is not that of a context any more
	return &out
}

// put hands a chunk on, in portions. Only audio counts as an answer.
func (r *run) put(ctx context.Context, c Chunk) error {
	if len(c.Audio) == 0 && len(c.Words) == 0 {
		return ctx.Err()
	}
	c.Words = slices.Clone(c.Words)
	audio := slices.Clone(c.Audio)
	for {
		n := min(portion, len(audio))
		c.Audio = audio[:n:n]
		select {
		case r.chunks <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
		if n > 0 {
			r.feed.mu.Lock()
			r.feed.answered, r.feed.since = true, time.Now()
			r.feed.mu.Unlock()
		}
		if audio, c.Words = audio[n:], nil; len(audio) == 0 {
			return nil
		}
	}
}

var errEnd = errors.New("tts: end of the utterance")

// next returns the next chunk, errEnd at the end, or the engine's error.
func (r *run) next(ctx context.Context) (Chunk, error) {
	for {
		select {
		case c, ok := <-r.chunks:
			return r.received(c, ok)
		default:
		}
		left := r.left()
		if left <= 0 {
			return Chunk{}, &Error{Op: "synthesize", Kind: ErrTimeout, Err: fmt.Errorf("no audio for %v", r.limit())}
		}
		timer := time.NewTimer(left)
		select {
		case c, ok := <-r.chunks:
			timer.Stop()
			return r.received(c, ok)
		case <-ctx.Done():
			timer.Stop()
			return Chunk{}, ctx.Err()
		case <-timer.C:
		}
	}
}

func (r *run) received(c Chunk, ok bool) (Chunk, error) {
	switch {
	case ok:
		return c, nil
	case r.err != nil:
		return Chunk{}, r.err
	}
	return Chunk{}, errEnd
}

// limit returns how long the engine may be silent now.
func (r *run) limit() time.Duration {
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	if r.feed.answered {
		return r.stall
	}
	return r.first
}

// left returns how much of that is left. It may be silent for as long as it waits for
// the next piece.
func (r *run) left() time.Duration {
	limit := r.limit()
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	if r.feed.waiting && (r.feed.answered || len(r.feed.said) == 0) {
		return limit
	}
	return limit - time.Since(r.feed.since)
}

// stop ends the run and waits for the engine to end, for a bounded time.
func (r *run) stop() {
	r.cancel()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
	}
}
