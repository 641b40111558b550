//go:build unix

package process

import (
	"os"
	"syscall"
)

// ownGroup keeps a Ctrl-C at the terminal from the program: the host decides when it
// ends.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// kill ends a program and its children.
func kill(p *os.Process) {
	syscall.Kill(-p.Pid, syscall.SIGKILL)
	p.Kill()
}
