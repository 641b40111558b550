package tts_test

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
)

func chunks(list ...tts.Chunk) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func mulaw(seq iter.Seq2[tts.Chunk, error]) (audio []byte, err error) {
	for c, e := range tts.Mulaw(seq) {
		if e != nil {
			return audio, e
		}
		audio = append(audio, c.Audio...)
	}
	return audio, nil
}

// tone is a second of 440 Hz as PCM16.
func tone(rate int) []byte {
	pcm := make([]int16, rate)
	for i := range pcm {
		pcm[i] = int16(10000 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
	}
	return codec.AppendPCM(nil, pcm)
}

// However the audio is cut, in the middle of samples too, the mu-law is the same, as
// long as the audio, and where it was in time.
func TestMulaw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	direct, err := mulaw(chunks(tts.Chunk{Audio: tone(8000), Encoding: codec.PCM16}))
	require.NoError(t, err)
	require.Len(t, direct, 8000)
	for _, rate := range []int{8000, 16000, 22050, 24000, 44100, 48000} {
		pcm := tone(rate)
		whole, err := mulaw(chunks(tts.Chunk{Audio: pcm, Encoding: codec.PCM16, Rate: rate}))
		require.NoError(t, err)
		require.Len(t, whole, 8000, "%d Hz", rate)
		wave, again := make([]int16, 8000), make([]int16, 8000)
		codec.DecodeMulaw(wave, whole)
		codec.DecodeMulaw(again, direct)
		for i := 100; i < 7900; i++ {
			require.InDelta(t, again[i], wave[i], 2000, "%d Hz, sample %d", rate, i)
		}
		for range 3 {
			var parts []tts.Chunk
			for rest := pcm; len(rest) > 0; {
				n := min(len(rest), r.IntN(2000))
				parts = append(parts, tts.Chunk{Audio: rest[:n], Encoding: codec.PCM16, Rate: rate})
				rest = rest[n:]
			}
			got, err := mulaw(chunks(parts...))
			require.NoError(t, err)
			require.Equal(t, whole, got)
		}
	}
	got, err := mulaw(chunks(tts.Chunk{Audio: direct[:3]}, tts.Chunk{}, tts.Chunk{Audio: direct[3:]}))
	require.NoError(t, err)
	assert.Equal(t, direct, got, "mu-law passes through")
	got, err = mulaw(chunks(tts.Chunk{Audio: direct, Rate: 16000}))
	require.NoError(t, err)
	assert.Len(t, got, 4000)
	got, err = mulaw(chunks())
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestMulawOfNonsense(t *testing.T) {
	pcm := func(rate int, audio []byte) tts.Chunk {
		return tts.Chunk{Audio: audio, Encoding: codec.PCM16, Rate: rate}
	}
	for name, list := range map[string][]tts.Chunk{
		"half a sample":      {pcm(8000, make([]byte, 801))},
		"one byte":           {pcm(8000, make([]byte, 1))},
		"rate":               {pcm(7999, make([]byte, 800))},
		"negative rate":      {pcm(-1, make([]byte, 800))},
		"great rate":         {pcm(96000, make([]byte, 800))},
		"odd rate":           {pcm(47993, make([]byte, 800))},
		"encoding":           {{Audio: make([]byte, 800), Encoding: codec.Float32}},
		"A-law":              {{Audio: make([]byte, 800), Encoding: codec.Alaw}},
		"changed rate":       {pcm(8000, make([]byte, 800)), pcm(16000, make([]byte, 800))},
		"changed form":       {pcm(8000, make([]byte, 800)), {Audio: make([]byte, 800)}},
		"WAV":                {pcm(8000, []byte("RI")), pcm(8000, []byte("FF\x24\x00\x00\x00WAVEfmt "))},
		"no encoding at all": {{Audio: make([]byte, 800), Encoding: 99}},
	} {
		_, err := mulaw(chunks(list...))
		assert.ErrorIs(t, err, tts.ErrBadAudio, name)
	}
}

func TestStreamTimes(t *testing.T) {
	// Two pieces at 24 kHz: the second's times go on where the first's audio ended.
	engine := tts.SynthesizerFunc(func(_ context.Context, text string, _ tts.Config) iter.Seq2[tts.Chunk, error] {
		return chunks(tts.Chunk{Audio: tone(24000), Encoding: codec.PCM16, Rate: 24000, Words: []tts.Word{{From: 0, To: len(text), Start: 100 * time.Millisecond, End: 900 * time.Millisecond}}})
	})
	var words []tts.Word
	for c, err := range tts.Stream(t.Context(), engine, pieces("one", "two"), tts.Config{}) {
		require.NoError(t, err)
		words = append(words, c.Words...)
	}
	assert.Equal(t, []tts.Word{{0, 0, 3, 100 * time.Millisecond, 900 * time.Millisecond}, {1, 0, 3, 1100 * time.Millisecond, 1900 * time.Millisecond}}, words)
}
