//go:build unix

package mediastream

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpu returns the CPU time of this process in nanoseconds.
func cpu(*testing.T) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		return time.Now().UnixNano()
	}
	return ts.Nano()
}
