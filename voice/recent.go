package voice

import (
	"sync"
	"time"
)

// recent remembers values for a while, up to a fixed number of them. What add puts there
// it remembers for the whole time: it is full rather than forgetful.
type recent[K comparable, V any] struct {
	mu    sync.Mutex
	keep  time.Duration
	limit int
	items map[K]V
	queue []dated[K] // in the order of insertion, so of expiry
}

type dated[K comparable] struct {
	key     K
	expires time.Time
}

func newRecent[K comparable, V any](keep time.Duration, limit int) *recent[K, V] {
	return &recent[K, V]{keep: keep, limit: limit, items: make(map[K]V)}
}

// added says what became of a value.
type added int

const (
	isNew   added = iota // it is remembered now
	isKnown              // its key was remembered already
	isFull               // there is no room
)

// add stores the value unless the key is known, in which case it returns the
// value that is there.
func (r *recent[K, V]) add(key K, value V, now time.Time) (V, added) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if old, ok := r.items[key]; ok {
		return old, isKnown
	}
	if len(r.items) >= r.limit {
		return value, isFull
	}
	r.items[key] = value
	r.queue = append(r.queue, dated[K]{key, now.Add(r.keep)})
	return value, isNew
}

// note stores what update makes of the value that is there, the zero value for a key
// that is not known, and returns that. Unlike add it forgets the oldest value where there
// is no room.
func (r *recent[K, V]) note(key K, now time.Time, update func(V) V) (old V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	old, known := r.items[key]
	if !known {
		if len(r.items) >= r.limit {
			delete(r.items, r.queue[0].key)
			r.queue = r.queue[1:]
		}
		r.queue = append(r.queue, dated[K]{key, now.Add(r.keep)})
	}
	r.items[key] = update(old)
	return old
}

// get returns the value of a key, the zero value if it is not known.
func (r *recent[K, V]) get(key K, now time.Time) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	return r.items[key]
}

// forget drops what has expired. The caller holds the lock.
func (r *recent[K, V]) forget(now time.Time) {
	n := 0
	for n < len(r.queue) && now.After(r.queue[n].expires) {
		delete(r.items, r.queue[n].key)
		n++
	}
	r.queue = r.queue[n:]
}
