package policy

import "math"

// table is a hash table of logs in one piece of memory without pointers. A slot
// is a header and a ring of the times of the last calls:
//
//	word 0, 1   key: a packed number, or a hash with the top bit set; 0 = never used
//	word 2, 3   when the caller was last seen, in ticks
//	word 4      index of the oldest time in the ring
//	word 5      number of times in the ring
//	word 6…     times, in ticks modulo 2^32
//
// With ten times that is 64 bytes, one cache line. A key lives within maxProbe
// slots of its hash. Slots are reused in place and never become unused again, so
// a look-up may stop at the first unused slot.
type table struct {
	words []uint32
	size  int // times in a slot
	slots int
	max   int // slots it may grow to
	used  int // slots that are not unused
}

const (
	header   = 6
	maxProbe = 16
	minSlots = 16
	minLog   = 10              // times in the smallest slot
	tomb     = uint64(1) << 62 // key of a slot that may be reused
	never    = math.MinInt64   // when it was last seen
)

// newTable makes a table with slots of 64<<class bytes, which hold 10, 26, 58, …
// times. It grows to the memory that most slots of 64 bytes would take.
func newTable(class, most int) table {
	stride := (minLog + header) << class
	return table{
		words: make([]uint32, minSlots*stride),
		size:  stride - header,
		slots: minSlots,
		max:   max(minSlots, most>>class),
	}
}

// log is a view of one slot.
type log []uint32

func (t *table) log(slot int) log {
	n := t.size + header
	return log(t.words[slot*n : slot*n+n : slot*n+n])
}

// place returns where the search for a hash begins.
func (t *table) place(hash uint64) int {
	return int((hash >> 32) * uint64(t.slots) >> 32)
}

// lookup returns the key's slot, or -1.
func (t *table) lookup(key, hash uint64) int {
	stride := t.size + header
	slot := t.place(hash)
	lo, hi := uint32(key), uint32(key>>32)
	for range min(maxProbe, t.slots) {
		w := t.words[slot*stride : slot*stride+2]
		if w[0] == lo && w[1] == hi {
			return slot
		}
		if w[0]|w[1] == 0 {
			return -1
		}
		if slot++; slot == t.slots {
			slot = 0
		}
	}
	return -1
}

// insert gives a key that is not there a slot with an empty log. If there is
// none left near its place, it takes that of the caller seen longest ago, and
// says so if that caller was last seen after the given tick.
func (t *table) insert(key, hash uint64, expired int64, by [2]uint64) (slot int, evicted bool) {
	if t.used >= t.slots-t.slots/4 && t.slots < t.max {
		t.grow(expired, by)
	}
	return t.take(key, hash, expired)
}

func (t *table) take(key, hash uint64, expired int64) (slot int, evicted bool) {
	slot = t.place(hash)
	best, oldest := -1, int64(0)
	for range min(maxProbe, t.slots) {
		l := t.log(slot)
		if l.key() == 0 {
			if best < 0 || oldest > expired {
				best, oldest = slot, expired
				t.used++
			}
			break
		}
		if seen := l.seen(); best < 0 || seen < oldest {
			best, oldest = slot, seen
		}
		if slot++; slot == t.slots {
			slot = 0
		}
	}
	l := t.log(best)
	evicted = l.key() != 0 && oldest > expired
	clear(l)
	l.setKey(key)
	l.setSeen(never)
	return best, evicted
}

// grow makes the table half as large again, or keeps its size if that many
// callers have not been seen since the given tick.
func (t *table) grow(expired int64, by [2]uint64) {
	live := 0
	for slot := range t.slots {
		if l := t.log(slot); l.key() != 0 && l.seen() > expired {
			live++
		}
	}
	next := table{size: t.size, slots: t.slots, max: t.max}
	if live > t.slots/2 {
		next.slots = min(t.max, t.slots+t.slots/2)
	}
	next.words = make([]uint32, next.slots*(t.size+header))
	for slot := range t.slots {
		old := t.log(slot)
		if old.key() == 0 || old.key() == tomb || old.seen() <= expired {
			continue
		}
		at, _ := next.take(old.key(), mix(old.key(), by), expired)
		copy(next.log(at), old)
	}
	*t = next
}

// remove lets a slot be reused.
func (t *table) remove(slot int) {
	l := t.log(slot)
	clear(l)
	l.setKey(tomb)
	l.setSeen(never)
}

func (l log) key() uint64      { return uint64(l[0]) | uint64(l[1])<<32 }
func (l log) setKey(k uint64)  { l[0], l[1] = uint32(k), uint32(k>>32) }
func (l log) seen() int64      { return int64(uint64(l[2]) | uint64(l[3])<<32) }
func (l log) setSeen(at int64) { l[2], l[3] = uint32(at), uint32(uint64(at)>>32) }
func (l log) times() []uint32  { return l[header:] }

// live drops the times that have left the window, notes that the caller was seen
// and returns how many times are left. Time does not run backwards: a call that
// seems earlier than the last one counts as made at the same time.
func (l log) live(now, window int64) int {
	n := l.count(now, window)
	drop := l[5] - uint32(n)
	l[4] = (l[4] + drop) % uint32(len(l.times()))
	l[5] = uint32(n)
	l.setSeen(max(now, l.seen()))
	return n
}

// count returns how many times are in the window. Since the times left by the
// last live were less than one window old then, they are less than two old now
// unless all are gone, so the ages can be told modulo 2^32 ticks.
func (l log) count(now, window int64) int {
	n := l[5]
	if n == 0 || now-l.seen() >= window {
		return 0
	}
	now = max(now, l.seen())
	times, head := l.times(), l[4]
	for n > 0 && int64(uint32(now)-times[head]) >= window {
		n--
		if head++; head == uint32(len(times)) {
			head = 0
		}
	}
	return int(n)
}

func (l log) full() bool { return int(l[5]) == len(l.times()) }

// add records a call, made when the caller was last seen. The log is not full.
func (l log) add() {
	times := l.times()
	times[(l[4]+l[5])%uint32(len(times))] = l[2]
	l[5]++
}

func (l log) dropNewest() {
	if l[5] > 0 {
		l[5]--
	}
}

// copyFrom takes over the times of a smaller log.
func (l log) copyFrom(old log) {
	l.setSeen(old.seen())
	from, to := old.times(), l.times()
	for i := range old[5] {
		to[i] = from[(old[4]+i)%uint32(len(from))]
	}
	l[4], l[5] = 0, old[5]
}

// recent remembers the calls last allowed, so that a webhook delivered twice is
// not counted twice. Twilio's second attempt comes within some 15 s. Each set
// holds the last four of its calls.
type recent struct {
	sets [][4]uint64
}

const recentSets = 128

func (r *recent) set(sid uint64) *[4]uint64 {
	if r.sets == nil {
		r.sets = make([][4]uint64, recentSets)
	}
	return &r.sets[sid>>32%recentSets]
}

func (r *recent) has(sid uint64) bool {
	s := r.set(sid)
	return s[0] == sid || s[1] == sid || s[2] == sid || s[3] == sid
}

func (r *recent) add(sid uint64) {
	s := r.set(sid)
	s[3], s[2], s[1], s[0] = s[2], s[1], s[0], sid
}

func (r *recent) remove(sid uint64) bool {
	if sid == 0 {
		return false
	}
	s := r.set(sid)
	for i := range s {
		if s[i] == sid {
			copy(s[i:], s[i+1:])
			s[3] = 0
			return true
		}
	}
	return false
}
