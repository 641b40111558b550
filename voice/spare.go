package voice

import (
	"math"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// spareEvery is how long a look at the process holds.
	spareEvery = 250 * time.Millisecond
	// reservedFiles are file descriptors that are left for webhooks, probes and the store.
	reservedFiles = 32
	// fullMemory is the share of the Go memory limit above which no call is taken.
	fullMemory = 0.9
)

// spare knows whether the process has what another call needs: file descriptors, and
// memory where there is a limit (GOMEMLIMIT).
type spare struct {
	mu      sync.Mutex
	at      time.Time
	lacking string
}

// lacks returns what the process is short of, or "".
func (s *spare) lacks() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.at.IsZero() || now.Sub(s.at) >= spareEvery {
		s.at, s.lacking = now, shortage(memory())
	}
	return s.lacking
}

// shortage returns what there is too little of.
func shortage(used, limit uint64) string {
	switch free, most := lowestDescriptor(); {
	case most > 0 && free+reservedFiles >= most:
		return "file descriptors"
	case limit < math.MaxInt64 && float64(used) > fullMemory*float64(limit):
		return "memory"
	}
	return ""
}

// memory returns how many bytes the process needs that no garbage collection frees, and
// the limit.
func memory() (used, limit uint64) {
	samples := []metrics.Sample{
		{Name: "/gc/gomemlimit:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/os-stacks:bytes"},
		{Name: "/memory/classes/metadata/mcache/inuse:bytes"},
		{Name: "/memory/classes/metadata/mspan/inuse:bytes"},
		{Name: "/memory/classes/metadata/other:bytes"},
		{Name: "/memory/classes/other:bytes"},
	}
	metrics.Read(samples)
	for _, sample := range samples[1:] {
		used += sample.Value.Uint64()
	}
	return used, samples[0].Value.Uint64()
}
