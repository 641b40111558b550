package voice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestProgress: who looks at a server sees its calls, how loud they are and what is queued.
func TestProgress(t *testing.T) {
	t.Parallel()
	srv, mux := newHost(t, voice.Config{Handler: waiting, STT: voicetest.NewEar()})
	require.Empty(t, srv.Progress())
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.Eventually(t, func() bool { return len(srv.Progress()) == 1 }, patience, 10*time.Millisecond)
	seen := srv.Progress()[0]
	require.Equal(t, call.SID, seen.SID)
	require.False(t, seen.Started.IsZero())
	said := make(chan error, 1)
	go func() { said <- call.SpeakAudio(mulaw(t, "testdata/book_a_room.wav")) }()
	require.Eventually(t, func() bool {
		seen := srv.Progress()
		return len(seen) == 1 && seen[0].Level > -40 && seen[0].Speaking && seen[0].Stream.MessagesIn > 0
	}, patience, 10*time.Millisecond)
	require.NoError(t, <-said)
	require.Eventually(t, func() bool {
		seen := srv.Progress()
		return len(seen) == 1 && seen[0].Level < -100 && !seen[0].Speaking
	}, patience, 10*time.Millisecond)
	call.HangUp()
	require.Eventually(t, func() bool { return len(srv.Progress()) == 0 }, patience, 10*time.Millisecond)
}
