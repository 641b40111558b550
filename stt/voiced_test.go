package stt_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// TestVoiced: a session says how much of the last audio was speech.
func TestVoiced(t *testing.T) {
	format := codec.Format{Encoding: codec.Mulaw, Rate: 8000}
	hears := stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) { return stt.Transcript{}, nil })
	s, err := stt.Open(t.Context(), stt.Segmented(hears, stt.Segmentation{}), stt.Config{Format: format})
	require.NoError(t, err)
	defer s.Close()
	ear := s.(stt.Ear)
	sent := func(audio []byte) (time.Duration, bool) {
		for frame := range slices.Chunk(audio, 160) {
			require.NoError(t, s.Send(frame))
		}
		return ear.Voiced(time.Hour)
	}
	speech, speaking := sent(nil)
	require.Zero(t, speech)
	require.False(t, speaking)
	most, spoke := time.Duration(0), false
	for frame := range slices.Chunk(stttest.Speech(1, format), 160) {
		speech, speaking = sent(frame)
		most, spoke = max(most, speech), spoke || speaking
	}
	require.True(t, spoke)
	require.Greater(t, most, 200*time.Millisecond)
	require.LessOrEqual(t, most, 1280*time.Millisecond)
	speech, speaking = sent(bytes.Repeat([]byte{0xff}, 16000))
	require.Zero(t, speech)
	require.False(t, speaking)
}
