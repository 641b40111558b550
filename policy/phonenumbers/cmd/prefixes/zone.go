package main

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxDepth is how many digits after the country code are told apart. Where a range
// is still mixed there, its most expensive class counts for all of it.
const maxDepth = 6

// classes in the order of what they may cost; an index into plan.machines.
var classes = []string{"premium", "satellite", "personal", "shared-cost", "ordinary"}

// plan is one country's numbering plan: for each class a machine for its numbers.
type plan struct {
	country  string
	main     bool
	leading  *machine // numbers of the country, where several share a code; or nil
	machines [5]*machine
}

func newPlan(m *phonenumbers.PhoneMetadata) (*plan, error) {
	p := &plan{country: m.GetId(), main: m.GetMainCountryForCode()}
	ordinary := []*phonenumbers.PhoneNumberDesc{m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail()}
	patterns := [5][]*phonenumbers.PhoneNumberDesc{
		{m.GetPremiumRate()}, nil, {m.GetPersonalNumber()}, {m.GetSharedCost()}, ordinary,
	}
	if p.country == "001" && m.GetCountryCode() >= 870 && m.GetCountryCode() <= 888 && m.GetCountryCode() != 878 {
		patterns[1], patterns[4] = ordinary, nil
	}
	for i, descs := range patterns {
		var alternatives []string
		for _, d := range descs {
			if re := d.GetNationalNumberPattern(); re != "" && re != "NA" {
				alternatives = append(alternatives, re)
			}
		}
		if len(alternatives) == 0 {
			continue
		}
		var err error
		if p.machines[i], err = newMachine(strings.Join(alternatives, "|")); err != nil {
			return nil, err
		}
	}
	if l := m.GetLeadingDigits(); l != "" {
		var err error
		p.leading, err = newMachine("(?:" + l + `)\d*`)
		return p, err
	}
	return p, nil
}

// zone is a country code with the plans of all countries that share it.
type zone struct {
	plans []*plan
	rules *rules
	memo  map[string]tree
	// unknownDepth is how many digits after the country code are told apart to find
	// ranges that no plan has a use for. Deeper ones stay with their neighbours.
	unknownDepth int
}

// states are those of all machines of a zone, plan by plan: the leading digits,
// then the classes. -1 is a machine that is not there or can match no more.
type states []int

func (z *zone) start() states {
	var s states
	for _, p := range z.plans {
		s = append(s, p.leading.begin())
		for _, m := range p.machines {
			s = append(s, m.begin())
		}
	}
	return s
}

func (z *zone) step(s states, digit int) states {
	next := make(states, len(s))
	for i, p := range z.plans {
		at := i * (len(classes) + 1)
		next[at] = p.leading.step(s[at], digit)
		for j, m := range p.machines {
			next[at+1+j] = m.step(s[at+1+j], digit)
		}
		if p.leading != nil && next[at] < 0 { // not this country's number
			for j := range p.machines {
				next[at+1+j] = -1
			}
		}
	}
	return next
}

// tree holds the labels of a prefix and those of the ten longer ones, unless all
// have the same.
type tree struct {
	label    label
	children *[10]tree
}

// build labels all numbers of which the machines have read depth digits.
func (z *zone) build(s states, depth int) tree {
	key := fmt.Sprint(depth, s)
	if t, ok := z.memo[key]; ok {
		return t
	}
	t := z.label(s, depth)
	if t.children != nil {
		for d := range 10 {
			t.children[d] = z.build(z.step(s, d), depth+1)
		}
		t = t.simplify()
	}
	z.memo[key] = t
	return t
}

// label returns the only label that numbers in these states can have; or, with
// room for children, the one that counts if there is not only one.
func (z *zone) label(s states, depth int) tree {
	seen := make(map[label]bool)
	var worst label
	rank := len(classes)
	for i, p := range z.plans {
		for j, class := range classes {
			if s[i*(len(classes)+1)+1+j] < 0 {
				continue
			}
			l := label{p.country, z.rules.classOf(p.country, class)}
			seen[l] = true
			if j < rank {
				worst, rank = l, j
			}
		}
	}
	if len(seen) == 0 {
		return tree{label: label{z.plans[0].country, "unknown"}}
	}
	// A prefix with one label may still have longer ones that nobody uses.
	if depth < z.unknownDepth || len(seen) > 1 && depth < maxDepth {
		return tree{worst, new([10]tree)}
	}
	return tree{label: worst}
}

// simplify drops children that all say the same, and takes the commonest label of
// them for its own.
func (t tree) simplify() tree {
	count := make(map[label]int)
	leaves := true
	for _, c := range t.children {
		count[c.label]++
		leaves = leaves && c.children == nil
	}
	best := t.children[0].label
	for _, c := range t.children { // in the order of digits, so that ties do not vary
		if count[c.label] > count[best] {
			best = c.label
		}
	}
	if leaves && len(count) == 1 {
		return tree{label: best}
	}
	return tree{best, t.children}
}

// emit writes the labels that differ from that of the shorter prefix.
func (t tree) emit(prefix string, inherited label, into map[string]label) {
	if t.label != inherited {
		into[prefix] = t.label
	}
	if t.children != nil {
		for d, c := range t.children {
			c.emit(fmt.Sprint(prefix, d), t.label, into)
		}
	}
}
