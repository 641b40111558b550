//go:build unix

package voice

import (
	"os"
	"syscall"
)

// lowestDescriptor returns the lowest file descriptor that is free, which is the next to be
// used, and how many there may be. All below it are in use.
func lowestDescriptor() (free, most uint64) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, 0
	}
	most = uint64(limit.Cur)
	null, err := os.Open(os.DevNull)
	if err != nil {
		return most, most
	}
	defer null.Close()
	return uint64(null.Fd()), most
}
