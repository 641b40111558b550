package stt_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// TestTheEchoIsNoCaller: what is played to the caller and comes back 300 ms later, 12 dB
// fainter, is the caller's speech to a session that does not know of it, and none of his to
// one that does: that gives it to the recogniser all the same, with what it may hide.
func TestTheEchoIsNoCaller(t *testing.T) {
	f, err := os.Open("vad/testdata/flite_slt_4.8k.ulaw.wav")
	require.NoError(t, err)
	defer f.Close()
	said, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	var played []byte
	for range 6 {
		played = append(played, said...)
	}
	played = played[:len(played)/frameBytes*frameBytes]
	sound := make([]int16, len(played))
	codec.DecodeMulaw(sound, played)
	near := make([]int16, len(sound))
	for i := range near {
		near[i] = int16(i % 7)
		if i >= 2400 {
			near[i] += int16(float64(sound[i-2400]) * math.Pow(10, -12./20))
		}
	}
	echo := make([]byte, len(near))
	codec.EncodeMulaw(echo, near)

	recognizer := stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		return stt.Transcript{Text: "hello"}, nil
	})
	begins := func(known bool) (own, any int) {
		s, err := stt.Open(t.Context(), stt.Segmented(recognizer, stt.Segmentation{}), stt.Config{Format: codec.Format{Encoding: codec.Mulaw, Rate: 8000}, Emit: func(e stt.Event) {
			if e.Kind == stt.SpeechStart {
				any++
			}
		}})
		require.NoError(t, err)
		var spoke bool
		for at := 0; at < len(echo); at += frameBytes {
			if known {
				require.NoError(t, s.(stt.Duplex).SendOver(echo[at:at+frameBytes], played[at:at+frameBytes]))
			} else {
				require.NoError(t, s.Send(echo[at:at+frameBytes]))
			}
			_, speaks := s.(stt.Ear).Voiced(0)
			if speaks && !spoke {
				own++
			}
			spoke = speaks
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		return own, any
	}
	own, any := begins(false)
	require.Greater(t, own, 3)
	require.Equal(t, own, any)
	own, again := begins(true)
	require.LessOrEqual(t, own, 1)
	require.Equal(t, any, again, "the recogniser hears all that is speech")
}
