//go:build !unix

package main

import (
	"os"
	"testing"
	"time"
)

// pause leaves the test out.
func pause(t *testing.T, _ *os.Process, _ time.Duration) {
	t.Skip("left out: a process is stopped and continued by signals of Unix alone")
}
