//go:build unix

package main

import "golang.org/x/sys/unix"

// used returns the CPU time of this process, in nanoseconds.
func used() (user, system int64, err error) {
	var u unix.Rusage
	err = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u.Utime.Nano(), u.Stime.Nano(), err
}
