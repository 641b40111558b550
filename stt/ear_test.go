package stt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestArrivals: the ring knows when each of its frames came, late ones and those after a
// stall too, and tells nothing of those that it has lost.
func TestArrivals(t *testing.T) {
	a := arrivals{delay: make([]int16, 100)}
	start := time.Now()
	var came []time.Time
	now := start
	for i := range 1000 {
		switch {
		case i == 300:
			now = now.Add(31 * time.Second)
		case i == 500:
			now = now.Add(time.Hour)
		case i%50 < 10: // a burst
		case i%50 == 10:
			now = now.Add(10 * frameTime)
		default:
			now = now.Add(frameTime + time.Millisecond)
		}
		came = append(came, now)
		a.mark(time.Duration(i+1)*frameTime, now)
		for back := range min(i+1, 110) {
			got, ok := a.at(time.Duration(i+1-back) * frameTime)
			if back >= 100 || i >= 500 && i-back < 500 {
				require.False(t, ok, "frame %d at %d", i-back, i)
				continue
			}
			if !ok {
				require.Less(t, i-back, a.first, "frame %d at %d", i-back, i)
				continue
			}
			require.Equal(t, came[i-back], got, "frame %d at %d", i-back, i)
		}
	}
	assert.Equal(t, 500, a.first, "only the hour was too long")
	_, ok := a.at(1001 * frameTime)
	assert.False(t, ok, "it has not come yet")
}
