package espeak

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
	apt.Need(t, "espeak-ng", "espeak-ng")
	e, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func TestSuite(t *testing.T) {
	ttstest.Suite{Speed: true, Voices: true, New: func(t testing.TB) tts.Synthesizer {
		return engine(t, Options{Workers: 3, MaxWait: time.Minute, Timeout: time.Minute})
	}}.Run(t)
}
