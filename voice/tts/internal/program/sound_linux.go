package program

import (
	"os"

	"golang.org/x/sys/unix"
)

// nameless returns a file in memory: it is gone when its last user is, however that
// ends, and needs no folder that can be written to.
func nameless() (*os.File, error) {
	fd, err := unix.MemfdCreate("dialtone-speech", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "dialtone-speech"), nil
}
