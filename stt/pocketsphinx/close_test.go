package pocketsphinx

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// Closing while utterances come in leaves no audio of theirs behind.
func TestCloseWhileUtterancesComeIn(t *testing.T) {
	for range 5 {
		e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 4})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if _, err := e.Recognize(t.Context(), make([]byte, 80), stt.Config{}); err != nil {
						return
					}
				}
			})
		}
		require.NoError(t, e.Close())
		wg.Wait()
		_, err := os.Stat(e.dir.path)
		require.ErrorIs(t, err, os.ErrNotExist)
		_, err = e.Recognize(t.Context(), make([]byte, 80), stt.Config{})
		require.ErrorIs(t, err, stt.ErrClosed)
	}
}
