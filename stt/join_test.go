package stt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
				play(t, s, stt.Format{}.AppendSilence(nil, stt.Format{}.Bytes(test.pause)))
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
