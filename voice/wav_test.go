package voice_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestWAVIsNotPlayed: it would be noise.
func TestWAVIsNotPlayed(t *testing.T) {
	file, err := os.ReadFile("testdata/noted.wav")
	require.NoError(t, err)
	got := make(chan error, 1)
	_, mux := newHost(t, voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		_, err := call.Play(ctx, file)
		got <- err
		return nil
	})})
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.ErrorIs(t, <-got, voice.ErrWAV)
	require.Empty(t, call.Heard())
}
