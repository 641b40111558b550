//go:build unix

package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the CPU time this process has used, in nanoseconds.
func CPU() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		return time.Now().UnixNano()
	}
	return ts.Nano()
}
