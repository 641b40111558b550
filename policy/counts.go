package policy

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// counts holds the logs of [OpCount] for one length of time, of any number of callers,
// in tables of a bounded size without pointers, of which the garbage collector takes no
// notice. Of an entry it keeps the time, to a billionth of the window. When all places
// are taken, the caller seen longest ago is forgotten.
type counts struct {
	length  time.Duration
	base    time.Time // ticks count from here
	window  int64     // the length in ticks
	shift   uint      // a tick is 1<<shift nanoseconds
	seed    maphash.Seed
	mix     [2]uint64
	shards  []shard
	evicted atomic.Int64
}

// shard is one part of the tables with its own lock.
type shard struct {
	mu     sync.Mutex
	tables []table // each holds twice as much in a slot as the one before
	recent recent
	max    int // slots of the smallest kind
	_      [64]byte
}

const maxShards = 64

func newCounts(length time.Duration, most int) *counts {
	l := &counts{length: length, base: time.Now(), seed: maphash.MakeSeed()}
	// Times are kept modulo 2^32 ticks, which must be at least two windows.
	l.shift = uint(max(0, bits.Len64(uint64(length))-31))
	l.window = int64(length >> l.shift)
	l.mix = [2]uint64{maphash.Bytes(l.seed, []byte("0")), maphash.Bytes(l.seed, []byte("1")) | 1}
	shards := 1
	for shards < maxShards && most/shards >= 2048 {
		shards *= 2
	}
	l.shards = make([]shard, shards)
	for i := range l.shards {
		l.shards[i].max = (most*4/3 + shards - 1) / shards
		l.shards[i].recent.sets = make([][4]uint64, recentSets/shards)
	}
	return l
}

// count carries out a Count.
func (l *counts) count(op *Op) {
	key := l.key(op)
	mark, now := l.mark(key, op.ID), l.ticks(op.At)
	s, hash := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.Limit == 0 && !op.Attempt {
		op.OK, op.Total = false, int64(l.used(s, key, hash, now))
		return
	}
	log, table := l.find(s, key, hash, now)
	n := int64(log.live(now, l.window))
	op.Total = n
	if mark != 0 && s.recent.has(mark) {
		op.OK = !op.Attempt || n <= op.Limit
		return
	}
	op.OK = op.Limit < 0 || n < op.Limit
	switch {
	case op.OK:
	case !op.Attempt:
		return
	case n > op.Limit:
		log.dropOldest()
	}
	if log.full() {
		log = l.widen(s, table, key, hash, now)
	}
	log.add()
	if op.Total = int64(log[5]); mark != 0 {
		s.recent.add(mark)
	}
}

// uncount drops the latest entry, one with an ID only if it is known.
func (l *counts) uncount(op *Op) {
	key := l.key(op)
	mark := l.mark(key, op.ID)
	s, hash := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.OK = s.recent.remove(mark); !op.OK {
		return
	}
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			s.tables[i].log(at).dropNewest()
			return
		}
	}
}

// used returns how many entries count, and changes nothing.
func (l *counts) used(s *shard, key, hash uint64, now int64) int {
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			return s.tables[i].log(at).count(now, l.window)
		}
	}
	return 0
}

// find returns the caller's log, which may be new, and which table it is in.
func (l *counts) find(s *shard, key, hash uint64, now int64) (log, int) {
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			return s.tables[i].log(at), i
		}
	}
	return l.insert(s, 0, key, hash, now), 0
}

// widen moves a full log of table i to a slot that holds twice as much.
func (l *counts) widen(s *shard, i int, key, hash uint64, now int64) log {
	wide := l.insert(s, i+1, key, hash, now)
	old := s.tables[i].lookup(key, hash)
	wide.copyFrom(s.tables[i].log(old))
	s.tables[i].remove(old)
	return wide
}

func (l *counts) insert(s *shard, i int, key, hash uint64, now int64) log {
	if i == len(s.tables) {
		s.tables = append(s.tables, newTable(i, s.max))
	}
	at, evicted := s.tables[i].insert(key, hash, now-l.window, l.mix)
	if evicted {
		l.evicted.Add(1)
	}
	return s.tables[i].log(at)
}

// ticks converts a time to ticks since base, by the monotonic clock if the time
// has a reading of it.
func (l *counts) ticks(at time.Time) int64 {
	if at.IsZero() {
		return int64(time.Since(l.base)) >> l.shift
	}
	return int64(at.Sub(l.base)) >> l.shift
}

// key returns the hash of a log's owner: of a million callers, two share one once in
// forty million starts.
func (l *counts) key(op *Op) uint64 {
	return maphash.String(l.seed, op.Name) ^ bits.RotateLeft64(maphash.String(l.seed, op.Space), 17)
}

// mark returns what an ID is known by in its log, 0 for "", which nothing can tell apart.
func (l *counts) mark(key uint64, id string) uint64 {
	if id == "" {
		return 0
	}
	return bits.RotateLeft64(maphash.String(l.seed, id), 31) ^ key | 1
}

// shard returns the part of the table for a key, and where in it to look. The hash
// has a secret in it, so that nobody can choose numbers that crowd one place.
func (l *counts) shard(key uint64) (s *shard, hash uint64) {
	hash = mix(key, l.mix)
	return &l.shards[hash&uint64(len(l.shards)-1)], hash
}

// mix hashes a key.
func mix(key uint64, by [2]uint64) uint64 {
	hi, lo := bits.Mul64(key^by[0], by[1])
	h := hi ^ lo
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}
