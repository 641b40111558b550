package policy

import (
	"context"
	"errors"
	"time"
)

// All asks the policies in order and returns the strictest answer. The first
// refusal ends the questions, and the policies that had allowed the call are
// told to forget it (see [Canceler]). A challenge does not end them: a later
// refusal still wins. All of nothing allows every call.
//
// Put what is cheap and certain first: lists, hours, limit, fraud, capacity.
func All(policies ...Policy) Policy { return all(policies) }

type all []Policy

func (a all) Decide(ctx context.Context, c Call) Decision {
	if c.At.IsZero() {
		c.At = time.Now() // once, so that Cancel finds what Decide counted
	}
	result := Decision{Verdict: Allow}
	for i, p := range a {
		d := p.Decide(ctx, c)
		if d.Verdict == Reject {
			for _, earlier := range a[:i] {
				Cancel(ctx, earlier, c)
			}
			return d
		}
		if d.Verdict < result.Verdict {
			result = d
		}
	}
	return result
}

func (a all) Release(callSID string) {
	for _, p := range a {
		Release(p, callSID)
	}
}

func (a all) Cancel(ctx context.Context, c Call) {
	for _, p := range a {
		Cancel(ctx, p, c)
	}
}

func (a all) Pass(ctx context.Context, c Call) {
	for _, p := range a {
		Pass(ctx, p, c)
	}
}

// Except asks p unless exempt reports true; exempt calls are allowed. An
// emergency line, for instance, is open at all hours and to every caller:
//
//	policy.Except(func(c policy.Call) bool { return emergency.Contains(c.To) }, hours)
//
// exempt must give the same answer for the same call.
func Except(exempt func(Call) bool, p Policy) Policy {
	var wrong error
	if exempt == nil {
		wrong = errors.New("policy: Except: exempt is nil")
	}
	return wrapped{p, wrong, func(ctx context.Context, c Call) Decision {
		if exempt(c) {
			return Decision{Verdict: Allow}
		}
		return p.Decide(ctx, c)
	}}
}

// Say has refused callers of p hear the text. See Decision.Message for the price.
func Say(text string, p Policy) Policy {
	return wrapped{p, nil, func(ctx context.Context, c Call) Decision {
		d := p.Decide(ctx, c)
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
	return wrapped{p, wrong, func(ctx context.Context, c Call) Decision {
		if d := p.Decide(ctx, c); !d.Allowed() {
			report(c, d)
		}
		return Decision{Verdict: Allow}
	}}
}

// wrapped decides by its own function and passes the rest on to the inner policy.
type wrapped struct {
	Policy
	wrong  error // what Validate tells
	decide func(context.Context, Call) Decision
}

func (w wrapped) Decide(ctx context.Context, c Call) Decision { return w.decide(ctx, c) }
func (w wrapped) Release(callSID string)                      { Release(w.Policy, callSID) }
func (w wrapped) Cancel(ctx context.Context, c Call)          { Cancel(ctx, w.Policy, c) }
func (w wrapped) Pass(ctx context.Context, c Call)            { Pass(ctx, w.Policy, c) }
