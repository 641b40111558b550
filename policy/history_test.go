package policy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHistory(t *testing.T) {
	h := NewHistory(PerCaller(2, time.Hour), HistoryOptions{Retention: 24 * time.Hour, MaxCalls: 100})
	call := func(i int, at time.Duration) Decision {
		return h.Decide(ctx, Call{SID: fmt.Sprint("CA", i), From: fmt.Sprintf("+1415555010%d", i%3), At: start.Add(at)})
	}
	for i := range 9 {
		require.Equal(t, i < 6, call(i, time.Duration(i)*time.Minute).Allowed())
	}
	got := h.Recent("+14155550101", start.Add(time.Hour), 10)
	require.Len(t, got, 3)
	require.Equal(t, []string{"CA7", "CA4", "CA1"}, []string{got[0].Call.SID, got[1].Call.SID, got[2].Call.SID})
	require.Equal(t, ReasonRateLimit, got[0].Decision.Reason)
	require.Len(t, h.Recent("", start.Add(time.Hour), 5), 5)
	require.Empty(t, h.Recent("+14155550101", start.Add(48*time.Hour), 10), "expired, if still there")
	require.Len(t, h.Recent("", start.Add(24*time.Hour+3*time.Minute), 100), 5)

	require.Equal(t, 3, h.Forget("+14155550101"))
	require.Empty(t, h.Recent("+14155550101", start.Add(time.Hour), 10))
	require.Equal(t, 6, h.Len())

	call(100, 30*time.Hour)
	require.Equal(t, 1, h.Len(), "the new call made the old ones go")
	for i := range 1000 {
		call(i, 31*time.Hour)
	}
	require.Equal(t, 100, h.Len(), "bounded")
	require.Equal(t, "CA999", h.Recent("", start.Add(31*time.Hour), 1)[0].Call.SID)
	require.Equal(t, "CA900", h.Recent("", start.Add(31*time.Hour), 1000)[99].Call.SID)
}

// TestHistoryMemory: what is kept of a call does not keep the request that it was read
// from.
func TestHistoryMemory(t *testing.T) {
	const calls = 5000
	h := NewHistory(All(), HistoryOptions{})
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for i := range calls {
		body := fmt.Sprintf("CA%032d", i) + "+14155550100+14155550199ACinboundUS" + strings.Repeat("x", 1200)
		h.Decide(ctx, Call{SID: body[:34], From: body[34:46], To: body[46:58], AccountSID: body[58:60], Direction: body[60:67], Country: body[67:69]})
	}
	each := (heap() - before) / calls
	t.Logf("%d bytes a call", each)
	require.Less(t, each, int64(600))
	require.Equal(t, calls, h.Len())
}
