package voice

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlaybacksFinishInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayer()
		one, err := p.add(time.Second, time.Now())
		require.NoError(t, err)
		two, err := p.add(2*time.Second, time.Now())
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, p.left(time.Now()))

		time.Sleep(400 * time.Millisecond)
		require.Equal(t, 400*time.Millisecond, one.Heard())
		require.Zero(t, two.Heard())

		time.Sleep(600 * time.Millisecond)
		p.mark(one.mark, time.Now())
		require.NoError(t, one.Wait(t.Context()))
		require.Equal(t, time.Second, one.Heard())

		time.Sleep(500 * time.Millisecond)
		p.interrupt(ErrInterrupted, time.Now())
		require.ErrorIs(t, two.Wait(t.Context()), ErrInterrupted)
		require.Equal(t, 500*time.Millisecond, two.Heard())

		p.mark(two.mark, time.Now()) // Twilio returns the marks of what it cleared
		p.wait(t.Context())
		require.Zero(t, p.left(time.Now()))
	})
}

func TestPlaybackEndsWithTheCall(t *testing.T) {
	p := newPlayer()
	playback, err := p.add(time.Second, time.Now())
	require.NoError(t, err)
	p.close(time.Now())
	require.ErrorIs(t, playback.Wait(t.Context()), ErrCallEnded)
	_, err = p.add(time.Second, time.Now())
	require.ErrorIs(t, err, ErrCallEnded)
}

func TestPlaybackThatCannotBeSentIsForgotten(t *testing.T) {
	p := newPlayer()
	playback, err := p.add(time.Second, time.Now())
	require.NoError(t, err)
	p.drop(playback, ErrCallEnded)
	require.ErrorIs(t, playback.Wait(t.Context()), ErrCallEnded)
	p.wait(t.Context())
}

func TestWaitHeedsItsContext(t *testing.T) {
	p := newPlayer()
	playback, err := p.add(time.Hour, time.Now())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, playback.Wait(ctx), context.Canceled)
	p.wait(ctx)
}

// doneBy is a context that is done when it is asked.
type doneBy struct {
	context.Context
	asked func()
}

func (d doneBy) Err() error { d.asked(); return context.Canceled }

// TestPlayAsksItsContextInTurn: asked before its turn, a Play that waits for an
// Interrupt would play what the Interrupt was to stop.
func TestPlayAsksItsContextInTurn(t *testing.T) {
	call := &Call{player: newPlayer()}
	_, err := call.Play(doneBy{t.Context(), func() { require.False(t, call.sending.TryLock(), "not its turn") }}, []byte{0xff})
	require.ErrorIs(t, err, context.Canceled)
}
