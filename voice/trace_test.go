package voice

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestJoinedHooksRunWhateverTheFirstDoes: a panic in the host's hook takes no
// count away from the metrics.
func TestJoinedHooksRunWhateverTheFirstDoes(t *testing.T) {
	counted := 0
	mad := &Trace{FrameReceived: func() { panic("no metrics today") }}
	joined := mad.Join(&Trace{FrameReceived: func() { counted++ }}).complete().contained(slog.New(slog.DiscardHandler))
	joined.FrameReceived()
	require.Equal(t, 1, counted)
}
