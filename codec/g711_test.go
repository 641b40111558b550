package codec

import (
	"testing"

	"github.com/stretchr/testify/require"
	zaf "github.com/zaf/g711"
)

func allCodes() []byte {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	return codes
}

func allSamples() []int16 {
	samples := make([]int16, 1<<16)
	for i := range samples {
		samples[i] = int16(i)
	}
	return samples
}

// TestG711IsG191 compares every code and every sample with the reference and
// with an independent implementation.
func TestG711IsG191(t *testing.T) {
	codes, samples := allCodes(), allSamples()
	pcm, floats, out := make([]int16, 256), make([]float32, 256), make([]byte, 1<<16)

	require.Equal(t, 256, DecodeMulaw(pcm, codes))
	require.Equal(t, 256, DecodeMulawFloat32(floats, codes))
	for i, c := range codes {
		require.Equal(t, g191MulawExpand(c), pcm[i], "code %#02x", c)
		require.Equal(t, zaf.DecodeUlawFrame(c), pcm[i], "code %#02x", c)
		require.Equal(t, float32(pcm[i])/32768, floats[i], "code %#02x", c)
	}
	require.Equal(t, 256, DecodeAlaw(pcm, codes))
	for i, c := range codes {
		require.Equal(t, g191AlawExpand(c), pcm[i], "code %#02x", c)
		require.Equal(t, zaf.DecodeAlawFrame(c), pcm[i], "code %#02x", c)
	}
	require.Equal(t, 1<<16, EncodeMulaw(out, samples))
	for i, x := range samples {
		if want := g191MulawCompress(x); out[i] != want || zaf.EncodeUlawFrame(x) != want {
			t.Fatalf("mu-law of %d: %#02x, want %#02x", x, out[i], want)
		}
	}
	require.Equal(t, 1<<16, EncodeAlaw(out, samples))
	for i, x := range samples {
		if want := g191AlawCompress(x); out[i] != want || zaf.EncodeAlawFrame(x) != want {
			t.Fatalf("A-law of %d: %#02x, want %#02x", x, out[i], want)
		}
	}
}
