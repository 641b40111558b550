package codec

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func sine(n, rate int, hz, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return s
}

func TestReadMulawAcceptsWhatWasWritten(t *testing.T) {
	for _, f := range []WAVFormat{{}, {Encoding: PCM16}, {Encoding: PCM16, Rate: 16000}, {Encoding: PCM16, Rate: 44100, Channels: 2}, {Rate: 22050}} {
		var b bytes.Buffer
		w, err := NewWAVWriter(&b, f)
		require.NoError(t, err)
		g := f.withDefaults()
		mono := sine(g.Rate, g.Rate, 440, 8000)
		var samples []int16
		for _, x := range mono {
			for range g.Channels {
				samples = append(samples, x)
			}
		}
		require.NoError(t, w.WritePCM(samples))
		require.NoError(t, w.Close())
		codes, err := ReadMulaw(&b)
		require.NoError(t, err)
		require.Len(t, codes, 8000)
		pcm := AppendDecodeMulaw(nil, codes)
		want := sine(8000, 8000, 440, 8000)
		for i := 100; i < 7900; i++ {
			require.InDelta(t, want[i], pcm[i], 1700, "%+v at %d", f, i)
		}
	}
}
