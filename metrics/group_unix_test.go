//go:build unix

package metrics_test

import (
	"os/exec"
	"syscall"
)

// ownGroup has a command run in a process group of its own, with what it starts.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup asks the processes of a command's group to end.
func endGroup(command *exec.Cmd) { syscall.Kill(-command.Process.Pid, syscall.SIGTERM) } //nolint:errcheck // Wait tells
