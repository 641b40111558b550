package policy

import (
	"hash/maphash"
	"math"
	"strings"
)

// Tally is one of the counts that a call must find room in.
type Tally struct {
	Key   string // whose: an [Identity] as its String says, or "sip:*@host"
	Limit int    // calls in a window
}

// Tallies returns the counts that a call must find room in, for limits that keep them
// elsewhere: that of its SIP host, if it has one, and that of its caller. A call that
// is not limited has none.
func (l *CallerLimit) Tallies(c Call) []Tally {
	if c.Placed() {
		return nil
	}
	var i Identity
	limit, hosted := l.judge(&c, &i)
	if limit < 0 {
		return nil
	}
	of := []Tally{{i.String(), limit}}
	if hosted {
		if host := l.rules.Load().host(i.Host); host >= 0 {
			of = []Tally{{hostEntry + i.Host, host}, of[0]}
		}
	}
	return of
}

// tallies are the same counts as the tables know them.
type tallies struct {
	key, host        uint64 // host is 0 if no host counts
	limit, hostLimit int
}

func (l *CallerLimit) tallies(c *Call) (of tallies) {
	var i Identity
	var hosted bool
	of.limit, hosted = l.judge(c, &i)
	of.key = l.keyOf(&i)
	if hosted && of.limit >= 0 {
		if of.hostLimit = l.rules.Load().host(i.Host); of.hostLimit >= 0 {
			of.host = l.hostKey(i.Host)
		}
	}
	return of
}

// judge sets i to whose call it is, and returns the limit of that and whether it counts
// at its host.
func (l *CallerLimit) judge(c *Call, i *Identity) (limit int, hosted bool) {
	if l.key != nil {
		i.read(l.key(*c))
		limit, _ = l.rules.Load().limit(i)
		return limit, false
	}
	i.read(c.From)
	i.attest(c)
	if l.attested != nil && i.number != 0 {
		switch attested := l.attested(*c); {
		case attested:
			i.Standing = Attested
		case i.Standing == Attested:
			i.Standing = Unattested
		}
	}
	limit, how := l.rules.Load().limit(i)
	return limit, i.Host != "" && how != matchExact
}

// limitRules are the limits in force.
type limitRules struct {
	fallback int
	factor   int // of hosts; < 0: no limit
	rules    rules
}

func newLimitRules(l Limits) *limitRules {
	if l.HostFactor == 0 {
		l.HostFactor = DefaultHostFactor
	}
	return &limitRules{fallback: l.Default, factor: l.HostFactor}
}

// limit returns a caller's limit and how it was found.
func (l *limitRules) limit(i *Identity) (int, match) {
	if l.rules.len != 0 {
		if v, how := l.rules.find(i); how != matchNone {
			return v, how
		}
	}
	return l.fallback, matchNone
}

// host returns the limit of all callers of a host together.
func (l *limitRules) host(host string) int {
	if v, ok := l.rules.hosts[host]; ok {
		return v
	}
	limit := l.fallback
	if v, ok := l.rules.prefixes["sip:"]; ok {
		limit = v
	}
	switch {
	case limit < 0 || l.factor < 0:
		return Unlimited
	case limit > math.MaxInt/l.factor:
		return math.MaxInt
	}
	return limit * l.factor
}

// hostOf returns the host of an entry for all its users.
func hostOf(entry string) (host string, ok bool) {
	host, ok = strings.CutPrefix(strings.ToLower(entry), hostEntry)
	return bareHost(host), ok
}

// keyOf returns the number that a caller is, marked by its standing, or a hash of
// anything else. Numbers have 50 bits.
func (l *CallerLimit) keyOf(i *Identity) uint64 {
	if i.number != 0 {
		return i.number | uint64(i.Standing)<<60
	}
	return maphash.String(l.seed, i.Caller) | 1<<63
}

// hostKey returns the key of a host's count, which no caller has.
func (l *CallerLimit) hostKey(host string) uint64 {
	return ^maphash.String(l.seed, host) | 1<<63
}

// hostSID returns what a call is known by in its host's count, which may be in the
// same shard as its caller's.
func hostSID(sid uint64) uint64 {
	if sid == 0 {
		return 0
	}
	return ^sid | 1
}
