package policy

import (
	"iter"
)

// Numbers is a set of callers: whole numbers and addresses, prefixes, and hosts. It
// does not change; reading it is safe for concurrent use. A nil or zero Numbers is
// empty.
type Numbers struct{ rules rules }

// NewNumbers makes a set of entries as [ParseNumbers] describes them.
func NewNumbers(entries ...string) (*Numbers, error) {
	n := new(Numbers)
	var errs mistakes
	for _, e := range entries {
		errs.add(n.rules.add(e, 1))
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	n.rules.sort()
	return n, nil
}

// Contains reports whether the set has the number or address, a prefix of it, or the
// host of the SIP address. It normalises number as [Call.Caller] normalises From.
func (n *Numbers) Contains(number string) bool {
	if n == nil {
		return false
	}
	i := identify(number)
	_, how := n.rules.find(&i)
	return how != matchNone
}

// Len returns the number of entries.
func (n *Numbers) Len() int {
	if n == nil {
		return 0
	}
	return n.rules.len
}

// All yields the entries in the form that [NewNumbers] takes, in no particular order.
func (n *Numbers) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		if n == nil {
			return
		}
		for caller := range n.rules.exact {
			if !yield(caller) {
				return
			}
		}
		for host := range n.rules.hosts {
			if !yield(hostEntry + host) {
				return
			}
		}
		for prefix := range n.rules.prefixes {
			if !yield(prefix + "*") {
				return
			}
		}
		if len(n.rules.digits) > 0 {
			n.rules.walk(0, "+", yield)
		}
	}
}
