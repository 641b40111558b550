package policy

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Numbers is a set of callers: whole numbers and prefixes. It does not change;
// reading it is safe for concurrent use. A nil Numbers is empty.
type Numbers struct{ rules rules }

// ParseNumbers reads a list of entries separated by commas, white space or line
// ends. An entry is
//
//	+14155550100    a number in E.164
//	+1900*          all numbers with this prefix
//	anonymous       callers who withheld their number
//	client:alice    another address, as Call.Caller returns it
//	sip:*           all addresses with this prefix
//
// What follows a # is a comment up to the end of the line. All mistakes are
// returned at once, each naming its entry.
func ParseNumbers(list string) (*Numbers, error) {
	var entries []string
	for line := range strings.Lines(list) {
		line, _, _ = strings.Cut(line, "#")
		entries = append(entries, strings.FieldsFunc(line, func(r rune) bool {
			return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n'
		})...)
	}
	return NewNumbers(entries...)
}

// NewNumbers makes a set of entries as [ParseNumbers] describes them.
func NewNumbers(entries ...string) (*Numbers, error) {
	n := new(Numbers)
	var errs []error
	for _, e := range entries {
		if err := n.rules.add(e, 1); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return n, nil
}

// Contains reports whether the number or address, or a prefix of it, is in the set.
func (n *Numbers) Contains(number string) bool {
	if n == nil {
		return false
	}
	_, how := n.rules.find(callerOf(number))
	return how != matchNone
}

// Len returns the number of entries.
func (n *Numbers) Len() int {
	if n == nil {
		return 0
	}
	return n.rules.len
}

// All yields the entries, as [NewNumbers] takes them, in no particular order.
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
		for _, t := range n.rules.text {
			if !yield(t.prefix + "*") {
				return
			}
		}
		if len(n.rules.digits) > 0 {
			n.rules.walk(0, "+", yield)
		}
	}
}

// rules maps callers to values by the most specific rule: the exact caller, else
// the longest prefix.
type rules struct {
	exact  map[string]int
	digits []digitNode // trie over the digits after the plus sign; [0] is the root
	text   []textRule
	len    int
}

type digitNode struct {
	next  [10]uint32 // index into digits; 0 = none
	value int
	set   bool
}

type textRule struct {
	prefix string
	value  int
}

type match uint8

const (
	matchNone match = iota
	matchPrefix
	matchExact
)

// add adds one entry; a later entry replaces an earlier one of the same text.
func (r *rules) add(entry string, value int) error {
	prefix, isPrefix := strings.CutSuffix(entry, "*")
	switch {
	case entry == "":
		return errors.New("policy: empty entry in a list of numbers")
	case isPrefix && strings.HasPrefix(prefix, "+"):
		if err := r.addDigits(prefix[1:], value); err != nil {
			return fmt.Errorf("policy: %q: %w", entry, err)
		}
	case isPrefix:
		if !strings.Contains(prefix, ":") {
			return fmt.Errorf("policy: %q: want a prefix such as +1900* or sip:*", entry)
		}
		rule := textRule{strings.ToLower(prefix), value}
		if i := slices.IndexFunc(r.text, func(t textRule) bool { return t.prefix == rule.prefix }); i >= 0 {
			r.text[i] = rule
			return nil
		}
		r.text = append(r.text, rule)
	default:
		caller := callerOf(entry)
		if !IsE164(entry) && entry != AnonymousCaller && !strings.Contains(entry, ":") {
			return fmt.Errorf("policy: %q is no number: want + and 7 to 15 digits (E.164)", entry)
		}
		if r.exact == nil {
			r.exact = make(map[string]int)
		}
		if _, known := r.exact[caller]; known {
			r.len--
		}
		r.exact[strings.Clone(caller)] = value
	}
	r.len++
	return nil
}

func (r *rules) addDigits(digits string, value int) error {
	if digits == "" || digits[0] == '0' || len(digits) > 15 {
		return errors.New("want 1 to 15 digits, the first not zero, after the plus sign")
	}
	if r.digits == nil {
		r.digits = make([]digitNode, 1)
	}
	at := uint32(0)
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return errors.New("want only digits between + and *")
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
		r.len--
	}
	r.digits[at].value, r.digits[at].set = value, true
	return nil
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
func (r *rules) find(caller string) (value int, how match) {
	if r.len == 0 {
		return 0, matchNone
	}
	if v, ok := r.exact[caller]; ok {
		return v, matchExact
	}
	if caller != "" && caller[0] == '+' {
		if len(r.digits) == 0 {
			return 0, matchNone
		}
		at := uint32(0)
		for i := 1; i < len(caller); i++ {
			d := caller[i] - '0'
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
	longest := -1
	for _, t := range r.text {
		if len(t.prefix) > longest && strings.HasPrefix(caller, t.prefix) {
			value, how, longest = t.value, matchPrefix, len(t.prefix)
		}
	}
	return value, how
}
