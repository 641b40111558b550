package main

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill fills the pipe that a process writes its log to, so that its next line is stuck.
func fill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	pipe := cmd.Stderr.(*os.File)
	again, err := os.OpenFile("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/fd/2", os.O_WRONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err, pipe.Name())
	defer again.Close()
	conn, err := again.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, conn.Write(func(fd uintptr) bool {
		for size := 4096; size > 0; {
			if _, err := syscall.Write(int(fd), make([]byte, size)); err != nil {
				size /= 2
			}
		}
		return true
	}))
}
