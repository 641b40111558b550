package voice

import (
	"net/http"
	"slices"
	"time"
)

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
	s.reply(w, s.answers.once(r.Context(), key, func() answer {
		if s.finished.get(idOf(info.SID), time.Now()).how == refused { // longer ago than Twilio tries again
			return hangUp()
		}
		return s.decide(r, info)
	}))
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
