package voice

import (
	"context"
	"log/slog"
	"net/http"
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
	r, end := s.step(r, info, StepWebhook)
	defer end()
	if info.Query = r.URL.RawQuery; len(info.Query) > maxQuery {
		s.recorded.Warn("query of the webhook's URL is too long to reach the handler", "call_sid", info.SID, "length", len(info.Query))
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
	nonce, ok := s.reserveNew()
	if !ok {
		return s.refuseBusy(info)
	}
	used := false
	defer func() {
		if !used {
			s.withdraw(nonce)
		}
	}()
	mount := s.mountOf(r, inboundRoute)
	return s.judge(r, info, 0, question{mount: mount}, func() answer {
		used = true
		return s.connect(info, mount, nonce)
	})
}

// connect answers with a bidirectional stream to this server. What stands behind it hangs
// up, or has the call go on.
func (s *Server) connect(info Info, mount string, nonce [8]byte) answer {
	now := time.Now()
	p := passage{chain: now.UnixNano(), start: now}
	info.Leg = 1
	return s.openStream(info, mount, nonce, p, 0, slices.Clone(s.config.Before)...)
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
	if d.Reason == policy.ReasonRateLimit {
		log.Warn("Rate limit exceeded from_number="+s.logNumber(info.From), "detail", d.Detail)
		return
	}
	log.Warn("Call refused from_number="+s.logNumber(info.From), "reason", d.Reason, "detail", d.Detail)
}
