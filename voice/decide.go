package voice

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"agentos.dev/dialtone/policy"
)

// judge asks the policy about a call and returns the answer to one that is refused or
// challenged, and otherwise what admitted returns. lease is how long the call may take
// before its stream begins.
func (s *Server) judge(r *http.Request, info Info, lease time.Duration, q question, admitted func() answer) (reply answer) {
	log := s.config.Logger.With("call_sid", info.SID, "account_sid", info.AccountSID)
	fail := func(what string, attrs ...any) answer {
		logFailure(log, "call failed", info.SID, what, attrs...)
		s.finish(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: "failed"}, up, true)
		return say(apology)
	}
	defer func() {
		if p := recover(); p != nil {
			reply = fail("policy_panicked", "error", p, "stack", string(debug.Stack()))
		}
	}()
	// Another delivery may wait for this answer when this one's client has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), decideTimeout)
	defer cancel()
	call := info.Call
	call.Lease = lease
	a, inTime := s.askInTime(ctx, info, call, r.PostForm.Get("CallStatus"))
	decision := a.decision
	switch {
	case !inTime:
		return fail("policy_timed_out", "error", context.Cause(ctx))
	case a.panicked != nil:
		return fail("policy_panicked", "error", a.panicked, "stack", a.stack)
	}
	switch a.known {
	case isOver:
		return s.answerEnded(info)
	case isAdmitted:
		return admitted()
	}
	log = log.With("from", s.logNumber(info.From), "to", s.logNumber(info.To))
	if call.Outbound() {
		log.Info("Twilio outbound call to=" + s.logNumber(info.To))
	} else {
		log.Info("Twilio inbound call from=" + s.logNumber(info.From))
	}
	s.config.Trace.Decision(info, decision)
	switch decision.Verdict {
	case policy.Allow:
		return admitted()
	case policy.Challenge:
		log.Info("Call challenged", "reason", decision.Reason, "detail", decision.Detail)
		q.Question = s.keys.Load().challenge.Ask(info.SID)
		return s.ask(info, q)
	}
	s.logRefusal(log, info, decision)
	s.noteEnd(info, ending{how: refused})
	return s.refuse(ctx, info, decision)
}

// verdict is what a policy came to, and what other instances know of the call.
type verdict struct {
	decision policy.Decision
	known    standing
	panicked any // the policy
	stack    string
}

// policyGrace is how long a policy may take to return when its context has ended.
const policyGrace = 500 * time.Millisecond

// askInTime asks the policy, and reports whether it answered before ctx ended, or soon
// after. What one that does not heed its context counts and holds is given back when it
// has returned.
func (s *Server) askInTime(ctx context.Context, info Info, call policy.Call, status string) (verdict, bool) {
	answers := make(chan verdict)
	gone := make(chan struct{})
	defer close(gone)
	s.enter()
	go func() {
		defer s.exit()
		v := s.askContained(ctx, call, status)
		select {
		case answers <- v:
		case <-gone:
			s.recorded.Error("policy answered late: it does not heed its context", "call_sid", call.SID)
			s.giveBack(info, policy.Outcome{Kind: policy.OutcomeEnded, Duration: -1})
		}
	}()
	select {
	case v := <-answers:
		return v, true
	case <-ctx.Done():
	}
	late := time.NewTimer(policyGrace)
	defer late.Stop()
	select {
	case v := <-answers:
		return v, true
	case <-late.C:
		return verdict{}, false
	}
}

// askContained is askPolicy for a policy that may panic.
func (s *Server) askContained(ctx context.Context, call policy.Call, status string) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = verdict{panicked: p, stack: string(debug.Stack())}
		}
	}()
	v.decision, v.known = s.askPolicy(ctx, call, status)
	return v
}

// askPolicy asks the policy, and along with it what other instances know of the call.
func (s *Server) askPolicy(ctx context.Context, call policy.Call, status string) (policy.Decision, standing) {
	if s.admitted.get(idOf(call.SID), time.Now()) {
		if s.endedElsewhere(ctx, call.SID, status) {
			return policy.Decision{}, isOver
		}
		return policy.Decision{}, isAdmitted
	}
	p := s.config.Policy
	if p == nil {
		p = policy.All()
	}
	if !s.config.Store.Shared() {
		return p.Decide(ctx, call), isNewCall
	}
	known := &knownCall{server: s, status: status}
	decision := policy.All(known, p).Decide(ctx, call)
	return decision, known.standing
}
