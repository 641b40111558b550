package stt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// TestJoin speaks one phrase in two pieces to a recogniser that knows only the
// whole, and after a longer pause a piece that must not be joined.
func TestJoin(t *testing.T) {
	for name, test := range map[string]struct {
		join, pause time.Duration
		want        []string
	}{
		"joined":         {2 * time.Second, time.Second, []string{"whole"}},
		"never":          {0, time.Second, nil},
		"pause too long": {2 * time.Second, 4 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				piece := speech(t)
				rec := stt.RecognizerFunc(func(_ context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
					switch p := c.Parts; {
					case p == nil:
						assert.Zero(t, test.join)
					case p.Whole == nil:
						p.Kept = "first"
					default:
						assert.Equal(t, "first", p.Kept)
						assert.Equal(t, audio, p.Whole[c.Format.Bytes(p.Offset):])
						p.MatchedWhole = true
						return stt.Transcript{Text: "whole", End: c.Format.Duration(len(p.Whole))}, nil
					}
					return stt.Transcript{}, nil
				})
				s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{Join: test.join}), stt.Config{})
				require.NoError(t, err)
				play(t, s, piece)
				play(t, s, codec.Format{}.AppendSilence(nil, codec.Format{}.Bytes(test.pause)))
				play(t, s, piece)
				require.NoError(t, s.Flush(t.Context()))
				require.NoError(t, s.Close())
				var got []string
				for _, ev := range rest(t, s) {
					if ev.Kind == stt.Final {
						got = append(got, ev.Transcript.Text)
						require.Less(t, ev.Transcript.Start, time.Second, "it began with the first piece")
						require.Greater(t, ev.Transcript.End, 2*time.Second)
					}
				}
				require.Equal(t, test.want, got)
			})
		})
	}
}

// TestJoinedTimes says a phrase in three pieces, with pauses between them: each word is
// where it was said, and nothing of a piece is given twice.
func TestJoinedTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pause = 1500 * time.Millisecond
		piece := trimmed(speech(t))
		f := codec.Format{}
		var offsets []time.Duration
		rec := stt.RecognizerFunc(func(_ context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
			p := c.Parts
			if p.Whole != nil {
				offsets = append(offsets, p.Offset)
			}
			if len(offsets) < 2 {
				return stt.Transcript{}, nil
			}
			p.MatchedWhole = true
			whole := stt.Transcript{Text: "one two three", End: f.Duration(len(p.Whole))}
			for i, at := range []time.Duration{0, offsets[0], offsets[1]} {
				end := append(offsets, whole.End)[i]
				whole.Words = append(whole.Words, stt.Word{Text: "word", Start: at, End: end})
			}
			return whole, nil
		})
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{Join: 3 * time.Second}), stt.Config{})
		require.NoError(t, err)
		for range 3 {
			play(t, s, f.AppendSilence(nil, f.Bytes(pause)))
			play(t, s, piece)
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		for _, ev := range rest(t, s) {
			if ev.Kind != stt.Final {
				continue
			}
			require.Len(t, ev.Transcript.Words, 3)
			for i, w := range ev.Transcript.Words {
				begins := pause + time.Duration(i)*(pause+f.Duration(len(piece)))
				ends := begins + f.Duration(len(piece))
				require.InDelta(t, begins, w.Start, float64(500*time.Millisecond), "word %d", i)
				require.InDelta(t, ends, w.End, float64(800*time.Millisecond), "word %d", i)
			}
			require.Equal(t, ev.Transcript.Words[2].End, ev.Transcript.End)
			return
		}
		t.Fatal("no final")
	})
}
