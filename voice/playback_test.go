package voice

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

// lineOut is a connection whose caller hears everything at once that is sent.
type lineOut struct {
	*mediastream.Conn
	sent, heard int64
	began       time.Time
	marks       []string
	refuses     error
}

func (l *lineOut) SendMedia(audio []byte) error {
	if l.refuses != nil {
		return l.refuses
	}
	if l.heard >= l.sent {
		l.began = time.Now()
	}
	l.sent += int64(len(audio))
	return nil
}

func (l *lineOut) SendMark(name string) error { l.marks = append(l.marks, name); return l.refuses }

func (l *lineOut) Clear() error { l.heard = l.sent; return nil }

func (l *lineOut) Played() (certain, about int64) {
	about = min(l.sent, l.heard+time.Since(l.began).Milliseconds()*8)
	return l.heard, about
}

// TestPlaybacksFinishInOrder: Heard goes by one clock, which the marks set right.
func TestPlaybacksFinishInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &lineOut{}
		p := newPlayer(out, nil)
		one, err := p.play(make([]byte, 8000), manner{})
		require.NoError(t, err)
		two, err := p.play(make([]byte, 16000), manner{})
		require.NoError(t, err)
		require.Equal(t, 3*time.Second, p.remaining())

		time.Sleep(400 * time.Millisecond)
		require.Equal(t, 400*time.Millisecond, one.Heard())
		require.Zero(t, two.Heard())

		time.Sleep(600 * time.Millisecond)
		p.mark(one.mark)
		require.NoError(t, one.Wait(t.Context()))
		require.Equal(t, time.Second, one.Heard())

		time.Sleep(500 * time.Millisecond)
		p.interrupt(ErrInterrupted)
		require.ErrorIs(t, two.Wait(t.Context()), ErrInterrupted)
		require.Equal(t, 500*time.Millisecond, two.Heard())

		p.mark(two.mark) // Twilio returns the marks of what it cleared
		p.wait(t.Context(), 0)
		require.Zero(t, p.remaining())
	})
}

func TestPlaybackEndsWithTheCall(t *testing.T) {
	p := newPlayer(&lineOut{}, nil)
	playback, err := p.play(make([]byte, 8000), manner{})
	require.NoError(t, err)
	p.close()
	require.ErrorIs(t, playback.Wait(t.Context()), ErrCallEnded)
	_, err = p.play(make([]byte, 8000), manner{})
	require.ErrorIs(t, err, ErrCallEnded)
}

func TestPlaybackThatCannotBeSentIsForgotten(t *testing.T) {
	p := newPlayer(&lineOut{refuses: ErrCallEnded}, nil)
	_, err := p.play(make([]byte, 8000), manner{})
	require.ErrorIs(t, err, ErrCallEnded)
	require.Zero(t, p.unheard())
	p.wait(t.Context(), 0)
}

func TestWaitHeedsItsContext(t *testing.T) {
	p := newPlayer(&lineOut{}, nil)
	playback, err := p.play(make([]byte, 8000), manner{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, playback.Wait(ctx), context.Canceled)
	p.wait(ctx, time.Hour)
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
	call := &Call{player: newPlayer(&lineOut{}, nil)}
	_, err := call.Play(doneBy{t.Context(), func() { require.False(t, call.player.order.TryLock(), "not its turn") }}, []byte{0xff})
	require.ErrorIs(t, err, context.Canceled)
}
