//go:build !unix

package bench

import "time"

// CPU returns the time, in nanoseconds: CPU time is measured on Unix alone.
func CPU() int64 { return time.Now().UnixNano() }
