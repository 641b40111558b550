//go:build unix

package main

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pause stops a process for a while, as a hypervisor does.
func pause(t *testing.T, process *os.Process, while time.Duration) {
	require.NoError(t, process.Signal(syscall.SIGSTOP))
	time.Sleep(while)
	require.NoError(t, process.Signal(syscall.SIGCONT))
}
