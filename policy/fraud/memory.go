package fraud

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// memory is what is known of callers, of neighbouring numbers and of calls.
type memory struct {
	mu      sync.Mutex
	seed    maphash.Seed
	made    time.Time
	callers cells[caller]
	blocks  cells[block]
	calls   cells[progress]
}

// seconds counts from when the memory was made.
type seconds int32

// caller is counted in windows of an hour from its first call. It is kept small, so
// that it and its key fit into a cache line.
type caller struct {
	began    seconds // the current window
	now, old counts  // of this window and the one before
	targets  [maxTargets]uint32
}

type counts struct{ attempts, ended, short uint16 }

const (
	maxTargets = 4 // hashes of different numbers called in the window
	window     = seconds(3600)

	maxProgress = 1 << 12 // calls that are known, in progress or not
)

// block has a bit for each of a hundred numbers that has called in a window. It is kept
// as small.
type block struct {
	began    seconds
	now, old [4]uint32
}

// progress is a call from its decision on.
type progress struct {
	caller uint64        // 0: it has ended or was refused; it is known, but will not end again
	since  time.Duration // after the memory was made
}

// history is what the score wants to know of a caller.
type history struct {
	attempts, ended, short float64 // in the last hour, about
	hostAttempts           float64 // of all callers of its SIP host
	targets, neighbours    int
}

func (m *memory) init(most int) {
	// A second before, because 0 stands for never.
	m.seed, m.made = maphash.MakeSeed(), time.Now().Add(-time.Second)
	m.callers, m.blocks = newCells[caller](most), newCells[block](most)
	m.calls = newCells[progress](min(most, maxProgress))
}

// attempt counts a call and returns the caller's history with it. A call that is
// known already is not counted again.
func (m *memory) attempt(who policy.Identity, c *policy.Call) history {
	since := c.At.Sub(m.made)
	at := seconds(since / time.Second)
	id := m.id(who)
	hundred, unit, number := split(&who)
	neighbours, to := maphash.String(m.seed, hundred), uint32(maphash.String(m.seed, c.To))|1

	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := m.begin(c.SID, id, since, at)
	var h history
	if who.Host != "" {
		host, _ := m.callers.get(^maphash.String(m.seed, who.Host), at)
		share := host.turn(at)
		if fresh {
			increment(&host.now.attempts)
		}
		h.hostAttempts = float64(host.now.attempts) + share*float64(host.old.attempts)
	}
	caller, _ := m.callers.get(id, at) // after the host's, which might take its place
	var near *block
	if number {
		near, _ = m.blocks.get(neighbours, at) // before what is far away from it is read
	}
	share := caller.turn(at)
	if fresh {
		increment(&caller.now.attempts)
		caller.target(to)
	}
	h.attempts = float64(caller.now.attempts) + share*float64(caller.old.attempts)
	h.ended = float64(caller.now.ended) + share*float64(caller.old.ended)
	h.short = float64(caller.now.short) + share*float64(caller.old.short)
	h.targets = caller.called()
	if number {
		h.neighbours = near.called(unit, fresh, at)
	}
	return h
}

// id returns what a caller is known by: forged calls of a number are not its owner's.
func (m *memory) id(who policy.Identity) uint64 {
	return maphash.String(m.seed, who.Caller) ^ uint64(who.Standing)*0x9e3779b97f4a7c15
}

// begin notes a call in progress and reports whether it is to be counted: not when
// it is known already.
func (m *memory) begin(callSID string, id uint64, since time.Duration, at seconds) bool {
	if callSID == "" {
		return true
	}
	p, fresh := m.calls.get(maphash.String(m.seed, callSID), at)
	if fresh {
		*p = progress{id | 1, since}
	}
	return fresh
}

// turn begins a new window when the current one is over, and returns how much of
// the one before still counts.
func turn[T any](began *seconds, now, old *T, at seconds) (share float64) {
	var none T
	switch age := at - *began; {
	case *began == 0 || age >= 2*window:
		*began, *now, *old = at, none, none
	case age >= window:
		*began, *now, *old = *began+window, none, *now
	}
	return min(max(1-float64(at-*began)/float64(window), 0), 1)
}

// turn begins a new window when the current one is over, and returns how much of the
// counts of the one before still counts.
func (c *caller) turn(at seconds) (share float64) {
	began := c.began
	share = turn(&c.began, &c.now, &c.old, at)
	if c.began != began {
		c.targets = [maxTargets]uint32{}
	}
	return share
}

// called returns how many numbers of the hundred have called, this one too if its call is
// fresh.
func (b *block) called(unit int, fresh bool, at seconds) (n int) {
	turn(&b.began, &b.now, &b.old, at)
	if fresh {
		b.now[unit/32] |= 1 << (unit % 32)
	}
	for i := range b.now {
		n += bits.OnesCount32(b.now[i] | b.old[i])
	}
	return n
}

// increment counts up to the most there is room for.
func increment(n *uint16) { *n = max(*n, *n+1) }

// target remembers a number that was called, if it is new and there is room.
func (c *caller) target(t uint32) {
	for i, have := range c.targets {
		if have == t {
			return
		}
		if have == 0 {
			c.targets[i] = t
			return
		}
	}
}

// called returns how many different numbers were called.
func (c *caller) called() (n int) {
	for _, t := range c.targets {
		if t != 0 {
			n++
		}
	}
	return n
}

// split returns a caller's number without its last two digits, and these.
func split(who *policy.Identity) (hundred string, unit int, ok bool) {
	if !who.IsNumber() {
		return "", 0, false
	}
	last := len(who.Caller) - 2
	return who.Caller[:last], int(who.Caller[last]-'0')*10 + int(who.Caller[last+1]-'0'), true
}

// ended counts a call that is over.
func (m *memory) ended(callSID string, short time.Duration) {
	since := time.Since(m.made)
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.calls.find(maphash.String(m.seed, callSID))
	if p == nil || p.caller == 0 {
		return
	}
	at := seconds(since / time.Second)
	who, _ := m.callers.get(p.caller, at)
	who.turn(at)
	p.caller = 0
	increment(&who.now.ended)
	if since-p.since < short {
		increment(&who.now.short)
	}
}

// refused notes that a call will not be in progress. It is still known when its
// webhook comes again.
func (m *memory) refused(callSID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.calls.find(maphash.String(m.seed, callSID)); p != nil {
		p.caller = 0
	}
}
