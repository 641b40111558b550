package policy

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MemoryOptions configures [NewMemory].
type MemoryOptions struct {
	// MaxCallers bounds the logs of [OpCount] of each length: 65 bytes for each caller and a
	// third more for free places, and at most as much again for callers with more than 10
	// entries, for those with more than 26, with more than 58, and so on. When all places
	// are taken, the caller seen longest ago is forgotten. 0 means [DefaultMaxCallers].
	MaxCallers int
}

// Memory is an [Engine] of one process: exact by the monotonic clock, without
// allocations for logs of [OpCount] and for places. It returns no errors. All methods
// are safe for concurrent use. It is made by [NewMemory]; the zero value is not usable.
type Memory struct {
	most   int
	counts atomic.Pointer[[]*counts] // few; replaced, never changed
	began  time.Time

	mu     sync.Mutex
	places map[key]*places
	near   key // of the places that were asked for last
	nearby *places
	sums   map[key]*sums
	values map[key]*stored
	last   uint64 // generation
	sweep  int    // values when they were last swept
}

// key says whose state it is.
type key struct{ space, name string }

func keyOf(op *Op) key { return key{op.Space, op.Name} }

// NewMemory makes an engine that knows nothing yet.
func NewMemory(o MemoryOptions) *Memory {
	if o.MaxCallers <= 0 {
		o.MaxCallers = DefaultMaxCallers
	}
	m := &Memory{most: o.MaxCallers, began: time.Now(), places: make(map[key]*places), sums: make(map[key]*sums), values: make(map[key]*stored)}
	m.counts.Store(new([]*counts))
	return m
}

// Do carries out the operations. It never waits.
func (m *Memory) Do(_ context.Context, ops []Op) {
	for i := range ops {
		m.do(&ops[i])
	}
}

func (m *Memory) do(op *Op) {
	switch op.Kind {
	case OpCount:
		m.logs(op.Keep).count(op)
		return
	case OpUncount:
		m.logs(op.Keep).uncount(op)
		return
	}
	if op.Kind == OpFree { // which mostly needs no clock
		m.free(op)
		return
	}
	now := m.now(op.At)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch op.Kind {
	case OpAdd, OpChange:
		m.sum(op, now)
	case OpHold:
		m.hold(op, now)
	case OpRead:
		m.read(op, now)
	case OpWrite:
		m.write(op, now)
	}
}

// Evicted returns how many callers were forgotten before their time because there was no
// room. Anything but zero says that MaxCallers is too small, or that somebody calls
// from very many invented numbers.
func (m *Memory) Evicted() (n int64) {
	for _, l := range *m.counts.Load() {
		n += l.evicted.Load()
	}
	return n
}

// logs returns the logs of a length.
func (m *Memory) logs(length time.Duration) *counts {
	length = max(length, 1)
	if l := ofLength(*m.counts.Load(), length); l != nil {
		return l
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	all := *m.counts.Load()
	l := ofLength(all, length)
	if l == nil {
		l = newCounts(length, m.most)
		all = append(slices.Clip(all), l)
		m.counts.Store(&all)
	}
	return l
}

func ofLength(all []*counts, length time.Duration) *counts {
	for _, l := range all {
		if l.length == length {
			return l
		}
	}
	return nil
}

// now returns a time since the engine was made, by the monotonic clock.
func (m *Memory) now(at time.Time) time.Duration {
	if at.IsZero() {
		return time.Since(m.began)
	}
	return at.Sub(m.began)
}

// places are leases by holder.
type places struct {
	leases   map[string]time.Duration // until when
	earliest time.Duration            // none ends before
}

// held returns the places of a key.
func (m *Memory) held(k key) *places {
	if m.nearby == nil || m.near != k {
		m.near, m.nearby = k, m.places[k]
	}
	return m.nearby
}

// live returns the places of a key without those whose lease has ended.
func (m *Memory) live(k key, now time.Duration) *places {
	p := m.held(k)
	if p == nil || now < p.earliest {
		return p
	}
	p.earliest = 1<<63 - 1
	for id, until := range p.leases {
		if until <= now {
			delete(p.leases, id)
		} else {
			p.earliest = min(p.earliest, until)
		}
	}
	if len(p.leases) == 0 {
		delete(m.places, k)
		m.nearby = nil
		return nil
	}
	return p
}

func (m *Memory) hold(op *Op, now time.Duration) {
	p := m.live(keyOf(op), now)
	if p == nil {
		if op.OK = op.Limit != 0; !op.OK {
			return
		}
		p = &places{leases: make(map[string]time.Duration), earliest: 1<<63 - 1}
		m.places[keyOf(op)] = p
	}
	if op.OK = op.Limit < 0 || int64(len(p.leases)) < op.Limit; !op.OK {
		_, op.OK = p.leases[op.ID]
	}
	if op.OK {
		until := now + max(op.Keep, 1)
		p.leases[op.ID] = until
		p.earliest = min(p.earliest, until)
	}
	op.Total = int64(len(p.leases))
}

func (m *Memory) free(op *Op) {
	m.mu.Lock()
	defer m.mu.Unlock()
	op.OK, op.Total = true, 0
	p := m.held(keyOf(op))
	if p == nil {
		return
	}
	if delete(p.leases, op.ID); len(p.leases) == 0 {
		return
	}
	if p = m.live(keyOf(op), m.now(op.At)); p != nil {
		op.Total = int64(len(p.leases))
	}
}

// trim frees the places whose leases end first, until no more than most are left.
func (m *Memory) trim(k key, most int64, now time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := m.live(k, now); p != nil && int64(len(p.leases)) > most; {
		first, at := "", time.Duration(1<<63-1)
		for id, until := range p.leases {
			if until < at {
				first, at = id, until
			}
		}
		delete(p.leases, first)
	}
}

// sums is a log of amounts.
type sums struct {
	entries []entry // by time
	total   int64
}

type entry struct {
	id     string
	at     time.Duration
	amount int64
}

func (m *Memory) sum(op *Op, now time.Duration) {
	k := keyOf(op)
	s := m.sums[k]
	if s == nil {
		s = new(sums)
	}
	for len(s.entries) > 0 && now-s.entries[0].at >= op.Keep {
		s.remove(0)
	}
	at := -1
	for i := range s.entries {
		if s.entries[i].id == op.ID {
			at = i
		}
	}
	switch op.OK = true; {
	case op.ID == "":
	case op.Kind == OpChange:
		if op.OK = at >= 0; op.OK {
			s.total += op.Amount - s.entries[at].amount
			if s.entries[at].amount = op.Amount; op.Amount == 0 {
				s.remove(at)
			}
		}
	default:
		rest := s.total + op.Amount
		if at >= 0 {
			rest -= s.entries[at].amount
		}
		if op.OK = op.Limit < 0 || rest <= op.Limit; !op.OK {
			break
		}
		if at >= 0 {
			s.remove(at)
		}
		s.entries = append(s.entries, entry{op.ID, now, op.Amount})
		s.total += op.Amount
	}
	op.Total = s.total
	if len(s.entries) == 0 {
		delete(m.sums, k)
	} else {
		m.sums[k] = s
	}
}

func (s *sums) remove(i int) {
	s.total -= s.entries[i].amount
	s.entries = append(s.entries[:i], s.entries[i+1:]...)
}

// stored is a value.
type stored struct {
	value      []byte
	generation uint64
	until      time.Duration
}

// value returns what is there of a key.
func (m *Memory) value(op *Op, now time.Duration) *stored {
	v := m.values[keyOf(op)]
	if v == nil || v.until <= now {
		return &stored{}
	}
	return v
}

func (m *Memory) read(op *Op, now time.Duration) {
	v := m.value(op, now)
	known := op.Generation != 0 && op.Generation == v.generation
	op.OK, op.Generation, op.Value = v.generation != 0, v.generation, nil
	if !known {
		op.Value = v.value
	}
}

func (m *Memory) write(op *Op, now time.Duration) {
	v := m.value(op, now)
	if op.Generation != AnyGeneration && op.Generation != v.generation {
		op.OK = v.generation != 0 && bytes.Equal(v.value, op.Value)
		op.Value, op.Generation = v.value, v.generation
		return
	}
	if len(m.values) >= 2*m.sweep+1024 {
		maps.DeleteFunc(m.values, func(_ key, v *stored) bool { return v.until <= now })
		m.sweep = len(m.values)
	}
	m.last++
	m.values[keyOf(op)] = &stored{bytes.Clone(op.Value), m.last, now + max(op.Keep, 1)}
	op.OK, op.Generation = true, m.last
}
