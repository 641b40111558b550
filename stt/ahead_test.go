package stt_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vad"
)

// TestAhead speaks for some seconds: the recogniser has all but the end of an utterance
// before it ends, without a gap, and keeps it, also of what came before a pause. A part
// that fails is not missed.
func TestAhead(t *testing.T) {
	for name, test := range map[string]struct {
		fails int           // the part that does
		pause time.Duration // and then the same again
	}{
		"all":         {-1, 0},
		"first fails": {0, 0},
		"later fails": {2, 0},
		"joined":      {-1, time.Second},
		"not joined":  {-1, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				words := trimmed(speech(t))
				talk := slices.Concat(words, words, words, words, words, words, words, words)
				var kept []byte // what the recogniser has heard of all since the last match
				parts, finals := 0, 0
				var whole []byte
				rec := stt.RecognizerFunc(func(_ context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
					p, f := c.Parts, c.Format
					assert.NotNil(t, p)
					if p.Kept == nil {
						assert.Equal(t, p.Offset, p.New)
						kept = nil
					} else {
						kept = p.Kept.([]byte)
						assert.Len(t, kept, f.Bytes(p.New))
					}
					if p.More {
						parts++
						if parts-1 == test.fails {
							return stt.Transcript{}, errors.New("busy")
						}
						p.Kept = slices.Concat(kept, audio)
						return stt.Transcript{}, nil
					}
					finals++
					all := audio
					if p.Whole != nil {
						assert.Equal(t, audio, p.Whole[f.Bytes(p.Offset):])
						all = p.Whole
					}
					assert.Equal(t, string(all[:len(kept)]), string(kept))
					whole = all
					p.Kept = slices.Clone(all)
					return stt.Transcript{}, nil
				})
				s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{
					Join: 2 * time.Second, Ahead: time.Second, VAD: vad.Options{HangOver: 400 * time.Millisecond},
				}), stt.Config{})
				require.NoError(t, err)
				silence := codec.Format{}.AppendSilence(nil, 8000)
				play(t, s, slices.Concat(talk, silence))
				require.Equal(t, 1, finals)
				once := whole
				require.Greater(t, codec.Format{}.Duration(len(once)), 3*time.Second)
				switch {
				case test.fails < 0:
					require.GreaterOrEqual(t, parts, 3)
					require.Less(t, codec.Format{}.Duration(len(once)-len(kept)), 1500*time.Millisecond, "the rest was heard before")
				default:
					require.Equal(t, test.fails+1, parts, "none after the one that failed")
				}
				if test.pause > 0 {
					play(t, s, codec.Format{}.AppendSilence(nil, codec.Format{}.Bytes(test.pause-time.Second)))
					play(t, s, slices.Concat(talk, silence))
					require.Equal(t, 2, finals)
					require.Equal(t, test.pause < 2*time.Second, len(whole) > len(once)*3/2)
					require.Less(t, codec.Format{}.Duration(len(whole)-len(kept)), 1500*time.Millisecond)
				}
				require.NoError(t, s.Close())
				for _, ev := range rest(t, s) {
					require.NoError(t, ev.Err)
				}
			})
		})
	}
}

// trimmed returns a recording without the silence around what is said.
func trimmed(audio []byte) []byte {
	seg := vad.NewSegmenter(vad.Options{PreRoll: time.Millisecond})
	for _, ev := range append(slices.Clone(seg.Write(codec.Format{}.AppendPCM(nil, audio))), seg.Flush()...) {
		if ev.Kind == vad.Utterance {
			return audio[ev.Onset:ev.VoicedEnd]
		}
	}
	return nil
}
