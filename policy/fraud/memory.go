package fraud

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// memory is what is known of the callers of the current hour and the one before.
// Both generations are maps without pointers in them, bounded in size: a full one
// ends its hour early.
type memory struct {
	mu        sync.Mutex
	seed      maphash.Seed
	max       int
	now, old  generation
	made      time.Time
	beginning time.Time // of the current generation
}

const generationLength = time.Hour

type generation struct {
	callers map[uint64]caller
	blocks  map[uint64]block    // of a hundred numbers each
	calls   map[uint64]progress // by hash of the CallSid
}

type caller struct {
	attempts, ended, short uint32
	targets                [maxTargets]uint32 // hashes of the numbers called last
}

const maxTargets = 4

// block has a bit for each of a hundred numbers that has called.
type block [2]uint64

type progress struct {
	caller uint64
	since  time.Duration // after the memory was made
	over   bool          // refused: it is known, but will not end
}

// history is what the score wants to know of a caller.
type history struct {
	attempts, ended, short float64 // in the last hour, about
	targets, neighbours    int
}

func (m *memory) init(most int) {
	m.seed, m.made = maphash.MakeSeed(), time.Now()
	m.max = max(1, most/2)
	m.now, m.old = newGeneration(), newGeneration()
}

func newGeneration() generation {
	return generation{make(map[uint64]caller), make(map[uint64]block), make(map[uint64]progress)}
}

// turn begins a new generation when it is time or the current one is full.
func (m *memory) turn(at time.Time) {
	if m.beginning.IsZero() {
		m.beginning = at
	}
	age := at.Sub(m.beginning)
	full := len(m.now.callers) >= m.max || len(m.now.blocks) >= m.max || len(m.now.calls) >= m.max
	if age < generationLength && !full {
		return
	}
	m.now, m.old = m.old, m.now
	clear(m.now.callers)
	clear(m.now.blocks)
	clear(m.now.calls)
	switch {
	case age < generationLength: // full
		m.beginning = at
	case age < 2*generationLength:
		m.beginning = m.beginning.Add(generationLength)
	default: // what was current is too old to count
		clear(m.old.callers)
		clear(m.old.blocks)
		m.beginning = at
	}
}

// attempt counts a call and returns the caller's history with it. A call that is
// known already is not counted again.
func (m *memory) attempt(key string, c policy.Call) history {
	id := maphash.String(m.seed, key)
	sid := maphash.String(m.seed, c.SID)
	target := uint32(maphash.String(m.seed, c.To)) | 1
	number, hundred, unit := split(key)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(c.At)
	now, old := m.now.callers[id], m.old.callers[id]
	if !m.known(sid) || c.SID == "" {
		now.attempts++
		now.target(target)
		m.now.callers[id] = now
		if number {
			b := m.now.blocks[hundred]
			b[unit/64] |= 1 << (unit % 64)
			m.now.blocks[hundred] = b
		}
		if c.SID != "" {
			m.now.calls[sid] = progress{caller: id, since: c.At.Sub(m.made)}
		}
	}
	share := 1 - float64(c.At.Sub(m.beginning))/float64(generationLength)
	share = min(max(share, 0), 1)
	for _, t := range old.targets {
		if t != 0 {
			now.target(t)
		}
	}
	h := history{
		attempts: float64(now.attempts) + share*float64(old.attempts),
		ended:    float64(now.ended) + share*float64(old.ended),
		short:    float64(now.short) + share*float64(old.short),
	}
	for _, t := range now.targets {
		if t != 0 {
			h.targets++
		}
	}
	if number {
		b, before := m.now.blocks[hundred], m.old.blocks[hundred]
		h.neighbours = bits.OnesCount64(b[0]|before[0]) + bits.OnesCount64(b[1]|before[1])
	}
	return h
}

func (m *memory) known(sid uint64) bool {
	if _, ok := m.now.calls[sid]; ok {
		return true
	}
	_, ok := m.old.calls[sid]
	return ok
}

// target remembers a number that was called, if it is new.
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

// split returns a number without its last two digits, and these.
func split(number string) (ok bool, hundred, unit uint64) {
	if !policy.IsE164(number) {
		return false, 0, 0
	}
	var n uint64
	for _, d := range []byte(number[1:]) {
		n = n*10 + uint64(d-'0')
	}
	return true, n / 100, n % 100
}

// ended counts a call that is over.
func (m *memory) ended(callSID string, at time.Time, short time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.finish(callSID)
	if !ok {
		return
	}
	c := m.now.callers[p.caller]
	c.ended++
	if at.Sub(m.made)-p.since < short {
		c.short++
	}
	m.now.callers[p.caller] = c
}

// refused notes that a call will not be in progress.
func (m *memory) refused(callSID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finish(callSID)
}

// finish marks a call as over, so that it is still known when its webhook comes
// again, and reports whether it was in progress.
func (m *memory) finish(callSID string) (p progress, ok bool) {
	sid := maphash.String(m.seed, callSID)
	for _, calls := range []map[uint64]progress{m.now.calls, m.old.calls} {
		if p, ok = calls[sid]; ok {
			was := p
			p.over = true
			calls[sid] = p
			return was, !was.over
		}
	}
	return progress{}, false
}
