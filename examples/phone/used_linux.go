package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// used is the processor time and memory of a process.
type used struct {
	cpu    time.Duration
	memory int64 // resident bytes
}

// ticks is the number of clock ticks per second in /proc: 100 on every Linux that Go runs on.
const ticks = 100

// usedBy reads from /proc what a process has used since its start.
func usedBy(pid int) (used, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return used{}, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from field 3, the state, on
	if len(fields) < 22 {
		return used{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	number := func(n int) int64 { // n counts fields as proc(5) does, from 1
		v, _ := strconv.ParseInt(string(fields[n-3]), 10, 64)
		return v
	}
	return used{time.Duration(number(14)+number(15)) * time.Second / ticks, number(24) * int64(os.Getpagesize())}, nil
}
