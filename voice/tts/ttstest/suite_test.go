package ttstest

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
)

func TestFake(t *testing.T) {
	Suite{Words: true, New: func(testing.TB) tts.Synthesizer { return &Fake{} }}.Run(t)
	Suite{Words: true, New: func(testing.TB) tts.Synthesizer { return &Fake{PCM: true, Chunk: 33 * time.Millisecond} }}.Run(t)
	Suite{New: func(testing.TB) tts.Synthesizer { return &Fake{Silent: true} }}.Run(t)
}

func TestMachinery(t *testing.T) {
	cache := tts.NewCache(0)
	for name, wrap := range map[string]func(tts.Synthesizer) tts.Synthesizer{
		"cache": cache.Of,
		"pool": func(s tts.Synthesizer) tts.Synthesizer {
			return tts.NewPool(s, tts.PoolOptions{Workers: 3, MaxWait: time.Minute})
		},
		"failover": func(s tts.Synthesizer) tts.Synthesizer { return tts.Failover(tts.FailoverOptions{}, s) },
	} {
		t.Run(name, Suite{Words: true, New: func(testing.TB) tts.Synthesizer { return wrap(&Fake{PCM: true}) }}.Run)
	}
}

// broken says what a Fake says, but for what change does to it.
func broken(change func(ctx context.Context, text string, c tts.Config, chunks iter.Seq2[tts.Chunk, error], yield func(tts.Chunk, error) bool)) tts.Synthesizer {
	return tts.SynthesizerFunc(func(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
		return func(yield func(tts.Chunk, error) bool) {
			change(ctx, text, c, (&Fake{}).Synthesize(ctx, text, c), yield)
		}
	})
}

// TestBroken: each rule that an engine breaks is noticed.
func TestBroken(t *testing.T) {
	type chunks = iter.Seq2[tts.Chunk, error]
	type yield = func(tts.Chunk, error) bool
	each := func(f func(n int, c *tts.Chunk)) tts.Synthesizer {
		return broken(func(_ context.Context, _ string, _ tts.Config, in chunks, yield yield) {
			n := 0
			for c, err := range in {
				if err == nil {
					f(n, &c)
				}
				n++
				if !yield(c, err) {
					return
				}
			}
		})
	}
	var kept []byte
	block := make(chan struct{})
	defer close(block)
	for name, test := range map[string]struct {
		engine tts.Synthesizer
		check  string
		suite  Suite
	}{
		"no audio":        {each(func(_ int, c *tts.Chunk) { c.Audio = nil }), "audio", Suite{Words: true}},
		"half the audio":  {each(func(n int, c *tts.Chunk) { c.Audio = c.Audio[:len(c.Audio)/8] }), "audio", Suite{Words: true}},
		"changing format": {each(func(n int, c *tts.Chunk) { c.Rate = 8000 + 8000*(n%2) }), "audio", Suite{Words: true}},
		"odd bytes":       {each(func(n int, c *tts.Chunk) { c.Encoding, c.Audio = codec.PCM16, append(c.Audio, 0)[:799] }), "audio", Suite{Words: true}},
		"bad rate":        {each(func(n int, c *tts.Chunk) { c.Rate = 4000 }), "audio", Suite{Words: true}},
		"header":          {&Fake{Fault: func(int, string) Fault { return Fault{Header: true} }}, "audio", Suite{Words: true}},
		"no words":        {&Fake{Silent: true}, "words", Suite{Words: true}},
		"hidden words":    {&Fake{}, "words", Suite{}},
		"words anywhere": {each(func(n int, c *tts.Chunk) {
			for i := range c.Words {
				c.Words[i].To += 40
			}
		}), "words", Suite{Words: true}},
		"words backwards": {each(func(n int, c *tts.Chunk) {
			for i := range c.Words {
				c.Words[i].End = time.Second - c.Words[i].Start
			}
		}), "words", Suite{Words: true}},
		"words missing": {each(func(n int, c *tts.Chunk) { c.Words = c.Words[:len(c.Words)*(n%3)/2] }), "words", Suite{Words: true}},
		"silence for nothing": {broken(func(_ context.Context, _ string, _ tts.Config, in chunks, yield yield) {
			for c, err := range in {
				if err != nil || !yield(c, nil) {
					return
				}
			}
		}), "text without words", Suite{Words: true}},
		"a goroutine is left": {broken(func(ctx context.Context, _ string, _ tts.Config, in chunks, yield yield) {
			go leaveGoroutine(block)
			in(yield)
		}), "leaving the loop", Suite{Words: true}},
		"deaf to its context": {broken(func(_ context.Context, text string, c tts.Config, _ chunks, yield yield) {
			for c, err := range (&Fake{}).Synthesize(context.Background(), text, c) {
				if !yield(c, err) {
					return
				}
			}
		}), "a context that has ended", Suite{Words: true}},
		"another error for a context": {broken(func(ctx context.Context, _ string, _ tts.Config, in chunks, yield yield) {
			for c, err := range in {
				if err != nil {
					err = tts.ErrUnavailable
				}
				if !yield(c, err) || err != nil {
					return
				}
			}
		}), "a context that ends", Suite{Words: true}},
		"goes on after an error": {broken(func(ctx context.Context, text string, _ tts.Config, in chunks, yield yield) {
			in(func(c tts.Chunk, err error) bool { yield(c, err); return true })
			yield(tts.Chunk{}, nil)
		}), "text without words", Suite{Words: true}},
		"memory is used again": {broken(func(_ context.Context, _ string, _ tts.Config, in chunks, yield yield) {
			total := 0
			for c, err := range in {
				if err == nil && len(kept) > 0 && kept[0] == 0x55 {
					c.Audio = c.Audio[:1] // it believes what the loop wrote
				}
				kept = c.Audio
				total += len(c.Audio)
				if !yield(c, err) {
					return
				}
			}
		}), "memory", Suite{Words: true}},
		"one at a time":        {oneAtATime(), "many at once", Suite{Words: true}},
		"waits for all pieces": {&greedy{}, "pieces that come late", Suite{}},
		"speed":                {&Fake{}, "speed", Suite{Words: true, Speed: true}},
		"voices":               {&Fake{}, "voices", Suite{Words: true, Voices: true}},
	} {
		t.Run(name, func(t *testing.T) {
			test.suite.patience = 200 * time.Millisecond
			for _, c := range test.suite.checks() {
				if c.name == test.check {
					require.Error(t, c.check(test.engine))
					return
				}
			}
			t.Fatalf("no check %q", test.check)
		})
	}
	require.NotNil(t, kept)
}

func leaveGoroutine(until chan struct{}) { <-until }

// oneAtATime is an engine that mixes texts said at the same time up.
func oneAtATime() tts.Synthesizer {
	var current atomic.Value
	return tts.SynthesizerFunc(func(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
		return func(yield func(tts.Chunk, error) bool) {
			current.Store(text)
			time.Sleep(5 * time.Millisecond)
			(&Fake{}).Synthesize(ctx, current.Load().(string), c)(yield)
		}
	})
}

// greedy is a Streamer that begins when it has the whole text.
type greedy struct{ Fake }

func (g *greedy) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		text := ""
		for p := range pieces {
			text += p + " "
		}
		if ctx.Err() != nil {
			yield(tts.Chunk{}, ctx.Err())
			return
		}
		g.Synthesize(ctx, text, c)(yield)
	}
}

func TestAudio(t *testing.T) {
	audio, words := Audio("Hi, Bob.")
	assert.Equal(t, []tts.Word{{From: 0, To: 2, Start: 40 * time.Millisecond, End: 160 * time.Millisecond}, {From: 4, To: 7, Start: 310 * time.Millisecond, End: 490 * time.Millisecond}}, words)
	assert.Equal(t, 640*time.Millisecond, length(audio))
	again, _ := Audio("Hi, Bob.")
	assert.Equal(t, audio, again)
}
