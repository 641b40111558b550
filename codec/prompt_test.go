package codec

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadMulawOfEveryRate reads the same tone from files of many kinds.
func TestReadMulawOfEveryRate(t *testing.T) {
	const hz, amplitude = 100, 8000
	want := sine(8000, 8000, hz, amplitude)
	for _, f := range []Format{
		{}, {Encoding: PCM16}, {PCM16, 16000, 1}, {PCM16, 44100, 2}, {Mulaw, 22050, 1}, {PCM16, 48000, 6}, {PCM16, 11025, 1}, {PCM16, 12000, 1},
	} {
		g := f.withDefaults()
		var b bytes.Buffer
		w, err := NewWAVWriter(&b, f)
		require.NoError(t, err)
		var samples []int16
		for _, x := range sine(g.Rate, g.Rate, hz, amplitude) {
			for c := range g.Channels {
				samples = append(samples, x+int16(100*c-50*(g.Channels-1))) // differences that cancel
			}
		}
		require.NoError(t, w.WritePCM(samples))
		require.NoError(t, w.Close())

		codes, err := ReadMulaw(&b)
		require.NoError(t, err)
		require.Len(t, codes, 8000)
		for i, x := range AppendDecodeMulaw(nil, codes) {
			if i < 20 || i >= 7980 {
				continue // the filter rings where the tone begins and ends
			}
			// Half a step of mu-law at 8000 is 128; half a sample of this tone is 314.
			require.InDelta(t, want[i], x, 550, "%+v at %d", f, i)
		}
	}
}

func TestReadMulawKeepsMulaw(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWAVWriter(&b, Format{})
	require.NoError(t, err)
	_, err = w.Write(allCodes())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	codes, err := ReadMulaw(&b)
	require.NoError(t, err)
	require.Equal(t, allCodes(), codes)
}

func TestMixOfLoudChannels(t *testing.T) {
	require.Equal(t, []int16{32767, -32768, 0}, mix([]int16{32767, 32767, -32768, -32768, 32767, -32767}, 2))
}
