package codec

import (
	"testing"

	"github.com/stretchr/testify/require"
	zaf "github.com/zaf/g711"
)

// allCodes returns every code once, in order.
func allCodes() []byte {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	return codes
}

// allSamples returns every sample once, in an order that makes neighbours differ: a
// kernel that mistakes one for the other must not get away with it.
func allSamples() []int16 {
	samples := make([]int16, 1<<16)
	for i := range samples {
		samples[i] = int16(i * 40503)
	}
	return samples
}

// TestG711IsG191 compares every code and every sample with the reference and
// with an independent implementation.
func TestG711IsG191(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for _, law := range []struct {
			name     string
			decode   func([]int16, []byte) int
			encode   func([]byte, []int16) int
			expand   func(byte) int16
			compress func(int16) byte
			zafFrom  func(byte) int16
			zafTo    func(int16) byte
		}{
			{"mu-law", DecodeMulaw, EncodeMulaw, g191MulawExpand, g191MulawCompress, zaf.DecodeUlawFrame, zaf.EncodeUlawFrame},
			{"A-law", DecodeAlaw, EncodeAlaw, g191AlawExpand, g191AlawCompress, zaf.DecodeAlawFrame, zaf.EncodeAlawFrame},
		} {
			pcm := make([]int16, 256)
			require.Equal(t, 256, law.decode(pcm, allCodes()))
			for i, x := range pcm {
				if c := byte(i); x != law.expand(c) || x != law.zafFrom(c) {
					t.Fatalf("%s: code %#02x is %d, want %d", law.name, c, x, law.expand(c))
				}
			}
			codes, samples := make([]byte, 1<<16), allSamples()
			require.Equal(t, 1<<16, law.encode(codes, samples))
			for i, c := range codes {
				if x := samples[i]; c != law.compress(x) || c != law.zafTo(x) {
					t.Fatalf("%s: sample %d is %#02x, want %#02x", law.name, x, c, law.compress(x))
				}
			}
		}
		floats := make([]float32, 256)
		require.Equal(t, 256, DecodeMulawFloat32(floats, allCodes()))
		for i, f := range floats {
			require.Equal(t, float32(g191MulawExpand(byte(i)))/32768, f)
		}
	})
}

// TestMulawSurvivesARoundTrip names the one exception: mu-law has two zeros.
func TestMulawSurvivesARoundTrip(t *testing.T) {
	again := AppendEncodeMulaw(nil, AppendDecodeMulaw(nil, allCodes()))
	for i, c := range again {
		if i == 0x7f {
			require.EqualValues(t, 0xff, c)
			continue
		}
		require.EqualValues(t, i, c)
	}
	require.Equal(t, allCodes(), AppendEncodeAlaw(nil, AppendDecodeAlaw(nil, allCodes())))
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	require.Equal(t, []byte{1, 2, 0xff}, AppendEncodeMulaw([]byte{1, 2}, []int16{0}))
	require.Equal(t, []byte{1, 2, 0xd5}, AppendEncodeAlaw([]byte{1, 2}, []int16{0}))
	require.Equal(t, []int16{1, 2, -32124}, AppendDecodeMulaw([]int16{1, 2}, []byte{0}))
	require.Equal(t, []int16{1, 2, 32256}, AppendDecodeAlaw([]int16{1, 2}, []byte{0xaa}))
	require.Equal(t, []byte{9, 0x34, 0x12, 0xff, 0xff}, AppendPCM([]byte{9}, []int16{0x1234, -1}))
	pcm := make([]int16, 3)
	require.Equal(t, 2, DecodePCM(pcm, []byte{0x34, 0x12, 0xff, 0xff, 7}))
	require.Equal(t, []int16{0x1234, -1, 0}, pcm)
}
