package flite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

func TestMain(m *testing.M) { leak.Main(m) }

func engine(t testing.TB, o Options) *Engine {
	t.Helper()
	apt.Need(t, "flite", "flite")
	e, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func TestSuite(t *testing.T) {
	ttstest.Suite{Words: true, Speed: true, Voices: true, New: func(t testing.TB) tts.Synthesizer {
		return engine(t, Options{Voice: "kal16", Workers: 3, MaxWait: time.Minute, Timeout: time.Minute})
	}}.Run(t)
}

// TestPlayingHoldsNoWorker: a call takes its pieces at the pace of speech, and so others
// would wait for as long as it speaks.
func TestPlayingHoldsNoWorker(t *testing.T) {
	e := engine(t, Options{Workers: 1, MaxWait: time.Minute, Timeout: time.Minute})
	for _, err := range e.Synthesize(t.Context(), "One, two, three.", tts.Config{}) {
		require.NoError(t, err)
		require.Zero(t, e.Status().Busy)
		_, _, err := say(t.Context(), e, "Four.", tts.Config{})
		require.NoError(t, err)
	}
}
