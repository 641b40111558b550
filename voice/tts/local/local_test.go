package local

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/flite"
)

func TestMain(m *testing.M) { leak.Main(m) }

func say(t *testing.T, e *Engine, text string, c tts.Config) (length int, words int, err error) {
	for chunk, err := range e.Synthesize(t.Context(), text, c) {
		if err != nil {
			return length, words, err
		}
		length, words = length+len(chunk.Audio), words+len(chunk.Words)
	}
	return length, words, nil
}

func TestNew(t *testing.T) {
	apt.Need(t, "flite", "flite")
	apt.Need(t, "espeak-ng", "espeak-ng")
	e, err := New(Options{Workers: 1, Flite: flite.Options{Voice: "kal16"}})
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, e.Prewarm(t.Context()))
	require.NoError(t, e.Check(t.Context()))
	assert.Equal(t, "flite", e.Status().Engine)
	_, words, err := say(t, e, "Good morning.", tts.Config{})
	require.NoError(t, err)
	assert.Equal(t, 2, words, "English is flite's, which tells word times")
	length, words, err := say(t, e, "Guten Morgen.", tts.Config{Language: "de-DE"})
	require.NoError(t, err)
	assert.Zero(t, words)
	assert.Greater(t, length, 4000)
	_, _, err = say(t, e, "Hello.", tts.Config{Voice: "no such voice"})
	assert.ErrorIs(t, err, tts.ErrRefused)
	assert.Equal(t, "flite", e.Status().Engine, "what is refused says nothing of the engine")

	german, err := New(Options{Workers: 1, Language: "de"})
	require.NoError(t, err)
	defer german.Close()
	assert.Equal(t, "espeak", german.Status().Engine)
	length, _, err = say(t, german, "Guten Morgen.", tts.Config{})
	require.NoError(t, err)
	assert.Greater(t, length, 4000)
}

// On a machine with nothing installed the error names what to install.
func TestNothingInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, err := range []error{Available(), func() error { _, err := New(Options{}); return err }()} {
		require.ErrorIs(t, err, tts.ErrUnavailable)
		assert.ErrorContains(t, err, "apt-get install flite")
		assert.ErrorContains(t, err, "apt-get install espeak-ng")
	}
}
