package policy

import "context"

// Stored is a [Policy] whose state is in a [Store]: it says what to ask the store and
// decides by the answers, so that [All] asks for several of them at once. Its Decide is
// [DecideStored]. As an [Observer] it sends its operations with [Store.Send], and must
// bear the same outcome twice.
type Stored interface {
	Policy

	// Store returns where the state is; nil if there is none for this policy.
	Store() *Store

	// Ask appends what to ask about a call. An operation that holds what is scarce for a
	// call, with [OpHold] and a Limit, is asked after all earlier policies have allowed the call.
	Ask(c Call, ops []Op) []Op

	// Judge decides by the answers to what Ask appended for the call. When it refuses, and
	// something was counted or held, the policy observes [OutcomeRefused].
	Judge(c Call, answers []Op) Decision
}

// batch are operations that are used again.
type batch struct{ ops []Op }

func (s *Store) batch() *batch {
	if b, ok := s.batches.Get().(*batch); ok {
		return b
	}
	return new(batch)
}

func (s *Store) recycle(b *batch, ops []Op) {
	clear(ops)
	b.ops = ops[:0]
	s.batches.Put(b)
}

// DecideStored asks the store and lets p judge the answers.
func DecideStored(ctx context.Context, p Stored, c Call) Decision {
	s := p.Store()
	b := s.batch()
	ops := p.Ask(c, b.ops)
	if len(ops) > 0 {
		s.Do(ctx, ops)
	}
	d := p.Judge(c, ops)
	if d.Verdict == Reject && took(ops) {
		Tell(ctx, Outcome{Kind: OutcomeRefused}, p, nil, c)
	}
	s.recycle(b, ops)
	return d
}

// took reports whether anything was counted or held.
func took(ops []Op) bool {
	for i := range ops {
		if ops[i].OK && ops[i].Kind != OpRead {
			return true
		}
	}
	return false
}

// decideRun asks the policies of a run at once, and returns the strictest answer and how
// many of them it asked. Those that are not of the store are asked before it: a call that
// one of them refuses costs no question.
func decideRun(ctx context.Context, s *Store, run []Policy, c Call) (result Decision, asked int) {
	b := s.batch()
	ops, ends := b.ops, make([]int, 0, len(run))
	decisions := make([]Decision, len(run))
	for i, p := range run {
		if sharedStore(p) != s {
			if decisions[i] = p.Decide(ctx, c); decisions[i].Verdict == Reject {
				s.recycle(b, ops)
				return decisions[i], i + 1
			}
			ends = append(ends, len(ops))
			continue
		}
		begin := len(ops)
		if ops = p.(Stored).Ask(c, ops); begin > 0 && scarce(ops[begin:]) {
			clear(ops[begin:])
			ops = ops[:begin]
			break
		}
		ends = append(ends, len(ops))
	}
	s.Do(ctx, ops)
	result = Decision{Verdict: Allow}
	begin := 0
	for i, end := range ends {
		if sharedStore(run[i]) == s {
			decisions[i] = run[i].(Stored).Judge(c, ops[begin:end])
		}
		if decisions[i].Verdict < result.Verdict {
			result = decisions[i]
		}
		if begin = end; result.Verdict == Reject {
			break
		}
	}
	if result.Verdict == Reject && took(ops) {
		Tell(ctx, Outcome{Kind: OutcomeRefused}, all(run[:len(ends)]), nil, c)
	}
	s.recycle(b, ops)
	return result, len(ends)
}

func scarce(ops []Op) bool {
	for i := range ops {
		if ops[i].Kind == OpHold && ops[i].Limit >= 0 {
			return true
		}
	}
	return false
}

// sharedStore returns the store of a policy whose questions can go along with others.
func sharedStore(p Policy) *Store {
	if stored, ok := p.(Stored); ok {
		if s := stored.Store(); s.Shared() {
			return s
		}
	}
	return nil
}

// keepsNothing reports whether a policy decides by the call alone, so that it can be asked
// before others.
func keepsNothing(p Policy) bool {
	if w, ok := p.(wrapped); ok {
		return keepsNothing(w.Policy)
	}
	_, observes := p.(Observer)
	_, stored := p.(Stored)
	_, outer := p.(interface{ Unwrap() []Policy })
	return !observes && !stored && !outer
}
