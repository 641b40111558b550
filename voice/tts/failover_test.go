package tts_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

var down = &tts.Error{Engine: "a", Op: "synthesize", Kind: tts.ErrUnavailable}

// failing returns a fake whose nth piece fails after so much audio; later ones too.
func failing(n int, after time.Duration, err error) *ttstest.Fake {
	return &ttstest.Fake{Fault: func(k int, _ string) ttstest.Fault {
		if k < n {
			return ttstest.Fault{}
		}
		return ttstest.Fault{After: after, Err: err}
	}}
}

func pieces(list ...string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range list {
			if !yield(p) {
				return
			}
		}
	}
}

// heard is what a caller hears of an utterance: the words whose audio was yielded.
type heard struct {
	words    []tts.Word
	length   int
	survived []error
	err      error
}

func listen(chunks iter.Seq2[tts.Chunk, error]) (h heard) {
	for c, err := range chunks {
		if err != nil {
			h.err = err
			break
		}
		h.words, h.length = append(h.words, c.Words...), h.length+len(c.Audio)
		if c.Survived != nil {
			h.survived = append(h.survived, c.Survived)
		}
	}
	return h
}

func TestFailover(t *testing.T) {
	one, two, three := "The first piece of it.", "The second one is longer than that.", "And a third."
	_, words := ttstest.Audio(two)
	for name, test := range map[string]struct {
		a, b           *ttstest.Fake
		textsA, textsB []string
	}{
		"at once":          {failing(0, 0, down), &ttstest.Fake{}, []string{one}, []string{one, two, three}},
		"between":          {failing(1, 0, down), &ttstest.Fake{}, []string{one, two}, []string{two, three}},
		"in the middle":    {failing(1, words[3].End+10*time.Millisecond, down), &ttstest.Fake{}, []string{one, two}, []string{"longer than that.", three}},
		"within a word":    {failing(1, words[3].Start+10*time.Millisecond, down), &ttstest.Fake{}, []string{one, two}, []string{"is longer than that.", three}},
		"at the last word": {failing(1, words[6].Start+10*time.Millisecond, down), &ttstest.Fake{}, []string{one, two}, []string{"that.", three}},
		"behind it":        {failing(1, words[6].End+time.Millisecond, down), &ttstest.Fake{}, []string{one, two}, []string{three}},
		"panic":            {&ttstest.Fake{Fault: func(int, string) ttstest.Fault { return ttstest.Fault{Panic: true} }}, &ttstest.Fake{}, []string{one}, []string{one, two, three}},
	} {
		t.Run(name, func(t *testing.T) {
			h := listen(tts.Failover(tts.FailoverOptions{}, test.a, test.b).Stream(t.Context(), pieces(one, two, three), tts.Config{}))
			require.NoError(t, h.err)
			require.Len(t, h.survived, 1)
			assert.Equal(t, test.textsA, test.a.Texts())
			assert.Equal(t, test.textsB, test.b.Texts())
			// Times and places go on across the engines.
			last := tts.Word{}
			for _, w := range h.words[len(h.words)-2:] {
				assert.Equal(t, 2, w.Piece)
				last = w
			}
			assert.Equal(t, tts.Word{Piece: 2, From: 6, To: 11, Start: last.Start, End: last.End}, last)
			assert.InDelta(t, float64(h.length)/8000, (last.End + 150*time.Millisecond).Seconds(), 0.001)
		})
	}
}

// Without word times the length of the audio tells where to go on.
func TestFailoverWithoutWords(t *testing.T) {
	const text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
	all := strings.Fields(text)
	for after := 100 * time.Millisecond; after < 5*time.Second; after += 150 * time.Millisecond {
		a, b := failing(0, after, down), &ttstest.Fake{Silent: true}
		a.Silent = true
		h := listen(tts.Failover(tts.FailoverOptions{}, a, b).Synthesize(t.Context(), text, tts.Config{}))
		require.NoError(t, h.err)
		_, words := ttstest.Audio(text)
		heard := 0
		for _, w := range words {
			if w.End <= after {
				heard++
			}
		}
		rest := strings.Fields(strings.Join(b.Texts(), " "))
		begins := len(all) - len(rest)
		assert.Equal(t, all[begins:], rest)
		assert.LessOrEqual(t, begins, heard+1, "nothing is lost, %v", after)
	}
}

func TestFailoverOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A single engine is asked again when it may help.
		for _, test := range []struct {
			err   error
			asked int
		}{
			{down, 2}, {&tts.Error{Kind: tts.ErrOverloaded, RetryAfter: time.Second}, 2}, {&tts.Error{Kind: tts.ErrOverloaded, RetryAfter: time.Minute}, 1},
			{&tts.Error{Kind: tts.ErrAuth}, 1}, {&tts.Error{Kind: tts.ErrRefused}, 1}, {errors.New("boom"), 1},
		} {
			a := failing(0, 0, test.err)
			h := listen(tts.Failover(tts.FailoverOptions{}, a).Synthesize(t.Context(), "Hello there.", tts.Config{}))
			assert.ErrorIs(t, h.err, test.err)
			assert.Len(t, a.Asked(), test.asked, "%v", test.err)
		}
		assert.ErrorIs(t, listen(tts.Failover(tts.FailoverOptions{}).Synthesize(t.Context(), "Hello.", tts.Config{})).err, tts.ErrUnavailable)

		// A breaker keeps the next utterances from an engine that is down, and health
		// checks say so.
		a, b := failing(0, 0, &tts.Error{Kind: tts.ErrAuth}), &ttstest.Fake{}
		f := tts.Failover(tts.FailoverOptions{}, a, b)
		for range 3 {
			require.NoError(t, listen(f.Synthesize(t.Context(), "Hello.", tts.Config{})).err)
		}
		assert.Len(t, a.Asked(), 1)
		assert.NoError(t, tts.Check(t.Context(), f))
		assert.Equal(t, "ttstest", tts.StatusOf(f).Engine)
		time.Sleep(31 * time.Second)
		require.NoError(t, listen(f.Synthesize(t.Context(), "Hello.", tts.Config{})).err)
		assert.Len(t, a.Asked(), 2)

		alone := tts.Failover(tts.FailoverOptions{}, a)
		require.Error(t, listen(alone.Synthesize(t.Context(), "Hello.", tts.Config{})).err)
		assert.ErrorIs(t, listen(alone.Synthesize(t.Context(), "Hello.", tts.Config{})).err, tts.ErrUnavailable)
		assert.ErrorIs(t, tts.Check(t.Context(), alone), tts.ErrUnavailable)
	})
}

// An engine that hangs is left for the next in time, and one that waits for the next
// piece does not hang.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := &ttstest.Fake{Fault: func(n int, _ string) ttstest.Fault { return ttstest.Fault{Hang: true, After: 200 * time.Millisecond} }}
		began := time.Now()
		h := listen(tts.Failover(tts.FailoverOptions{Stall: time.Second}, hang, &ttstest.Fake{}).Synthesize(t.Context(), "Hello to all of you.", tts.Config{}))
		require.NoError(t, h.err)
		require.ErrorIs(t, h.survived[0], tts.ErrTimeout)
		assert.Equal(t, time.Second, time.Since(began))

		late := func(yield func(string) bool) {
			time.Sleep(time.Minute)
			if yield("The first.") {
				time.Sleep(time.Minute)
				yield("The second.")
			}
		}
		for _, engine := range []tts.Synthesizer{&ttstest.Fake{}, &streaming{}} {
			h = listen(tts.Failover(tts.FailoverOptions{}, engine).Stream(t.Context(), late, tts.Config{}))
			require.NoError(t, h.err)
			assert.Len(t, h.words, 4)
		}
	})
}

// TestChunksWithoutAudio keep no engine alive, and what an engine does after its error is
// no other error.
func TestChunksWithoutAudio(t *testing.T) {
	engine := func(say func(ctx context.Context, yield func(tts.Chunk, error) bool)) tts.Synthesizer {
		return tts.SynthesizerFunc(func(ctx context.Context, _ string, _ tts.Config) iter.Seq2[tts.Chunk, error] {
			return func(yield func(tts.Chunk, error) bool) { say(ctx, yield) }
		})
	}
	synctest.Test(t, func(t *testing.T) {
		empty := engine(func(ctx context.Context, yield func(tts.Chunk, error) bool) {
			for ctx.Err() == nil && yield(tts.Chunk{}, nil) {
				time.Sleep(70 * time.Millisecond)
			}
		})
		began := time.Now()
		h := listen(tts.Failover(tts.FailoverOptions{FirstAudio: time.Second}, empty, &ttstest.Fake{}).Synthesize(t.Context(), "Hello to all of you.", tts.Config{}))
		require.NoError(t, h.err)
		require.ErrorIs(t, h.survived[0], tts.ErrTimeout)
		require.Less(t, time.Since(began), 1100*time.Millisecond)

		goesOn := engine(func(_ context.Context, yield func(tts.Chunk, error) bool) {
			yield(tts.Chunk{}, down)
			yield(tts.Chunk{Audio: make([]byte, 800)}, nil)
		})
		h = listen(tts.Failover(tts.FailoverOptions{Retries: -1}, goesOn).Synthesize(t.Context(), "Hello.", tts.Config{}))
		require.ErrorIs(t, h.err, tts.ErrUnavailable)
	})
}

// streaming is a fake that takes pieces while it speaks.
type streaming struct{ ttstest.Fake }

func (s *streaming) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		n, at := 0, time.Duration(0)
		for p := range pieces {
			length := 0
			for c, err := range s.Synthesize(ctx, p, c) {
				for i := range c.Words {
					c.Words[i].Piece, c.Words[i].Start, c.Words[i].End = n, c.Words[i].Start+at, c.Words[i].End+at
				}
				c.Piece, length = n, length+len(c.Audio)
				if !yield(c, err) || err != nil {
					return
				}
			}
			n, at = n+1, at+time.Duration(length)*time.Second/8000
		}
	}
}

// TestStreamerThatReadsAhead takes its pieces on a goroutine of its own, as one with a
// WebSocket does: under the race detector.
func TestStreamerThatReadsAhead(t *testing.T) {
	list := make([]string, 200)
	for i := range list {
		list[i] = "Hello."
	}
	h := listen(tts.Stream(t.Context(), &readingAhead{}, pieces(list...), tts.Config{}))
	require.NoError(t, h.err)
	require.Len(t, h.words, len(list))
}

type readingAhead struct{ streaming }

func (s *readingAhead) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		in := make(chan string, 8)
		go func() {
			defer close(in)
			for p := range pieces {
				in <- p
			}
		}()
		s.streaming.Stream(ctx, func(yield func(string) bool) {
			for p := range in {
				if !yield(p) {
					return
				}
			}
		}, c)(yield)
	}
}

func TestStreamer(t *testing.T) {
	ttstest.Suite{Words: true, New: func(testing.TB) tts.Synthesizer { return &streaming{} }}.Run(t)
	ttstest.Suite{Words: true, New: func(testing.TB) tts.Synthesizer { return tts.NewPool(&streaming{}, tts.PoolOptions{Workers: 12}) }}.Run(t)
}

// However engines fail, every word is said, in order, and none that was yielded whole
// is said twice.
func TestFailoverAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var text []string
		for range 1 + random.IntN(5) {
			var words []string
			for range 1 + random.IntN(9) {
				words = append(words, strings.Repeat(string(rune('a'+random.IntN(26))), 1+random.IntN(8)))
			}
			text = append(text, strings.Join(words, " ")+".")
		}
		var engines []tts.Synthesizer
		for range random.IntN(4) {
			fault := ttstest.Fault{After: time.Duration(random.IntN(3000)) * time.Millisecond, Err: down}
			at := random.IntN(4)
			f := &ttstest.Fake{Fault: func(n int, _ string) ttstest.Fault {
				if n == at {
					return fault
				}
				return ttstest.Fault{}
			}}
			if random.IntN(3) == 0 {
				engines = append(engines, &streaming{Fake: ttstest.Fake{Fault: f.Fault}})
				continue
			}
			engines = append(engines, f)
		}
		engines = append(engines, &ttstest.Fake{})
		h := listen(tts.Failover(tts.FailoverOptions{}, engines...).Stream(t.Context(), pieces(text...), tts.Config{}))
		require.NoError(t, h.err)
		var said []string
		for i, w := range h.words {
			if i+1 == len(h.words) || h.words[i+1].Start >= w.End { // no engine stopped within it
				said = append(said, text[w.Piece][w.From:w.To])
			}
		}
		// Word by word, the audio of a word may begin several times but ends once.
		want := strings.Fields(strings.ReplaceAll(strings.Join(text, " "), ".", ""))
		rest := said
		for _, w := range want {
			at := 0
			for at < len(rest) && rest[at] != w {
				at++
			}
			require.Less(t, at, len(rest), "%q is missing in %q", w, said)
			require.LessOrEqual(t, at, 2)
			rest = rest[at+1:]
		}
		require.LessOrEqual(t, len(said), len(want)+2*len(engines), "%q for %q", said, want)
	}
}

// TestErrorsOfAnEnginesOwnContext are failures of the engine: nobody has canceled the
// utterance.
func TestErrorsOfAnEnginesOwnContext(t *testing.T) {
	for _, test := range []struct{ own, want error }{{context.Canceled, tts.ErrUnavailable}, {context.DeadlineExceeded, tts.ErrTimeout},
		{fmt.Errorf("post: %w", context.Canceled), tts.ErrUnavailable}, {&tts.Error{Kind: tts.ErrAuth, Err: context.Canceled}, tts.ErrAuth}} {
		broken := &ttstest.Fake{Fault: func(int, string) ttstest.Fault { return ttstest.Fault{Err: test.own} }}
		var got error
		for _, got = range tts.Failover(tts.FailoverOptions{Retries: -1}, broken).Synthesize(t.Context(), "Hello there.", tts.Config{}) {
		}
		require.ErrorIs(t, got, test.want)
		backup := &ttstest.Fake{}
		var survived error
		for c, err := range tts.Failover(tts.FailoverOptions{}, broken, backup).Synthesize(t.Context(), "Hello there.", tts.Config{}) {
			require.NoError(t, err)
			survived = errors.Join(survived, c.Survived)
		}
		require.ErrorIs(t, survived, test.want)
		require.Equal(t, []string{"Hello there."}, backup.Texts())
	}
}
