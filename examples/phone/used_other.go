//go:build !linux

package main

import (
	"errors"
	"time"
)

// used is what a process has used.
type used struct {
	cpu    time.Duration
	memory int64 // bytes that are resident
}

// usedBy returns what a process has used.
func usedBy(int) (used, error) { return used{}, errors.ErrUnsupported }
