package main

import (
	"fmt"
	"regexp/syntax"
	"slices"
)

// machine reads a number digit by digit and knows whether what it has read can
// still become a number that matches the pattern as a whole. It is the subset
// construction over the compiled pattern, made as it is needed.
type machine struct {
	prog   *syntax.Prog
	states [][]uint32 // sets of instructions that wait for a digit, or have matched
	next   [][10]int
	index  map[string]int
}

func newMachine(pattern string) (*machine, error) {
	re, err := syntax.Parse("(?:"+pattern+")", syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, err
	}
	m := &machine{prog: prog, index: make(map[string]int)}
	m.state([]uint32{uint32(prog.Start)})
	return m, nil
}

func (m *machine) begin() int {
	if m == nil {
		return -1
	}
	return 0
}

// step returns the state after another digit; -1 if nothing can match any more.
func (m *machine) step(state, digit int) int {
	if m == nil || state < 0 {
		return -1
	}
	if next := m.next[state][digit]; next != 0 {
		return next
	}
	var to []uint32
	for _, pc := range m.states[state] {
		in := &m.prog.Inst[pc]
		if in.Op != syntax.InstMatch && in.MatchRune('0'+rune(digit)) {
			to = append(to, in.Out)
		}
	}
	next := -1
	if len(to) > 0 {
		next = m.state(to)
	}
	m.next[state][digit] = next
	return next
}

// state returns the number of the set of instructions reached from these without
// reading.
func (m *machine) state(from []uint32) int {
	var set []uint32
	seen := make(map[uint32]bool)
	var visit func(pc uint32)
	visit = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch in := &m.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(in.Out)
			visit(in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			visit(in.Out)
		case syntax.InstFail, syntax.InstEmptyWidth:
		default:
			set = append(set, pc)
		}
	}
	for _, pc := range from {
		visit(pc)
	}
	slices.Sort(set)
	key := fmt.Sprint(set)
	if i, ok := m.index[key]; ok {
		return i
	}
	m.index[key] = len(m.states)
	m.states = append(m.states, set)
	m.next = append(m.next, [10]int{})
	return len(m.states) - 1
}
