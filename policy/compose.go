package policy

import (
	"context"
	"errors"
	"time"
)

// All asks the policies in order and returns the strictest answer. After the first
// refusal no policy is asked, and those that had allowed the call observe
// [OutcomeRefused]. A challenge does not end the questions: a later refusal still wins.
// All without policies allows every call. Neighbours whose state is in one shared [Store] ask it together, after
// those between them that keep nothing: lists and hours.
//
// Put what is cheap and certain first: lists, hours, limit, fraud, capacity.
func All(policies ...Policy) Policy {
	var a all
	for _, p := range policies {
		if inner, ok := p.(all); ok {
			a = append(a, inner...)
		} else {
			a = append(a, p)
		}
	}
	return a
}

type all []Policy

func (a all) Decide(ctx context.Context, c Call) Decision {
	if c.At.IsZero() {
		c.At = time.Now() // one time for all of them
	}
	result := Decision{Verdict: Allow}
	for i := 0; i < len(a); {
		d, n := Decision{}, 1
		if s := sharedStore(a[i]); s == nil {
			d = a[i].Decide(ctx, c)
		} else {
			d, n = decideRun(ctx, s, a[i:a.together(i, s)], c)
		}
		if d.Verdict == Reject {
			if i > 0 {
				Tell(ctx, Outcome{Kind: OutcomeRefused}, a[:i], nil, c)
			}
			return d
		}
		if d.Verdict < result.Verdict {
			result = d
		}
		i += n
	}
	return result
}

// together returns the end of the policies from i on that ask one store.
func (a all) together(i int, s *Store) (end int) {
	for ; i < len(a) && (sharedStore(a[i]) == s || keepsNothing(a[i])); i++ {
		if sharedStore(a[i]) == s {
			end = i + 1
		}
	}
	return end
}

// Unwrap returns the policies.
func (a all) Unwrap() []Policy { return a }

// Except asks p unless exempt reports true; exempt calls are allowed. An
// emergency line, for instance, is open at all hours and to every caller:
//
//	policy.Except(func(c policy.Call) bool { return emergency.Contains(c.To) }, hours)
//
// exempt must give the same answer for the same call.
func Except(exempt func(Call) bool, p Policy) Policy {
	w := wrapped{Policy: p, exempt: exempt}
	if exempt == nil {
		w.wrong = errors.New("policy: Except: exempt is nil")
	}
	return w
}

// Say speaks the text to callers that p refuses. See Decision.Message for the price.
func Say(text string, p Policy) Policy {
	return wrapped{Policy: p, amend: func(_ Call, d Decision) Decision {
		if d.Verdict == Reject {
			d.Message = text
		}
		return d
	}}
}

// Shadow lets p decide and count but enforces nothing: every call is allowed,
// and report gets the decisions that would not have allowed it. It is how a new
// rule is tried on real traffic.
func Shadow(p Policy, report func(Call, Decision)) Policy {
	var wrong error
	if report == nil {
		wrong = errors.New("policy: Shadow: report is nil")
	}
	return wrapped{Policy: p, wrong: wrong, amend: func(c Call, d Decision) Decision {
		if !d.Allowed() {
			report(c, d)
		}
		return Decision{Verdict: Allow}
	}}
}

// wrapped is a policy of which some calls are exempt, or whose decisions are amended. It
// asks the store as that policy does.
type wrapped struct {
	Policy
	exempt func(Call) bool               // nil: none
	amend  func(Call, Decision) Decision // nil: not at all
	wrong  error                         // what Validate returns
}

func (w wrapped) Decide(ctx context.Context, c Call) Decision {
	if w.exempt != nil && w.exempt(c) {
		return Decision{Verdict: Allow}
	}
	return w.amended(c, w.Policy.Decide(ctx, c))
}

func (w wrapped) amended(c Call, d Decision) Decision {
	if w.amend == nil {
		return d
	}
	return w.amend(c, d)
}

// Unwrap returns the inner policy: it hears the outcomes of calls too.
func (w wrapped) Unwrap() []Policy { return []Policy{w.Policy} }

func (w wrapped) Store() *Store {
	if stored, ok := w.Policy.(Stored); ok {
		return stored.Store()
	}
	return nil
}

func (w wrapped) Ask(c Call, ops []Op) []Op {
	if w.exempt != nil && w.exempt(c) {
		return ops
	}
	return w.Policy.(Stored).Ask(c, ops)
}

func (w wrapped) Judge(c Call, answers []Op) Decision {
	if w.exempt != nil && w.exempt(c) {
		return Decision{Verdict: Allow}
	}
	return w.amended(c, w.Policy.(Stored).Judge(c, answers))
}
