package tts_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/text"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// phrases are what random texts are made of, each with how often it becomes several
// words of speech.
var phrases = []string{"the", "table", "is", "booked,", "$4.50", "at", "10:30 p.m.", "**Harbour", "Dental**", "call", "555-0100", "(today)", "Dr.", "Smith",
	"March 3, 2024,", "and", "`Start`", "3/4", "okay.", "Yes!", "[link](https://x.y/z)", "😀", "https://example.com/a?b", "e.g.", "A380", "you", "are", "welcome?", "好的。", "\n\n", "- item", "&"}

func randomText(r *rand.Rand) string {
	var words []string
	for range 1 + r.IntN(40) {
		words = append(words, phrases[r.IntN(len(phrases))])
	}
	return strings.Join(words, " ")
}

// sayAtRandom gives the words of the pieces random times.
func sayAtRandom(r *rand.Rand, pieces []text.Piece) (said []tts.Said, length time.Duration) {
	for _, p := range pieces {
		s := tts.Said{Piece: p, Start: length, Complete: true}
		at := length + time.Duration(r.IntN(200))*time.Millisecond
		for _, w := range p.Words {
			start := at
			at += time.Duration(20+r.IntN(600)) * time.Millisecond
			s.Words = append(s.Words, tts.Word{From: w.From, To: w.To, Start: start, End: at})
			at += time.Duration(r.IntN(100)) * time.Millisecond
		}
		s.End = at + time.Duration(r.IntN(200))*time.Millisecond
		length = s.End
		said = append(said, s)
	}
	return said, length
}

// What is told as heard was heard, to the word: all that is said of its bytes was over,
// and the next bytes were not.
func TestHeardAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	exact, total := 0, 0
	for range 4000 {
		source := randomText(r)
		said, length := sayAtRandom(r, text.Split(source, text.Options{}))
		d := time.Duration(r.Int64N(int64(length) + int64(time.Second)))
		end := tts.Heard(said, d)
		require.LessOrEqual(t, end, len(source))
		next := -1
		for _, s := range said {
			for i, w := range s.Piece.Words {
				over := s.Words[i].End <= d || d >= s.End
				if w.End <= end {
					require.True(t, over, "%q: %q was not heard", source, source[w.Start:w.End])
				} else if next < 0 {
					next = w.Start
				}
			}
		}
		// The source word behind it was not heard whole.
		total++
		whole := next >= 0
		for _, s := range said {
			for i, w := range s.Piece.Words {
				if w.Start == next && s.Words[i].End > d && d < s.End {
					whole = false
				}
			}
		}
		if !whole {
			exact++
		}
	}
	assert.Equal(t, total, exact)
}

// Whatever an engine tells of its words, nothing is told that is not there.
func TestHeardOfNonsense(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 2000 {
		source := randomText(r)
		said, length := sayAtRandom(r, text.Split(source, text.Options{}))
		for i := range said {
			s := &said[i]
			s.Complete = r.IntN(2) == 0
			for range r.IntN(4) {
				switch n := len(s.Words); {
				case n == 0:
				case r.IntN(3) == 0:
					s.Words = append(s.Words[:r.IntN(n)], s.Words[r.IntN(n):]...)
				case r.IntN(2) == 0:
					s.Words[r.IntN(n)].To += r.IntN(50) - 25
				default:
					s.Words[r.IntN(n)].End += time.Duration(r.IntN(4000)-2000) * time.Millisecond
				}
			}
			if r.IntN(4) == 0 {
				s.Words = nil
			}
		}
		for range 5 {
			end := tts.Heard(said, time.Duration(r.Int64N(int64(length)+1)))
			require.GreaterOrEqual(t, end, 0)
			require.LessOrEqual(t, end, len(source))
		}
	}
	assert.Zero(t, tts.Heard(nil, time.Hour))
	assert.Zero(t, tts.Heard([]tts.Said{{Complete: true}}, time.Hour))
}

// A whole speech that is interrupted at random, ten thousand times: what is told is
// what was heard, to the word.
func TestInterruptions(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	moments := 0
	for moments < 10000 {
		source := randomText(r)
		s := tts.Speak(&ttstest.Fake{PCM: r.IntN(2) == 0, Chunk: time.Second}, tts.Text(source), tts.Options{})
		audio, err := collect(t.Context(), s)
		if err != nil {
			require.ErrorIs(t, err, tts.ErrBadText)
			continue
		}
		length := time.Duration(len(audio)) * time.Second / 8000
		require.Equal(t, length, s.Length())
		words := over(source)
		for range 40 {
			moments++
			d := time.Duration(r.Int64N(int64(length)))
			// Words whose end came, but for those of bytes that are not said to their end.
			heard, next := 0, len(source)
			for i, w := range words {
				if w.at > d {
					next = w.start
					for _, before := range words[:i] {
						if before.end <= w.start {
							heard = before.end
						}
					}
					break
				}
			}
			told := s.Heard(d)
			require.True(t, strings.HasPrefix(source, told))
			require.LessOrEqual(t, len(told), next, "%q tells %q at %v", source, told, d)
			require.GreaterOrEqual(t, len(told), len(strings.TrimSpace(source[:heard])), "%q tells %q at %v", source, told, d)
		}
	}
}

// spokenWord is the bytes of the source that a word says, and when it is over.
type spokenWord struct {
	start, end int
	at         time.Duration
}

// over returns when a Fake has said each word of a source.
func over(source string) (list []spokenWord) {
	at := time.Duration(0)
	for _, p := range text.Split(source, text.Options{}) {
		audio, words := ttstest.Audio(p.Text)
		for _, w := range p.Words {
			for len(words) > 1 && words[0].To <= w.From {
				words = words[1:]
			}
			list = append(list, spokenWord{w.Start, w.End, at + words[0].End})
		}
		at += time.Duration(len(audio)) * time.Second / 8000
	}
	return list
}
