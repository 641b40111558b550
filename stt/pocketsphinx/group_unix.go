//go:build unix

package pocketsphinx

import "syscall"

// ownGroup keeps a Ctrl-C at the terminal from the workers: the host decides
// when they end. Should it be killed, they end with their input.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
