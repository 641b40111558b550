package voice

import (
	"context"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/twiml"
)

// serveChallenge takes the digits that a caller has pressed.
func (s *Server) serveChallenge(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok || s.refuseEnded(w, r, info) {
		return
	}
	r, end := s.step(r, info, StepWebhook)
	defer end()
	if info.StirVerstat == "" {
		info.StirVerstat = atMost(r.URL.Query().Get(verstat), maxWord)
	}
	info.Query = atMost(r.URL.Query().Get(query), maxQuery)
	token, status := r.PathValue("token"), r.PostForm.Get("CallStatus")
	s.reply(w, s.answers.once(r.Context(), info.SID+token, func() answer {
		if s.endedElsewhere(r.Context(), info.SID, status) {
			return s.answerEnded(info)
		}
		mount := s.mountOf(r, challengeRoute+token)
		outcome, next, err := s.keys.Load().answer(info.SID, token, r.PostForm.Get("Digits"), time.Now())
		s.config.Logger.Info("challenge answered", "call_sid", info.SID, "outcome", outcome.String(), "error", err)
		switch outcome {
		case fraud.AnswerPass:
			s.tell(policy.OutcomePassed, info.Call)
			if from := r.URL.Query().Get(back); from != "" {
				return s.sendBack(r.Context(), info, from)
			}
			nonce, ok := s.reserveNew()
			if !ok {
				s.config.Logger.Error("call refused after its challenge: every place is taken, or the server shuts down", "call_sid", info.SID)
				s.finishCut(info, policy.Outcome{Duration: -1}, over, true, ReasonRefused)
				return say(apology)
			}
			return s.connect(info, mount, nonce)
		case fraud.AnswerRetry:
			return s.ask(info, question{next, mount, r.URL.Query().Get(back)})
		}
		s.giveBack(info, policy.Outcome{Kind: policy.OutcomeEnded})
		s.noteEnd(info, ending{how: refused})
		return hangUp()
	}))
}

// sendBack sends a caller who has passed the challenge back to the webhook that asked for it.
func (s *Server) sendBack(ctx context.Context, info Info, back string) answer {
	if !strings.HasPrefix(back, "/") {
		return hangUp()
	}
	s.admitOnce(ctx, info)
	return twiml.New(&twiml.Redirect{URL: s.publicBase + back}).AppendXML(nil)
}
