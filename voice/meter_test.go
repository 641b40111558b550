package voice_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) has(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), what)
}

// TestDebugTellsWhatArrives: the log of a call without audio shows where the audio ends.
func TestDebugTellsWhatArrives(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		speaks bool
		option voicetest.Option
		want   string
	}{
		"speech":  {true, voicetest.Param("x", "y"), `msg="audio arrives" call_sid=`},
		"silence": {false, voicetest.Param("x", "y"), `msg="silence arrives" call_sid=`},
		"nothing": {false, voicetest.Drop("media"), `msg="no audio arrives" call_sid=`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &lines{}
			_, mux := newHost(t, voice.Config{Handler: waiting, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			call := voicetest.New(t, mux).Dial(caller, callee, test.option)
			if test.speaks {
				require.NoError(t, call.SpeakAudio(mulaw(t, "testdata/book_a_room.wav")))
			}
			require.Eventually(t, func() bool { return log.has(test.want) && log.has("audio sent") }, patience, 10*time.Millisecond)
			call.HangUp()
		})
	}
	t.Run("of both sides", func(t *testing.T) {
		t.Parallel()
		log := &lines{}
		_, h := listens(t, voice.Config{Listener: waiting, STT: hears(), Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, twiml.BothTracks)
		call := menuTwilio(t, h).Dial(caller, callee, talking)
		for _, track := range []mediastream.Track{mediastream.TrackInbound, mediastream.TrackOutbound} {
			require.Eventually(t, func() bool { return log.has("track=" + string(track) + " frames=") }, patience, 10*time.Millisecond)
		}
		call.HangUp()
	})
	quiet := &lines{}
	_, mux := newHost(t, voice.Config{Handler: waiting, Logger: slog.New(slog.NewTextHandler(quiet, nil))})
	call := voicetest.New(t, mux).Dial(caller, callee)
	call.Listen(1500 * time.Millisecond)
	call.HangUp()
	require.False(t, quiet.has("arrives"))
}
