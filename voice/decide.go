package voice

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/twiml"
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

// Parameters of the action's URL. The attestation and the query are present only in the
// first webhook of a call; back is the webhook of the host's to which the call returns.
// Twilio signs them with the rest of the URL.
const (
	verstat = "verstat"
	query   = "query"
	back    = "back"
)

// question is what a caller is asked, and what then.
type question struct {
	fraud.Question
	mount string
	back  string // the webhook that asked; "" is the inbound route
}

// answerTime is how long a caller may take to press the next digit.
const answerTime = 8 * time.Second

// ask answers with a question that the caller has to press digits for. The
// question travels in the action's URL, so that any instance can take the answer.
func (s *Server) ask(info Info, q question) answer {
	action := s.publicBase + q.mount + challengeRoute + q.Token
	first := make(url.Values)
	for name, value := range map[string]string{verstat: info.StirVerstat, query: info.Query, back: q.back} {
		if value != "" {
			first.Set(name, value)
		}
	}
	if len(first) > 0 {
		action += "?" + first.Encode()
	}
	return twiml.New(
		&twiml.Gather{
			Input:     []twiml.Input{twiml.InputDTMF},
			NumDigits: s.keys.Load().challenge.Digits(),
			Timeout:   answerTime,
			Action:    action,
			Verbs: []twiml.Audible{
				&twiml.Say{Text: "To be connected, please press the following digits: " + strings.Join(strings.Split(q.Digits, ""), ", ") + "."},
			},
		},
		&twiml.Hangup{},
	).AppendXML(nil)
}

// refuse answers with the host's refusal, or the policy's. Reject as the first verb costs
// nothing; speaking answers the call.
func (s *Server) refuse(ctx context.Context, info Info, d policy.Decision) answer {
	if s.config.Refusal != nil {
		if own := s.config.Refusal(ctx, info, d); own != nil {
			err := own.Validate()
			if err == nil {
				return own.AppendXML(nil)
			}
			s.config.Logger.Error("Refusal is not TwiML that Twilio takes", "call_sid", info.SID, "error", err)
		}
	}
	switch {
	case d.Message != "":
		return say(d.Message)
	case d.Busy:
		return twiml.New(&twiml.Reject{Reason: twiml.ReasonBusy}).AppendXML(nil)
	}
	return twiml.New(&twiml.Reject{}).AppendXML(nil)
}

// logRefusal writes the line that the runbook's queries look for.
func (s *Server) logRefusal(log *slog.Logger, info Info, d policy.Decision) {
	if d.Reason == policy.ReasonRateLimit {
		log.Warn("Rate limit exceeded from_number="+s.logNumber(info.From), "detail", d.Detail)
		return
	}
	log.Warn("Call refused from_number="+s.logNumber(info.From), "reason", d.Reason, "detail", d.Detail)
}

// refuseBusy answers a call before it costs anything.
func (s *Server) refuseBusy(info Info) answer {
	d := policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonCapacity, Busy: true, Detail: "every place of this server is taken, or it shuts down"}
	if lacks := s.spare.lacks(); lacks != "" {
		d.Detail = "the process is short of " + lacks
	}
	s.config.Trace.Decision(info, d)
	s.logRefusal(s.config.Logger.With("call_sid", info.SID, "account_sid", info.AccountSID), info, d)
	return twiml.New(&twiml.Reject{Reason: twiml.ReasonBusy}).AppendXML(nil)
}
