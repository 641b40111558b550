package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		answer := error(nil)
		h := NewHealth(10*time.Second, func(ctx context.Context) error {
			asked++
			select {
			case <-time.After(time.Second):
				return answer
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		assert.False(t, h.Good())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, h.Ask(ctx), context.Canceled)
		assert.False(t, h.Good())
		for range 5 {
			go h.Check(t.Context())
		}
		require.NoError(t, h.Check(t.Context()))
		assert.True(t, h.Good())
		assert.Equal(t, 2, asked)
		answer = errors.New("down")
		require.NoError(t, h.Check(t.Context()))
		time.Sleep(10 * time.Second)
		require.ErrorIs(t, h.Check(t.Context()), answer)
		assert.False(t, h.Good())
		synctest.Wait()
	})
}
