package outbound

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPacerSpacesCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(4)
		begin := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() {
				require.NoError(t, p.Wait(t.Context(), 0))
				mu.Lock()
				at = append(at, time.Since(begin))
				mu.Unlock()
			})
		}
		wg.Wait()
		for i, d := range at {
			require.Equal(t, time.Duration(i)*250*time.Millisecond, d)
		}
		time.Sleep(10 * time.Second) // no credit is saved up
		begin = time.Now()
		for range 3 {
			require.NoError(t, p.Wait(t.Context(), 0))
		}
		require.Equal(t, 500*time.Millisecond, time.Since(begin))
	})
}

func TestPacerPriorityAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		require.NoError(t, p.Wait(t.Context(), 0))
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		wait := func(ctx context.Context, name string, priority int, want error) {
			wg.Go(func() {
				err := p.Wait(ctx, priority)
				require.ErrorIs(t, err, want, name)
				if err == nil {
					mu.Lock()
					order = append(order, name)
					mu.Unlock()
				}
			})
			synctest.Wait()
		}
		gone, cancel := context.WithCancel(t.Context())
		wait(t.Context(), "low 1", 0, nil)
		wait(gone, "low 2", 0, context.Canceled)
		wait(t.Context(), "low 3", 0, nil)
		wait(t.Context(), "high", 5, nil)
		short, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer stop()
		wait(short, "in time", 9, nil)
		wait(short, "too late", -1, context.DeadlineExceeded)
		require.Equal(t, 6, p.Waiting())
		cancel()
		begin := time.Now()
		wg.Wait()
		require.Equal(t, []string{"in time", "high", "low 1", "low 3"}, order)
		require.Equal(t, 4*time.Second, time.Since(begin), "who gives up takes no turn")
		require.Zero(t, p.Waiting())
		require.ErrorIs(t, p.Wait(gone, 0), context.Canceled)
	})
}

// TestPacerLastGivesUp: the timer of an empty queue must not let a later call wait
// for it, nor go without its distance.
func TestPacerLastGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(0)
		require.NoError(t, p.Wait(t.Context(), 0))
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.Wait(ctx, 0), context.DeadlineExceeded)
		begin := time.Now()
		require.NoError(t, p.Wait(t.Context(), 0))
		require.Equal(t, 600*time.Millisecond, time.Since(begin))
	})
}

// TestPacerSlowest: a rate too small to be told apart from none is not unlimited.
func TestPacerSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1e-300)
		require.NoError(t, p.Wait(t.Context(), 0))
		ctx, cancel := context.WithTimeout(t.Context(), 24*365*time.Hour)
		defer cancel()
		require.ErrorIs(t, p.Wait(ctx, 0), context.DeadlineExceeded)
	})
}
