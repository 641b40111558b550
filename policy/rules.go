package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rules maps callers to values by the most specific rule: the whole caller, else the
// host of a SIP address, else the longest prefix. Rules are added, then sorted, then
// searched; a search does not go through them.
type rules struct {
	exact    map[string]int
	hosts    map[string]int
	digits   []digitNode    // trie over the digits after the plus sign; [0] is the root
	prefixes map[string]int // of addresses
	sorted   []prefixRule   // the prefixes, for searching
	len      int
}

type digitNode struct {
	next  [10]uint32 // index into digits; 0 = none
	value int
	set   bool
}

// prefixRule is one prefix in the order of all of them.
type prefixRule struct {
	prefix string
	value  int
	within int // index of the longest other prefix that this one begins with; -1 = none
}

type match uint8

const (
	matchNone match = iota
	matchPrefix
	matchHost
	matchExact
)

// hostEntry begins an entry for all users of a SIP host.
const hostEntry = "sip:*@"

// add adds one entry. The same entry again changes nothing, unless its value differs.
func (r *rules) add(entry string, value int) error {
	entry = strings.TrimSpace(Visible(entry))
	if len(entry) > maxAddress {
		return fmt.Errorf("policy: %q... is longer than %d bytes", entry[:40], maxAddress)
	}
	lower := strings.ToLower(entry)
	if rest, ok := strings.CutPrefix(lower, "sips:"); ok {
		lower = "sip:" + rest
	}
	if host, ok := strings.CutPrefix(lower, hostEntry); ok {
		return r.addHost(entry, host, value)
	}
	switch prefix, isPrefix := strings.CutSuffix(lower, "*"); {
	case entry == "":
		return errors.New("policy: empty entry in a list of numbers")
	case isPrefix && strings.HasPrefix(prefix, "+"):
		return r.addDigits(entry, prefix[1:], value)
	case isPrefix:
		return r.addPrefix(entry, prefix, value)
	}
	return r.addWhole(entry, identify(entry), value)
}

// addWhole adds one caller.
func (r *rules) addWhole(entry string, i Identity, value int) error {
	key := i.Caller
	switch {
	case i.number != 0 && !IsE164(entry) && !strings.Contains(entry, ":"):
		return fmt.Errorf("policy: %q: write %s, without anything between the digits", entry, key)
	case i.number != 0, IsE164(entry), strings.EqualFold(entry, anonymousCaller):
	case !strings.Contains(i.address, ":") || strings.HasSuffix(i.address, "*"):
		return fmt.Errorf("policy: %q is not a number: want + and 7 to 15 digits (E.164)", entry)
	case key == anonymousCaller:
		key = i.address
	}
	return r.put(&r.exact, entry, key, value)
}

func (r *rules) addHost(entry, host string, value int) error {
	bare := bareHost(decode(host))
	if bare == "" || strings.Contains(bare, "*") || !strings.HasPrefix(host, "[") && bare != strings.TrimRight(decode(host), ".") {
		return fmt.Errorf("policy: %q: want a whole host, without port and parameters, behind %s", entry, hostEntry)
	}
	return r.put(&r.hosts, entry, bare, value)
}

// addPrefix adds a prefix of addresses. It must be one that their shortest form can
// have, or it would match nobody.
func (r *rules) addPrefix(entry, prefix string, value int) error {
	scheme, rest, ok := strings.Cut(prefix, ":")
	if !ok || scheme == "" {
		return fmt.Errorf("policy: %q: want a prefix such as +1900* or sip:*", entry)
	}
	switch scheme {
	case "sip":
		user, host, ok := strings.Cut(rest, "@")
		if strings.ContainsAny(user, ":;<> ") || ok && !strings.HasPrefix(host, "[") && strings.ContainsAny(host, ":;?<> ") {
			return fmt.Errorf("policy: %q: a SIP address is compared without password, port, parameters and headers", entry)
		}
	case "tel":
		if digits, ok := strings.CutPrefix(rest, "+"); ok {
			return r.addDigits(entry, digits, value)
		}
	}
	return r.put(&r.prefixes, entry, prefix, value)
}

// put sets the value of a key in one of the maps.
func (r *rules) put(in *map[string]int, entry, key string, value int) error {
	if *in == nil {
		*in = make(map[string]int)
	}
	if have, known := (*in)[key]; known {
		return sameValue(entry, have, value)
	}
	(*in)[strings.Clone(key)] = value
	r.len++
	return nil
}

func sameValue(entry string, have, value int) error {
	if have != value {
		return fmt.Errorf("policy: %q has the limit %d, and %d in another spelling", entry, value, have)
	}
	return nil
}

func (r *rules) addDigits(entry, digits string, value int) error {
	if digits == "" || digits[0] == '0' || len(digits) > 15 {
		return fmt.Errorf("policy: %q: want 1 to 15 digits, the first not zero, after the plus sign", entry)
	}
	if r.digits == nil {
		r.digits = make([]digitNode, 1)
	}
	at := uint32(0)
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return fmt.Errorf("policy: %q: want only digits between + and *", entry)
		}
		next := r.digits[at].next[d]
		if next == 0 {
			next = uint32(len(r.digits))
			r.digits = append(r.digits, digitNode{})
			r.digits[at].next[d] = next
		}
		at = next
	}
	if r.digits[at].set {
		return sameValue(entry, r.digits[at].value, value)
	}
	r.digits[at].value, r.digits[at].set = value, true
	r.len++
	return nil
}

// sort makes the prefixes ready to be searched.
func (r *rules) sort() {
	r.sorted = make([]prefixRule, 0, len(r.prefixes))
	for prefix, value := range r.prefixes {
		r.sorted = append(r.sorted, prefixRule{prefix, value, -1})
	}
	slices.SortFunc(r.sorted, func(a, b prefixRule) int { return strings.Compare(a.prefix, b.prefix) })
	for i := range r.sorted {
		within := i - 1 // what this one begins with is the one before, or what that is within
		for within >= 0 && !strings.HasPrefix(r.sorted[i].prefix, r.sorted[within].prefix) {
			within = r.sorted[within].within
		}
		r.sorted[i].within = within
	}
}

// walk yields the prefixes at and below a node of the trie.
func (r *rules) walk(at uint32, prefix string, yield func(string) bool) bool {
	node := r.digits[at]
	if node.set && !yield(prefix+"*") {
		return false
	}
	for digit, next := range node.next {
		if next != 0 && !r.walk(next, prefix+string(rune('0'+digit)), yield) {
			return false
		}
	}
	return true
}

// find returns the value of the most specific rule for a caller.
func (r *rules) find(i *Identity) (value int, how match) {
	if r.len == 0 {
		return 0, matchNone
	}
	if v, ok := r.exact[i.Caller]; ok {
		return v, matchExact
	}
	if i.Caller != "" && i.Caller[0] == '+' {
		return r.findDigits(i.Caller)
	}
	if i.address != i.Caller {
		if v, ok := r.exact[i.address]; ok {
			return v, matchExact
		}
	}
	if i.Host != "" {
		if v, ok := r.hosts[i.Host]; ok {
			return v, matchHost
		}
	}
	return r.findPrefix(i.address)
}

func (r *rules) findDigits(number string) (value int, how match) {
	if len(r.digits) == 0 {
		return 0, matchNone
	}
	at := uint32(0)
	for i := 1; i < len(number); i++ {
		d := number[i] - '0'
		if d > 9 {
			break
		}
		if at = r.digits[at].next[d]; at == 0 {
			break
		}
		if n := &r.digits[at]; n.set {
			value, how = n.value, matchPrefix
		}
	}
	return value, how
}

// findPrefix returns the value of the longest prefix. Sorted, all prefixes of an
// address stand before it, and the last rule before it is one of them or begins with
// all of them.
func (r *rules) findPrefix(address string) (value int, how match) {
	if len(r.sorted) == 0 {
		return 0, matchNone
	}
	at, equal := slices.BinarySearchFunc(r.sorted, address, func(p prefixRule, address string) int { return strings.Compare(p.prefix, address) })
	if !equal {
		at--
	}
	for at >= 0 && !strings.HasPrefix(address, r.sorted[at].prefix) {
		at = r.sorted[at].within
	}
	if at < 0 {
		return 0, matchNone
	}
	return r.sorted[at].value, matchPrefix
}
