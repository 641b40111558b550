package policy

import (
	"math"
	"math/bits"
)

// table is a hash table of logs in two pieces of memory without pointers. A slot
// is a header and a ring of the times of the last calls:
//
//	word 0, 1   key: a packed number, or a hash with the top bit set
//	word 2, 3   when the caller was last seen, in ticks
//	word 4      index of the oldest time in the ring
//	word 5      number of times in the ring
//	word 6…     times, in ticks modulo 2^32
//
// With ten times that is 64 bytes, one cache line. Slots come in buckets of
// eight. A key lives in one of two buckets, on insertion in the emptier one,
// which lets the table fill to nine tenths before any two are full. One byte of
// the key's hash for each slot stands in tags, 0 for an unused slot, so that a
// look-up touches few slots but the right one.
type table struct {
	tags  []uint64 // a bucket each
	words []uint32
	size  int // times in a slot
	max   int // buckets it may grow to
}

const (
	bucket = 8
	header = 6
	minLog = 10            // times in the smallest slot
	never  = math.MinInt64 // when the caller of a new slot was last seen

	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// newTable makes a table with slots of 64<<class bytes, which hold 10, 26, 58, …
// times. It grows to the memory that most slots of 64 bytes would take.
func newTable(class, most int) table {
	most = max(1, (most>>class+bucket-1)/bucket)
	return sizedTable((minLog+header)<<class-header, min(2, most), most)
}

func sizedTable(size, buckets, most int) table {
	return table{
		tags:  make([]uint64, buckets),
		words: make([]uint32, buckets*bucket*(size+header)),
		size:  size,
		max:   most,
	}
}

// log is a view of one slot.
type log []uint32

func (t *table) log(slot int) log {
	n := t.size + header
	return log(t.words[slot*n : slot*n+n : slot*n+n])
}

// places returns the two buckets of a hash and its tag.
func (t *table) places(hash uint64) (first, second int, tag uint64) {
	again := hash * 0x9e3779b97f4a7c15
	n := uint64(len(t.tags))
	return int(hash >> 32 * n >> 32), int(again >> 32 * n >> 32), max(again>>8&0xff, 1)
}

// lookup returns the key's slot, or -1.
func (t *table) lookup(key, hash uint64) int {
	first, second, tag := t.places(hash)
	if slot := t.search(first, tag, key); slot >= 0 {
		return slot
	}
	return t.search(second, tag, key)
}

func (t *table) search(in int, tag, key uint64) int {
	stride := t.size + header
	differ := t.tags[in] ^ tag*eachByte
	// The lowest marked byte is equal; higher ones may be false alarms.
	for equal := (differ - eachByte) &^ differ & highBits; equal != 0; equal &= equal - 1 {
		slot := in*bucket + bits.TrailingZeros64(equal)/8
		if w := t.words[slot*stride:]; uint64(w[0])|uint64(w[1])<<32 == key {
			return slot
		}
	}
	return -1
}

// insert gives a key that is not there a slot with an empty log. When its buckets
// fill up, the slots of callers not seen since the given tick are freed; when both
// are full, the table grows; and if it may not, the caller seen longest ago is
// evicted.
func (t *table) insert(key, hash uint64, expired int64, by [2]uint64) (slot int, evicted bool) {
	slot, free := t.room(hash)
	if free < bucket/2 && t.free(hash, expired) {
		slot, free = t.room(hash)
	}
	for free == 0 && len(t.tags) < t.max {
		t.grow(expired, by)
		slot, free = t.room(hash)
	}
	if evicted = free == 0; evicted {
		slot = t.oldest(hash)
	}
	t.put(slot, key, hash)
	return slot, evicted
}

// room returns an unused slot in the emptier bucket of a hash, and how many the
// bucket has.
func (t *table) room(hash uint64) (slot, free int) {
	first, second, _ := t.places(hash)
	marks := unused(t.tags[first])
	if other := unused(t.tags[second]); bits.OnesCount64(other) > bits.OnesCount64(marks) {
		first, marks = second, other
	}
	return first*bucket + bits.TrailingZeros64(marks)/8, bits.OnesCount64(marks)
}

// free makes the slots of a hash unused whose callers were not seen since.
func (t *table) free(hash uint64, expired int64) (some bool) {
	first, second, _ := t.places(hash)
	for i := range bucket {
		for _, slot := range [2]int{first*bucket + i, second*bucket + i} {
			if t.log(slot).seen() <= expired {
				t.remove(slot)
				some = true
			}
		}
	}
	return some
}

// oldest returns the slot of the caller seen longest ago.
func (t *table) oldest(hash uint64) (slot int) {
	first, second, _ := t.places(hash)
	slot = first * bucket
	for i := range bucket {
		for _, other := range [2]int{first*bucket + i, second*bucket + i} {
			if t.log(other).seen() < t.log(slot).seen() {
				slot = other
			}
		}
	}
	return slot
}

// unused marks the high bit of each byte that is zero.
func unused(tags uint64) uint64 {
	return ^((tags&^highBits + ^uint64(highBits)) | tags) & highBits
}

func (t *table) put(slot int, key, hash uint64) {
	_, _, tag := t.places(hash)
	t.tag(slot, tag)
	l := t.log(slot)
	clear(l)
	l.setKey(key)
	l.setSeen(never)
}

func (t *table) tag(slot int, tag uint64) {
	shift := slot % bucket * 8
	word := &t.tags[slot/bucket]
	*word = *word&^(0xff<<shift) | tag<<shift
}

// remove makes the slot unused.
func (t *table) remove(slot int) { t.tag(slot, 0) }

// grow makes the table a quarter larger, or as much larger as it takes for all
// callers to find room, without those not seen since the given tick.
func (t *table) grow(expired int64, by [2]uint64) {
	next := *t
	for ok := false; !ok; {
		n := len(next.tags)
		next = sizedTable(t.size, min(t.max, n+n/4+1), t.max)
		ok = next.takeAll(t, expired, by) || len(next.tags) == t.max
	}
	*t = next
}

// takeAll copies the callers of old that were seen since the given tick and
// reports whether there was room for all.
func (t *table) takeAll(old *table, expired int64, by [2]uint64) bool {
	all := true
	for slot := range len(old.tags) * bucket {
		from := old.log(slot)
		if old.tags[slot/bucket]>>(slot%bucket*8)&0xff == 0 || from.seen() <= expired {
			continue
		}
		hash := mix(from.key(), by)
		at, free := t.room(hash)
		if free == 0 {
			all = false
			continue
		}
		t.put(at, from.key(), hash)
		copy(t.log(at), from)
	}
	return all
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
	if drop := l[5] - uint32(n); drop > 0 {
		l[4] = l.wrap(l[4] + drop)
		l[5] = uint32(n)
	}
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

// wrap returns the index in the ring of a place less than a round after its end.
func (l log) wrap(i uint32) uint32 {
	if n := uint32(len(l) - header); i >= n {
		return i - n
	}
	return i
}

func (l log) full() bool { return int(l[5]) == len(l.times()) }

// add records a call, made when the caller was last seen. The log is not full.
func (l log) add() {
	l.times()[l.wrap(l[4]+l[5])] = l[2]
	l[5]++
}

func (l log) dropOldest() {
	l[4] = l.wrap(l[4] + 1)
	l[5]--
}

func (l log) dropNewest() {
	if l[5] > 0 {
		l[5]--
	}
}

// copyFrom takes over the times of a smaller log.
func (l log) copyFrom(old log) {
	l.setSeen(old.seen())
	for i := range old[5] {
		l.times()[i] = old.times()[old.wrap(old[4]+i)]
	}
	l[4], l[5] = 0, old[5]
}

// recent remembers the calls last allowed, so that a webhook delivered twice is
// not counted twice. Twilio's second attempt comes within some 15 s. Each set
// holds the last four of its calls.
type recent struct {
	sets [][4]uint64
}

// recentSets is how many sets all shards have together: with a hundred calls
// allowed a second, 99 of 100 are still known after 15 s.
const recentSets = 2048

func (r *recent) set(sid uint64) *[4]uint64 {
	return &r.sets[sid>>32&uint64(len(r.sets)-1)]
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
