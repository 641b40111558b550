package redisstore

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
)

var _ interface {
	voice.Claims
	voice.ClaimsReader
} = (*Store)(nil)

// TestClaim lets instances claim the same names at once.
func TestClaim(t *testing.T) {
	server := startRedis(t)
	var stores []*Store
	for range 4 {
		store, err := Connect(server.url(), Options{Budget: time.Minute})
		require.NoError(t, err)
		t.Cleanup(func() { store.Close() })
		stores = append(stores, store)
	}
	for _, name := range []string{"a", "b"} {
		var free atomic.Int32
		var claims sync.WaitGroup
		for i := range 40 {
			claims.Go(func() {
				if ok, err := stores[i%len(stores)].Claim(t.Context(), name, time.Minute); err != nil {
					t.Error(err)
				} else if ok {
					free.Add(1)
				}
			})
		}
		claims.Wait()
		require.EqualValues(t, 1, free.Load(), name)
	}
	ok, err := stores[0].Claim(t.Context(), "short", time.Millisecond)
	require.True(t, ok)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		ok, err := stores[1].Claim(t.Context(), "short", time.Millisecond)
		return ok && err == nil
	}, 20*time.Second, 10*time.Millisecond, "a claim lapses")

	for name, want := range map[string]bool{"a": true, "nobody's": false} {
		for range 2 { // asking takes nothing
			taken, err := stores[1].Claimed(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, want, taken, name)
		}
	}

	server.kill()
	ok, err = stores[0].Claim(t.Context(), "c", time.Minute)
	require.False(t, ok)
	require.Error(t, err)
	_, err = stores[0].Claimed(t.Context(), "a")
	require.Error(t, err)
}
