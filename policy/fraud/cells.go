package fraud

// cells is a table of fixed size that forgets: a key has four places, and a new one
// takes that of the key used longest ago. It has no pointers if V has none.
type cells[V any] struct{ sets [][ways]cell[V] }

const ways = 4

type cell[V any] struct {
	key  uint64  // 0 = unused
	used seconds // when last
	v    V
}

// newCells makes room for at least that many keys.
func newCells[V any](most int) cells[V] {
	n := 1
	for n*ways < most {
		n *= 2
	}
	return cells[V]{make([][ways]cell[V], n)}
}

func (c *cells[V]) set(key uint64) *[ways]cell[V] {
	return &c.sets[(key>>32^key>>1)&uint64(len(c.sets)-1)]
}

// find returns the key's value, or nil. Keys are hashes; the lowest bit does not
// count.
func (c *cells[V]) find(key uint64) *V {
	s := c.set(key)
	for i := range s {
		if s[i].key == key|1 {
			return &s[i].v
		}
	}
	return nil
}

// get returns the key's value, and whether it is new.
func (c *cells[V]) get(key uint64, now seconds) (v *V, fresh bool) {
	s := c.set(key)
	last := &s[0]
	for i := range s {
		at := &s[i]
		if at.key == key|1 {
			at.used = now
			return &at.v, false
		}
		if at.key == 0 {
			last = at
			break // places fill in order
		}
		if at.used < last.used {
			last = at
		}
	}
	*last = cell[V]{key: key | 1, used: now}
	return &last.v, true
}
