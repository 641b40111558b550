package tts

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/breaker"
	"agentos.dev/dialtone/voice/tts/text"
)

// FailoverOptions configure [Failover].
type FailoverOptions struct {
	// FirstAudio is the longest time from a piece of text to its first audio; 0 = 3 s.
	FirstAudio time.Duration
	// Stall is the longest time without audio in the middle of a piece; 0 = 3 s.
	Stall time.Duration
	// Retries is how often all engines are tried again after a failure that may pass;
	// 0 = 1, negative = never. A RetryAfter of more than a second is not waited for.
	Retries int
	// Breaker configures the breaker that each engine has, which all calls share.
	Breaker BreakerOptions
}

// BreakerOptions configure the breaker of an engine in a [Failover]: after failures in
// a row, or one that will not pass by itself (credentials, quota), utterances go to the
// next engine at once, and one at a time finds out whether the engine is back.
type BreakerOptions struct {
	Failures int           // in a row that open it; 0 = 5
	Cooldown time.Duration // before the first utterance tries again; 0 = 30 s
}

// Failover makes one engine of several, and watches over a single one. An utterance
// begins with the first engine whose breaker allows it. When that engine fails, hangs,
// panics or sends implausible audio, the next one continues where it stopped: audio that
// was yielded will be heard, so its words are not said again. The place is found from
// the word times of the engine that stopped; without word times from the length of its
// audio, and then the last word or two may be said twice.
//
// The audio is mu-law at 8000 Hz. The first chunk of the engine that took over has
// Survived set. When no engine is left the utterance ends with the last error.
//
// Nested failovers are one: the engines of the inner one keep their breakers.
//
// Failover is a [Checker] and a [Prewarmer], which succeed if one engine works, the
// [Reporter] of the engine that speaks next, and a [Normalizer] if every engine is one.
// It does not close the engines.
func Failover(o FailoverOptions, engines ...Synthesizer) Streamer {
	wrong := o.check()
	if o.FirstAudio <= 0 {
		o.FirstAudio = 3 * time.Second
	}
	if o.Stall <= 0 {
		o.Stall = 3 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 1
	}
	if o.Breaker.Failures <= 0 {
		o.Breaker.Failures = 5
	}
	if o.Breaker.Cooldown <= 0 {
		o.Breaker.Cooldown = 30 * time.Second
	}
	f := &failover{o: o, wrong: wrong}
	for _, e := range engines {
		if inner := watched(e); inner != nil {
			f.engines, f.breakers = append(f.engines, inner.engines...), append(f.breakers, inner.breakers...)
			continue
		}
		f.engines, f.breakers = append(f.engines, e), append(f.breakers, breaker.New(o.Breaker.Failures, o.Breaker.Cooldown))
	}
	return f
}

// watched returns the failover that s is or wraps, nil for other engines.
func watched(s Synthesizer) *failover {
	for !missing(s) {
		switch e := s.(type) {
		case *failover:
			return e
		case interface{ Unwrap() Synthesizer }:
			s = e.Unwrap()
		default:
			return nil
		}
	}
	return nil
}

type failover struct {
	o        FailoverOptions
	wrong    error // what Validate returns of the options
	engines  []Synthesizer
	breakers []*breaker.Breaker

	converters sync.Pool // of *converter
}

// Synthesize implements Synthesizer.
func (f *failover) Synthesize(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error] {
	return f.Stream(ctx, func(yield func(string) bool) { yield(text) }, c)
}

// Stream implements Streamer.
func (f *failover) Stream(ctx context.Context, pieces iter.Seq[string], c Config) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		in := make(chan text.Piece)
		pumped := make(chan struct{})
		go func() {
			defer close(pumped)
			defer close(in)
			for p := range pieces {
				select {
				case in <- spoken(p):
				case <-ctx.Done():
					return
				}
			}
		}()
		defer func() {
			cancel()
			<-pumped
		}()
		f.speak(ctx, in, c, &timeline{}, yield)
	}
}

// speak says the pieces that come through in, and keeps line.
func (f *failover) speak(ctx context.Context, in <-chan text.Piece, c Config, line *timeline, yield func(Chunk, error) bool) {
	u := &utterance{feed: &feed{in: in}, line: line, yield: yield}
	if _, ok := u.feed.piece(ctx, 0); !ok { // nothing to say
		if err := ctx.Err(); err != nil {
			yield(Chunk{}, err)
		}
		return
	}
	var err error = &Error{Op: "synthesize", Kind: ErrUnavailable, Err: errNoEngine}
	for round := 0; ; round++ {
		for i, e := range f.engines {
			if !f.breakers[i].Allow() {
				if round == 0 && i == 0 {
					err = &Error{Op: "synthesize", Kind: ErrUnavailable, Err: errBreakerOpen}
				}
				continue
			}
			err = u.say(ctx, e, c, f)
			f.breakers[i].Done(result(err))
			switch {
			case err == nil, errors.Is(err, errLeft):
				return
			case ctx.Err() != nil:
				yield(Chunk{}, ctx.Err())
				return
			}
			u.survived = err
		}
		if round >= f.o.Retries || !again(ctx, err) {
			yield(Chunk{}, err)
			return
		}
	}
}

// result returns the breaker's result for the end of an utterance. A canceled one does
// not count, nor does a refusal of bad text or of a bad request.
func result(err error) breaker.Result {
	switch {
	case err == nil:
		return breaker.Success
	case errors.Is(err, context.Canceled), errors.Is(err, ErrBadText), errors.Is(err, ErrRefused), errors.Is(err, ErrClosed), errors.Is(err, errLeft):
		return breaker.Neutral
	case errors.Is(err, ErrAuth), errors.Is(err, ErrQuota):
		return breaker.Fatal
	}
	return breaker.Failure
}

// again waits for the time that err asks for, and reports whether to try once more.
func again(ctx context.Context, err error) bool {
	var e *Error
	if !errors.As(err, &e) || !e.Retryable() || e.RetryAfter > time.Second || errors.Is(err, errBreakerOpen) || errors.Is(err, errNoEngine) {
		return false
	}
	timer := time.NewTimer(e.RetryAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var (
	errNoEngine = errors.New("no engine is left")
	errLeft     = errors.New("tts: the loop was left")
)

// utterance is the progress of one call of speak.
type utterance struct {
	feed     *feed
	yield    func(Chunk, error) bool
	line     *timeline
	next     place // where the next engine begins
	survived error
}

// say has an engine say the rest. It returns nil at the end of the utterance.
func (u *utterance) say(ctx context.Context, e Synthesizer, c Config, f *failover) error {
	begin, began := u.next, u.line.cut()
	r := u.feed.start(ctx, e, c, begin, f)
	defer r.stop()
	for {
		chunk, err := r.next(ctx)
		if err == errEnd {
			u.line.complete(u.feed.from(0))
			return nil
		}
		if err != nil {
			u.next = u.heard(begin)
			return err
		}
		u.place(&chunk, begin, began)
		u.line.add(chunk, u.feed)
		chunk.Survived, u.survived = u.survived, nil
		if !u.yield(chunk, nil) {
			return errLeft
		}
	}
}

// place counts a chunk's pieces and times from the beginning of the utterance.
func (u *utterance) place(c *Chunk, begin place, began time.Duration) {
	shift := func(piece int) int {
		if piece == 0 {
			return begin.from
		}
		return 0
	}
	for i := range c.Words {
		w := &c.Words[i]
		w.From, w.To = w.From+shift(w.Piece), w.To+shift(w.Piece)
		w.Piece, w.Start, w.End = w.Piece+begin.piece, w.Start+began, w.End+began
	}
	c.Piece += begin.piece
}

// heard returns the place behind the yielded audio.
func (u *utterance) heard(begin place) place {
	last, length, ok := u.line.last()
	n := last.number
	if !ok || n < begin.piece {
		return begin // nothing came
	}
	words := last.Piece.Words
	k := last.heard(length, 0)
	switch {
	case k == len(words):
		return place{piece: n + 1}
	case k == 0 && n == begin.piece:
		return begin
	case k == 0:
		return place{piece: n}
	}
	p := place{n, words[k].From}
	if n == begin.piece {
		p.from = max(p.from, begin.from)
	}
	return p
}

// Check returns nil when one of the engines works: its breaker is closed, and its own
// Check, if it has one, succeeds.
func (f *failover) Check(ctx context.Context) error {
	return f.any(func(i int) error {
		if f.breakers[i].Open() {
			return &Error{Op: "check", Kind: ErrUnavailable, Err: errBreakerOpen}
		}
		return Check(ctx, f.engines[i])
	})
}

// Prewarm warms all engines. It fails only if all of them do.
func (f *failover) Prewarm(ctx context.Context) error {
	errs := make(chan error, len(f.engines))
	for _, e := range f.engines {
		go func() {
			var err error
			defer func() { errs <- err }()
			defer recovered("prewarm", &err)
			err = Prewarm(ctx, e)
		}()
	}
	var failed []error
	for range f.engines {
		if err := <-errs; err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) < len(f.engines) {
		return nil
	}
	return errors.Join(failed...)
}

func (f *failover) any(try func(i int) error) error {
	var errs []error
	for i := range f.engines {
		err := try(i)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Normalizes implements Normalizer.
func (f *failover) Normalizes() bool {
	for _, e := range f.engines {
		if !Normalizes(e) {
			return false
		}
	}
	return len(f.engines) > 0
}

// Status returns the status of the engine that speaks next.
func (f *failover) Status() Status {
	for i, e := range f.engines {
		if !f.breakers[i].Open() {
			return StatusOf(e)
		}
	}
	return Status{}
}
