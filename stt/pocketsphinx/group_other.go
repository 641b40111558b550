//go:build !unix

package pocketsphinx

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
