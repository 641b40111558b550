package tts

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stream says the pieces of one utterance with any engine. A [Streamer] gets all of
// them; another engine gets one at a time, the next when all audio of the one before was
// taken. The audio is mu-law at 8000 Hz, and times count from the utterance's first
// sample. Implausibly little or much audio for the text ends the utterance with
// [ErrBadAudio]. pieces blocks until the next piece is there, and ends after the last
// one or when ctx is done.
func Stream(ctx context.Context, s Synthesizer, pieces iter.Seq[string], c Config) iter.Seq2[Chunk, error] {
	return stream(ctx, s, pieces, c, &sync.Pool{})
}

// stream is Stream with converters that were used before: making one for 22050 Hz takes
// a millisecond.
func stream(ctx context.Context, s Synthesizer, pieces iter.Seq[string], c Config, converters *sync.Pool) iter.Seq2[Chunk, error] {
	if err := c.Validate(); err != nil {
		return func(yield func(Chunk, error) bool) { yield(Chunk{}, err) }
	}
	if st, ok := s.(Streamer); ok {
		return func(yield func(Chunk, error) bool) {
			var b bounds
			counted := func(yield func(string) bool) {
				for p := range pieces {
					b.given(p, c.Speed)
					if !yield(p) {
						return
					}
				}
			}
			v := borrow(converters)
			defer converters.Put(v)
			b.check(func(yield func(Chunk, error) bool) { v.convert(st.Stream(ctx, counted, c), yield) }, yield)
		}
	}
	return func(yield func(Chunk, error) bool) {
		v := borrow(converters)
		defer converters.Put(v)
		eachPiece(ctx, s, pieces, c, v, yield)
	}
}

func borrow(converters *sync.Pool) *converter {
	if v, ok := converters.Get().(*converter); ok {
		return v
	}
	return &converter{}
}

// eachPiece says one piece after the other.
func eachPiece(ctx context.Context, s Synthesizer, pieces iter.Seq[string], c Config, v *converter, yield func(Chunk, error) bool) {
	n, at := 0, time.Duration(0)
	for p := range pieces {
		var b bounds
		b.given(p, c.Speed)
		length := 0
		going := true
		chunks := func(yield func(Chunk, error) bool) { v.convert(s.Synthesize(ctx, p, c), yield) }
		b.check(chunks, func(chunk Chunk, err error) bool {
			if err == nil {
				chunk.Piece = n
				chunk.Words = slices.Clone(chunk.Words)
				for i := range chunk.Words {
					w := &chunk.Words[i]
					w.Piece, w.Start, w.End = n, w.Start+at, w.End+at
				}
				length += len(chunk.Audio)
			}
			going = yield(chunk, err) && err == nil
			return going
		})
		if !going {
			return
		}
		n, at = n+1, at+duration(length)
	}
}

// bounds are the limits of an utterance's audio. A [Streamer] may be given pieces on
// another goroutine than that of its chunks.
type bounds struct {
	least, most atomic.Int64 // time.Durations
}

func (b *bounds) given(text string, speed float64) {
	b.least.Add(int64(shortest(text, speed)))
	b.most.Add(int64(longest(text, speed)))
}

// check passes chunks on while they are within the bounds.
func (b *bounds) check(chunks iter.Seq2[Chunk, error], yield func(Chunk, error) bool) {
	size := 0
	for c, err := range chunks {
		if err == nil {
			if size += len(c.Audio); int64(duration(size)) > b.most.Load() {
				yield(Chunk{}, badAudio("%w: %v", errTooMuch, time.Duration(b.most.Load())))
				return
			}
		}
		if !yield(c, err) || err != nil {
			return
		}
	}
	switch d := duration(size); {
	case b.most.Load() > 0 && size == 0:
		yield(Chunk{}, badAudio("%w", errNoAudio))
	case int64(d) < b.least.Load():
		yield(Chunk{}, badAudio("%v are too short for the text", d))
	}
}
