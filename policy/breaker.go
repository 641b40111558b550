package policy

import "sync"

// failuresToOpen is how many questions in a row must fail before an engine is given up.
const failuresToOpen = 3

// breaker keeps an engine that is away from costing every decision its wait.
type breaker struct {
	mu       sync.Mutex
	open     bool
	failures int
}

type change uint8

const (
	unchanged change = iota
	opened
	closed
)

// suspect has the next failure be enough.
func (b *breaker) suspect() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures = failuresToOpen - 1
}

// answered notes how a question went.
func (b *breaker) answered(well bool) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.open
	if well {
		b.open, b.failures = false, 0
	} else if b.failures++; b.failures >= failuresToOpen {
		b.open = true
	}
	switch {
	case b.open == was:
		return unchanged
	case b.open:
		return opened
	}
	return closed
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}
