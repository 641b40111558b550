package voice

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRecentRemembersForAWhile(t *testing.T) {
	now := time.Now()
	r := newRecent[string, int](time.Minute, 2)

	_, added := r.add("a", 1, now)
	require.Equal(t, isNew, added)
	old, added := r.add("a", 2, now)
	require.Equal(t, isKnown, added)
	require.Equal(t, 1, old, "the first value stays")

	r.add("b", 1, now.Add(time.Second))
	_, added = r.add("c", 1, now.Add(time.Second))
	require.Equal(t, isFull, added, "what it remembers it must not forget")

	_, added = r.add("a", 3, now.Add(time.Minute))
	require.Equal(t, isKnown, added)
	_, added = r.add("a", 3, now.Add(time.Minute+1))
	require.Equal(t, isNew, added)
}

// TestNoteForgets the oldest value where there is no room.
func TestNoteForgets(t *testing.T) {
	now := time.Now()
	r := newRecent[string, int](time.Minute, 2)
	atLeast := func(n int) func(int) int { return func(old int) int { return max(old, n) } }
	require.Zero(t, r.note("a", now, atLeast(2)))
	require.Equal(t, 2, r.note("a", now, atLeast(1)))
	require.Equal(t, 2, r.get("a", now))
	r.note("b", now, atLeast(1))
	r.note("c", now, atLeast(1))
	require.Zero(t, r.get("a", now))
	require.Equal(t, 1, r.get("b", now))
	require.Zero(t, r.get("b", now.Add(time.Minute+1)))
	require.Empty(t, r.items)
}
