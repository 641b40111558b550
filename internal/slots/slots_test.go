package slots

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1, time.Second)
		release, err := s.Acquire(t.Context())
		require.NoError(t, err)
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				release, err := s.Acquire(t.Context())
				if assert.NoError(t, err) {
					order <- i
					release()
				}
			}()
			synctest.Wait()
		}
		count, busy, queued := s.Load()
		assert.Equal(t, [3]int{1, 1, 2}, [3]int{count, busy, queued})
		release()
		release() // twice is once
		assert.Equal(t, 0, <-order, "first come, first served")
		assert.Equal(t, 1, <-order)
		synctest.Wait()
		_, busy, queued = s.Load()
		assert.Equal(t, [2]int{}, [2]int{busy, queued})

		// One that gives up leaves the queue; one that would wait too long is refused.
		release, err = s.Acquire(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err = s.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = s.Acquire(t.Context())
		require.ErrorIs(t, err, ErrFull)
		time.Sleep(time.Minute)
		release()
		release, err = s.Acquire(t.Context())
		require.NoError(t, err)
		began := time.Now()
		_, err = s.Acquire(t.Context())
		require.ErrorIs(t, err, ErrFull)
		assert.Zero(t, time.Since(began), "slots were held for longer than one may wait")
		release()
	})
}

// TestTurnThatComesTooLate: a slot that is given to a waiter which has just given up goes to
// the next one, and is not lost.
func TestTurnThatComesTooLate(t *testing.T) {
	s := New(1, time.Hour)
	release, err := s.Acquire(t.Context())
	require.NoError(t, err)
	for late := 0; late < 5; {
		ctx, cancel := context.WithCancel(t.Context())
		type result struct {
			release func()
			err     error
		}
		results := make(chan result, 1)
		go func() {
			release, err := s.Acquire(ctx)
			results <- result{release, err}
		}()
		require.Eventually(t, func() bool { _, _, queued := s.Load(); return queued == 1 }, time.Minute, time.Millisecond)
		s.mu.Lock()
		cancel() // it finds out when it has the lock
		close(s.waiting[0])
		s.waiting = nil
		s.mu.Unlock()
		if r := <-results; r.err == nil { // it took the turn all the same
			release = r.release
			continue
		}
		late++
		_, busy, _ := s.Load()
		require.Zero(t, busy)
		release, err = s.Acquire(t.Context())
		require.NoError(t, err)
	}
	release()
}
