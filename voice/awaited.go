package voice

import (
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// amdSpace is where the instances note in the store, by CallSid, what asynchronous machine
// detection found.
const amdSpace = "amd"

// awaited is the calls of a server that wait for what machine detection comes to.
type awaited struct {
	mu    sync.Mutex
	until map[*liveCall]time.Time
	timer *time.Timer // until the store is asked; nil if it is not
}

// add has a call wait. ask, if not nil, sets the timer.
func (a *awaited) add(c *liveCall, until time.Time, ask func() *time.Timer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.until == nil {
		a.until = make(map[*liveCall]time.Time)
	}
	a.until[c] = until
	if ask != nil && a.timer == nil {
		a.timer = ask()
	}
}

// again sets the timer again, after it has run, if calls still wait.
func (a *awaited) again(ask func() *time.Timer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer = nil; len(a.until) > 0 {
		a.timer = ask()
	}
}

// remove has a call wait no longer, and reports whether it did, and whether the timer was
// stopped because no call waits.
func (a *awaited) remove(c *liveCall) (waited, stopped bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, waited = a.until[c]
	delete(a.until, c)
	if stopped = len(a.until) == 0 && a.timer != nil && a.timer.Stop(); stopped {
		a.timer = nil
	}
	return waited, stopped
}

// questions returns the calls that wait, and what the store is asked about each.
func (a *awaited) questions(now time.Time) (calls []*liveCall, ops []policy.Op) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c, until := range a.until {
		if now.After(until) {
			delete(a.until, c)
			continue
		}
		calls = append(calls, c)
		ops = append(ops, policy.Op{Kind: policy.OpRead, Space: amdSpace, Name: c.SID})
	}
	return calls, ops
}
