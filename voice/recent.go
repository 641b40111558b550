package voice

import (
	"sync"
	"time"
)

// recent remembers values for a while, up to a fixed number of them. It is full
// rather than forgetful: what it remembers, it remembers for the whole time.
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

// add stores the value unless the key is there. It reports whether it stored it;
// when it did not, it returns the value that is there, or the zero value when
// there is no room.
func (r *recent[K, V]) add(key K, value V, now time.Time) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if old, ok := r.items[key]; ok {
		return old, false
	}
	if len(r.items) >= r.limit {
		var none V
		return none, false
	}
	r.items[key] = value
	r.queue = append(r.queue, dated[K]{key, now.Add(r.keep)})
	return value, true
}

// get returns the value stored under key.
func (r *recent[K, V]) get(key K, now time.Time) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	value, ok := r.items[key]
	return value, ok
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
