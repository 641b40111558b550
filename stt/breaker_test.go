package stt

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
