package voice_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestShutdownTwice: every one returns, at once or when the calls have ended, however many
// there are and whichever context ends first.
func TestShutdownTwice(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	impatient, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 20)
	var all sync.WaitGroup
	for i := range cap(errs) {
		all.Go(func() {
			ctx := t.Context()
			if i%2 == 0 {
				ctx = impatient
			}
			errs <- srv.Shutdown(ctx)
		})
	}
	require.Eventually(t, func() bool { return srv.Stats().Draining }, patience, time.Millisecond)
	require.Equal(t, "in-progress", call.Status())
	cancel()
	all.Wait()
	close(errs)
	canceled := 0
	for err := range errs {
		if errors.Is(err, context.Canceled) {
			canceled++
		} else {
			require.NoError(t, err)
		}
	}
	require.LessOrEqual(t, canceled, 10)
	require.Equal(t, []voice.Reason{voice.ReasonShutdown}, l.ends(t, 1))
	require.NoError(t, srv.Shutdown(t.Context()), "there is nothing left to wait for")
	require.NoError(t, srv.Shutdown(impatient))
}
