package process

import "golang.org/x/sys/unix"

// limit bounds the processor time of a process. One that has ended already needs no
// bound.
func limit(pid int, seconds uint64) {
	unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds}, nil)
}
