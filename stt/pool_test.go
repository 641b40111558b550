package stt

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTurnThatComesTooLate gives a worker to an utterance that has just given up waiting: it
// goes to the next, and none is lost.
func TestTurnThatComesTooLate(t *testing.T) {
	p := NewPool(RecognizerFunc(func(context.Context, []byte, Config) (Transcript, error) { return Transcript{}, nil }), PoolOptions{Workers: 1, MaxWait: time.Hour})
	require.NoError(t, p.acquire(t.Context()))
	for late := 0; late < 5; {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- p.acquire(ctx) }()
		require.Eventually(t, func() bool { return p.Status().Queued == 1 }, time.Minute, time.Millisecond)
		p.mu.Lock()
		cancel() // it finds out when it has the lock
		turn := p.waiting[0]
		p.waiting = nil
		close(turn)
		p.mu.Unlock()
		if err := <-result; err == nil { // it took the turn all the same
			continue
		}
		late++
		require.Zero(t, p.Status().Busy)
		require.NoError(t, p.acquire(t.Context()))
	}
}

// TestBreakerCoolsDown: nobody asks before the cool-down is over, then one does, and another
// when that one has not ended after as long again.
func TestBreakerCoolsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBreaker(BreakerOptions{Failures: 1, Cooldown: 10 * time.Second})
		require.True(t, b.Allow())
		b.Done(ErrUnavailable)
		for _, what := range []string{"the first", "one after a probe that does not end"} {
			time.Sleep(9 * time.Second)
			require.False(t, b.Allow(), what)
			require.True(t, b.Open(), what)
			time.Sleep(time.Second)
			require.True(t, b.Allow(), what)
			require.False(t, b.Allow(), "one at a time")
		}
		b.Done(nil)
		require.False(t, b.Open())
		require.True(t, b.Allow())
	})
}

// TestNoWordsEndNothing: a text without words, or without as many, ends in no phrase.
func TestNoWordsEndNothing(t *testing.T) {
	require.False(t, ends(nil, []string{"and"}))
	require.False(t, ends([]string{"and"}, []string{"well and"}))
	require.True(t, ends([]string{"well", "and"}, []string{"well and"}))
}
