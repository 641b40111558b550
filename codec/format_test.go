package codec

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFormat: 20 ms of audio has its length, is silent, and is decoded, in each encoding.
func TestFormat(t *testing.T) {
	for f, length := range map[Format]int{
		{}:                               160,
		{Encoding: Alaw}:                 160,
		{Encoding: PCM16, Rate: 24000}:   960,
		{Encoding: PCM16, Channels: 2}:   640,
		{Encoding: Float32, Rate: 48000}: 3840,
		{Encoding: PCM8, Rate: Rate}:     160,
		{Encoding: Mulaw, Rate: 16000}:   320,
	} {
		require.Equal(t, length, f.Bytes(20*time.Millisecond), f)
		require.Equal(t, 20*time.Millisecond, f.Duration(length), f)
		require.Equal(t, max(f.Rate, 8000)*f.frameSize()/50, length, f)
		silence := f.AppendSilence([]byte{1}, length/f.Encoding.Size())
		require.Len(t, silence, length+1, f)
		for _, sample := range f.AppendPCM(nil, silence[1:]) {
			require.LessOrEqual(t, max(sample, -sample), int16(8), f) // A-law has no zero
		}
	}
	require.Equal(t, []int16{7, 1}, Format{Encoding: PCM16}.AppendPCM([]int16{7}, []byte{1, 0, 9}), "an odd byte is left out")
	require.Zero(t, Format{Encoding: -1}.Duration(100))
	require.Empty(t, Format{Encoding: Float32}.AppendPCM(nil, make([]byte, 8)), "only a WAVReader reads it")
}

// TestAppendWAV: the file is the one that a WAVWriter writes where it can seek, and is read.
func TestAppendWAV(t *testing.T) {
	for _, f := range []Format{{}, {Encoding: PCM16, Rate: 16000}} {
		audio := []byte{1, 2, 3, 4, 5, 6}
		file, err := AppendWAV([]byte("x"), f, audio)
		require.NoError(t, err)
		r, err := NewWAVReader(bytes.NewReader(file[1:]))
		require.NoError(t, err)
		require.Equal(t, f.withDefaults(), r.Format())
		samples := make([]int16, 100)
		n, err := r.Read(samples)
		require.NoError(t, err)
		require.Equal(t, f.AppendPCM(nil, audio), samples[:n])
	}
	odd, err := AppendWAV(nil, Format{}, []byte{1})
	require.NoError(t, err)
	require.Zero(t, len(odd)%2)
	_, err = AppendWAV(nil, Format{Encoding: Float32}, nil)
	require.Error(t, err)
}
