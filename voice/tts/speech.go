package tts

import (
	"context"
	"iter"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/voice/tts/text"
)

// Options configure [Speak].
type Options struct {
	Config Config
	// Text configures the preparation of text. Its Language is Config's if empty, and its
	// AsWritten is set for an engine that is a [Normalizer].
	Text text.Options
}

// Text returns a stream of one token, for a text that is complete.
func Text(s string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield(s, nil) }
}

// Speech is a text on its way to the caller. Its methods are safe for concurrent use,
// but for Audio. It is made by [Speak]; the zero value is not usable.
type Speech struct {
	engine *failover
	tokens iter.Seq2[string, error]
	o      Options
	line   timeline

	mu     sync.Mutex
	source []string // the tokens so far
	whole  bool     // all of it was said
}

// Speak returns the speech of a text that comes in tokens, such as a language model
// yields, or of a [Text]. Nothing begins before [Speech.Audio]. A bare engine is put into
// a [Failover] for this speech alone; make one for all calls, so that they share its
// breaker.
func Speak(s Synthesizer, tokens iter.Seq2[string, error], o Options) *Speech {
	f := watched(s)
	if f == nil {
		f = Failover(FailoverOptions{}, s).(*failover)
	}
	if o.Text.Language == "" {
		o.Text.Language = o.Config.Language
	}
	o.Text.AsWritten = o.Text.AsWritten || Normalizes(f)
	return &Speech{engine: f, tokens: tokens, o: o}
}

// Audio says the text and returns its audio as mu-law at 8000 Hz, in portions of at
// most 200 ms. The first clause comes while tokens still yields the rest. About two
// seconds are made ahead of the loop, so loop at the speed of speech. Audio may be called
// once. Leaving the loop stops the engine and waits for tokens, which must end when ctx
// is done.
//
// An error is yielded last: that of tokens, after all complete clauses were said;
// [ErrBadText] if there was nothing to say; the last engine's; or that of ctx.
func (s *Speech) Audio(ctx context.Context) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		in := make(chan text.Piece)
		prepared := make(chan error, 1)
		go func() {
			defer close(in)
			var err error = &Error{Op: "tokens", Kind: ErrPanic, Err: errGone}
			defer func() { prepared <- err }()
			err = s.prepare(ctx, in)
		}()
		left := false
		s.engine.speak(ctx, in, s.o.Config, &s.line, func(c Chunk, err error) bool {
			left = !yield(c, err) || err != nil
			return !left
		})
		cancel()
		err := <-prepared
		switch {
		case left:
		case err != nil:
			yield(Chunk{}, err)
		default:
			s.mu.Lock()
			s.whole = true
			s.mu.Unlock()
		}
	}
}

// prepare sends the pieces of the text to in. It returns the error of the text or of
// tokens.
func (s *Speech) prepare(ctx context.Context, in chan<- text.Piece) (err error) {
	defer recovered("tokens", &err)
	some := false
	for p, err := range text.Prepare(s.noted(ctx), s.o.Text) {
		if err != nil {
			return err
		}
		select {
		case in <- p:
			some = true
		case <-ctx.Done():
			return nil
		}
	}
	if !some {
		return &Error{Op: "prepare", Kind: ErrBadText, Err: errNothing}
	}
	return nil
}

// noted yields the tokens while ctx is not done, and remembers them.
func (s *Speech) noted(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for token, err := range s.tokens {
			if ctx.Err() != nil {
				return
			}
			if err == nil && token != "" {
				s.mu.Lock()
				s.source = append(s.source, token)
				s.mu.Unlock()
			}
			if !yield(token, err) {
				return
			}
		}
	}
}

// Source returns the text so far.
func (s *Speech) Source() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.source, "")
}

// Length returns the length of the audio yielded so far.
func (s *Speech) Length() time.Duration { return s.line.duration() }

// Heard returns the beginning of the source that the caller has heard after the first d
// of the audio: up to the last word that was heard whole, with the punctuation behind
// it, or all of the source at the end. It never holds a word that was not heard; without
// word times it may hold one too many.
func (s *Speech) Heard(d time.Duration) string {
	end, next := s.line.heard(d)
	if end == 0 {
		return ""
	}
	source := s.Source()
	end = min(end, len(source))
	if next < 0 || next > len(source) {
		next = len(source)
		s.mu.Lock()
		whole := s.whole
		s.mu.Unlock()
		if whole {
			return source
		}
	}
	for end < next {
		r, n := utf8.DecodeRuneInString(source[end:])
		if unicode.IsSpace(r) || unicode.IsLetter(r) || unicode.IsNumber(r) {
			break
		}
		end += n
	}
	return source[:end]
}
