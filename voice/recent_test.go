package voice

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRecentRemembersForAWhile(t *testing.T) {
	now := time.Now()
	r := newRecent[string, int](time.Minute, 2)

	_, stored := r.add("a", 1, now)
	require.True(t, stored)
	old, stored := r.add("a", 2, now)
	require.False(t, stored)
	require.Equal(t, 1, old, "the first value stays")

	r.add("b", 1, now.Add(time.Second))
	_, stored = r.add("c", 1, now.Add(time.Second))
	require.False(t, stored, "full: what it remembers it must not forget")

	_, ok := r.get("a", now.Add(time.Minute))
	require.True(t, ok)
	_, ok = r.get("a", now.Add(time.Minute+1))
	require.False(t, ok)
	_, stored = r.add("c", 1, now.Add(time.Minute+1))
	require.True(t, stored)
}
