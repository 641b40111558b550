package redisstore

import (
	"sync"
	"time"
)

// mirror is what an instance knows of the places taken through it. Places are often
// released through another instance, so it knows of too many, but never of more
// than Redis counts in all.
type mirror struct {
	mu    sync.Mutex
	held  map[string]time.Time // CallSid to the end of its lease
	order []string             // oldest first; may name places no longer held
}

// take notes a place and reports whether there was room for it below the limit.
func (m *mirror) take(sid string, limit int, now, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held = make(map[string]time.Time)
	}
	for len(m.order) > 0 {
		end, held := m.held[m.order[0]]
		if held && now.Before(end) {
			break
		}
		m.drop()
	}
	if _, held := m.held[sid]; !held {
		if len(m.held) >= limit {
			return false
		}
		m.order = append(m.order, sid)
	}
	m.held[sid] = until
	return true
}

// trim forgets the oldest places until no more are left than there are in all.
func (m *mirror) trim(inAll int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.held) > inAll && len(m.order) > 0 {
		m.drop()
	}
}

func (m *mirror) release(sid string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, sid)
	for len(m.order) > 0 {
		if _, held := m.held[m.order[0]]; held {
			return
		}
		m.drop()
	}
}

// drop forgets the oldest.
func (m *mirror) drop() {
	delete(m.held, m.order[0])
	m.order = m.order[1:]
}
