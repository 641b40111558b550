//go:build unix

package tts

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpu returns the processor time that this process and those that it has buried took.
func cpu(t *testing.T) time.Duration {
	var total time.Duration
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return total
}
