package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// used is what a process has used.
type used struct {
	cpu    time.Duration
	memory int64 // bytes that are resident
}

// ticks is how many clock ticks a second has in /proc, on all systems that Go runs on.
const ticks = 100

// usedBy returns what a process has used.
func usedBy(pid int) (used, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return used{}, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from the third, the state, on
	if len(fields) < 22 {
		return used{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	number := func(n int) int64 { // of proc(5)
		v, _ := strconv.ParseInt(string(fields[n-3]), 10, 64)
		return v
	}
	return used{time.Duration(number(14)+number(15)) * time.Second / ticks, number(24) * int64(os.Getpagesize())}, nil
}
