package redisstore

import (
	"sync"
	"time"
)

// failuresToOpen is how many questions in a row must fail before Redis is given up.
const failuresToOpen = 3

// breaker keeps an unreachable Redis from costing every decision its budget.
type breaker struct {
	mu       sync.Mutex
	open     bool
	failures int
	retryAt  time.Time
	probing  bool
}

type change uint8

const (
	unchanged change = iota
	opened
	closed
)

// ask reports whether to ask Redis: always while it answers, else one question at
// a time when it is time for one.
func (b *breaker) ask(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if b.probing || now.Before(b.retryAt) {
		return false
	}
	b.probing = true
	return true
}

// answered notes how a question went, and when to ask again if it went badly.
func (b *breaker) answered(err error, retryAt time.Time) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if err == nil {
		was := b.open
		b.open, b.failures = false, 0
		if was {
			return closed
		}
		return unchanged
	}
	b.failures++
	b.retryAt = retryAt
	if b.open || b.failures < failuresToOpen {
		return unchanged
	}
	b.open = true
	return opened
}

// unanswered notes that nobody waited for the answer.
func (b *breaker) unanswered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}
