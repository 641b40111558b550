package leak

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaitSeesAGoroutineThatStays(t *testing.T) {
	require.Empty(t, wait(time.Second, nil))

	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); <-stop }()

	left := wait(50*time.Millisecond, nil)
	require.Len(t, left, 1)
	require.True(t, strings.Contains(left[0], "leak_test.go"), left[0])
	require.Empty(t, wait(time.Second, []string{"TestWaitSeesAGoroutineThatStays"}), "it is known to stay")

	close(stop)
	<-done
	require.Empty(t, wait(time.Second, nil))
}
