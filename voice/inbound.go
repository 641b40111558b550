package voice

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
)

// answer is the TwiML that a webhook was answered with.
type answer []byte

// apology is spoken when the server itself is at fault, because Twilio would
// read out an error page or play "an application error has occurred".
const apology = "We are sorry. This call cannot be taken right now. Please call again later."

// decideTimeout leaves time to answer within the 15 s that Twilio waits.
const decideTimeout = 10 * time.Second

// serveInbound answers the webhook of a new call. The signature has been
// verified and r.PostForm is what was signed.
func (s *Server) serveInbound(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok || s.refuseEnded(w, r, info) {
		return
	}
	if info.Query = r.URL.RawQuery; len(info.Query) > maxQuery {
		s.recorded.Warn("query of the webhook's URL is too long for the handler to be told", "call_sid", info.SID, "length", len(info.Query))
		info.Query = ""
	}
	key := info.SID + "?" + info.Query
	if status := r.PostForm.Get("CallStatus"); s.answers.get(key, time.Now()) != nil && s.endedElsewhere(r.Context(), info.SID, status) {
		s.reply(w, s.answerEnded(info)) // not the answer that it got when it was up
		return
	}
	s.reply(w, s.once(r.Context(), key, func() answer {
		if s.finished.get(idOf(info.SID), time.Now()).how == refused { // longer ago than Twilio tries again
			return hangUp()
		}
		return s.decide(r, info)
	}))
}

// pendingAnswer is an answer that is being made, or has been.
type pendingAnswer struct {
	made  chan struct{}
	reply answer // valid once made is closed
}

// once makes the answer to a webhook. Another delivery of the same webhook, as
// its key tells, gets the same answer, without asking anybody again.
func (s *Server) once(ctx context.Context, key string, decide func() answer) answer {
	mine := &pendingAnswer{made: make(chan struct{})}
	first, added := s.answers.add(key, mine, time.Now())
	if added == isKnown {
		select {
		case <-first.made:
			return first.reply
		case <-ctx.Done():
			return say(apology)
		}
	}
	defer close(mine.made)
	mine.reply = decide()
	return mine.reply
}

// decide asks the policy and turns its decision into TwiML.
func (s *Server) decide(r *http.Request, info Info) answer {
	mount := s.mountOf(r, inboundRoute)
	return s.judge(r, info, 0, question{mount: mount}, func() answer { return s.connect(info, mount) })
}

// judge asks the policy about a call and returns the answer to one that is refused or
// challenged, and otherwise what admitted returns. lease is how long the call may take
// before its stream begins.
func (s *Server) judge(r *http.Request, info Info, lease time.Duration, q question, admitted func() answer) (reply answer) {
	log := s.config.Logger.With("call_sid", info.SID, "account_sid", info.AccountSID)
	defer func() {
		if p := recover(); p != nil {
			logFailure(log, "call failed", info.SID, "policy_panicked", "error", p, "stack", string(debug.Stack()))
			s.finish(info, policy.Outcome{Kind: policy.Ended, Status: "failed"}, up, true)
			reply = say(apology)
		}
	}()
	// Another delivery may wait for this answer when this one's client has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), decideTimeout)
	defer cancel()
	call := info.policyCall()
	call.Lease = lease
	decision, known := s.askPolicy(ctx, call, r.PostForm.Get("CallStatus"))
	switch known {
	case isOver:
		return s.answerEnded(info)
	case isAdmitted:
		return admitted()
	}
	log = log.With("from", s.logNumber(info.From), "to", s.logNumber(info.To))
	if call.Placed() {
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
		q.Question = s.secrets.Load().challenge.Ask(info.SID)
		return s.ask(info, q)
	}
	s.logRefusal(log, info, decision)
	s.noteEnd(info, ending{how: refused})
	return s.refuse(ctx, info, decision)
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

// connect answers with a bidirectional stream to this server. When the stream
// ends, so does the call.
func (s *Server) connect(info Info, mount string) answer {
	token := s.secrets.Load().keys.sign(newSession(info, time.Now()))
	verbs := append(slices.Clone(s.config.Before),
		&twiml.Connect{Noun: &twiml.Stream{URL: s.streamBase + mount + streamRoute + token}},
		&twiml.Hangup{},
	)
	return twiml.New(verbs...).AppendXML(nil)
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

func hangUp() answer { return twiml.New(&twiml.Hangup{}).AppendXML(nil) }

func say(text string) answer {
	return twiml.New(&twiml.Say{Text: text}, &twiml.Hangup{}).AppendXML(nil)
}

// logRefusal writes the line that the runbook's queries look for.
func (s *Server) logRefusal(log *slog.Logger, info Info, d policy.Decision) {
	if d.Reason == policy.RateLimit {
		log.Warn("Rate limit exceeded from_number="+s.logNumber(info.From), "detail", d.Detail)
		return
	}
	log.Warn("Call refused from_number="+s.logNumber(info.From), "reason", d.Reason, "detail", d.Detail)
}
