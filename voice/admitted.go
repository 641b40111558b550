package voice

import (
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
)

// Admitted passes on to next the requests that Twilio signed, by POST, about calls that
// [Config].Policy admits: it is for the first webhook of a call that is the host's own,
// such as a menu, a choice of language or voicemail. Refusals and challenges it answers as
// the inbound route does, with the same lines and hooks, and a caller who has passed the
// challenge is sent back. It is one decision with that of the inbound route, should the
// call come there later: the policy is not asked again, on any instance. The call keeps its
// place in the policy for [Config].MaxDuration, until its status callback comes, or as
// long as its stream is up.
//
// Which calls have been admitted the instances know by [Config].Store. While that is away
// each knows its own: a webhook that comes to another one asks the policy again, and a
// caller who passed the challenge there is challenged once more.
//
// The webhooks that follow in the call need [Server.Verified] alone.
func (s *Server) Admitted(next http.Handler) http.Handler {
	return telling("", s.verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := s.call(w, r)
		if !ok || s.refuseEnded(w, r, info) {
			return
		}
		r, end := s.step(r, info, StepWebhook)
		defer end()
		refusal := s.answers.once(r.Context(), admittedSpace+info.SID, func() answer {
			if s.finished.get(idOf(info.SID), time.Now()).how == refused { // longer ago than Twilio tries again
				return hangUp()
			}
			lease := max(s.config.MaxDuration, policy.DefaultLease)
			return s.judge(r, info, lease, question{mount: s.config.Path, back: r.RequestURI}, func() answer {
				s.admitOnce(r.Context(), info)
				return nil
			})
		})
		if refusal != nil && !s.wasAdmitted(r.Context(), info) { // a challenge may have been passed since
			s.reply(w, refusal)
			return
		}
		next.ServeHTTP(w, s.checked(r))
	})))
}
