package pocketsphinx

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	child "agentos.dev/dialtone/internal/process"
)

// A context that ends just when the answer is here has no effect on the next
// utterance's deadline.
func TestLateCancelDoesNotDisturbTheNext(t *testing.T) {
	out, worker, err := os.Pipe()
	require.NoError(t, err)
	defer out.Close()
	defer worker.Close()
	p := &process{child: &child.Process{Out: out}, lines: bufio.NewReader(out)}
	deadline := time.Now().Add(time.Minute)
	for i := range 20_000 {
		canceled, next := fmt.Sprint("a", i), fmt.Sprint("b", i)
		ctx, cancel := context.WithCancel(t.Context())
		fmt.Fprintf(worker, "%s\n", canceled)
		go cancel()
		_, _ = p.answer(ctx, canceled, deadline) // whichever came first
		cancel()
		fmt.Fprintf(worker, "%s\n", next)
		_, err := p.answer(t.Context(), next, deadline)
		require.NoError(t, err, "utterance %d", i)
	}
}
