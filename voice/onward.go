package voice

import (
	"context"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
)

const (
	// maxBreaks is how many streams of a call may break one after the other, and one more
	// each legEarned: a stream that breaks whenever it has begun is no conversation. A call
	// that lasts for hours may break as often as it likes at that rate. A hand-over by a
	// server that shuts down does not count.
	maxBreaks = 8
	legEarned = 10 * time.Second
	// maxTries is how many streams in a row may be refused, and pauses made, until the call
	// is given up.
	maxTries = 10
	// atOnce is how many refused streams in a row are without a pause: another instance may
	// be ready.
	atOnce = 4
	// mostTokenState is how much sealed state travels in a stream's URL.
	mostTokenState = 2 << 10
)

// serveResume answers what stands behind a stream: whether the call goes on with another.
func (s *Server) serveResume(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok {
		return
	}
	r, end := s.step(r, info, StepWebhook)
	defer end()
	token, known := r.PathValue("token"), s.finished.get(idOf(info.SID), time.Now())
	t, err := s.keys.Load().openTicket(token, info.SID, info.AccountSID, time.Now())
	switch {
	case err != nil:
		s.recorded.Warn("call not resumed", "call_sid", info.SID, "error", err)
		s.reply(w, hangUp())
	case terminal(r.PostForm.Get("CallStatus")), known.of(&t) && r.PostForm.Get("HandoffData") == "":
		s.reply(w, hangUp()) // as after each call that its handler has ended
	case r.PostForm.Get("HandoffData") != "":
		data := strings.TrimPrefix(r.PostForm.Get("HandoffData"), noData)
		s.reply(w, s.answers.once(r.Context(), resumeRoute+"handoff"+info.SID, func() answer { return s.handedOff(r.Context(), t.info, data) }))
	case !s.config.resumes():
		s.reply(w, hangUp())
	default:
		key := resumeRoute + info.SID + token[:min(len(token), ticketNonce)]
		s.reply(w, s.answers.once(r.Context(), key, func() answer { return s.resume(r, t) }))
	}
}

// resume answers with the call's next stream, unless the call is over.
func (s *Server) resume(r *http.Request, t ticket) answer {
	log := s.config.Logger.With("call_sid", t.info.SID)
	age := max(0, time.Since(t.issued))
	patience := askAgainFor
	if t.tries > 0 {
		patience /= 4
	}
	last, err := s.lastLegWithin(r.Context(), t.info.SID, patience)
	if t.broke.IsZero() {
		t.broke = time.Now()
	}
	same := last.chain == t.chain
	if same && t.legs {
		t.info.Leg = max(t.info.Leg, last.info.Leg)
	}
	known := same && last.phase != isNone && last.info.Leg == t.info.Leg
	began := known
	if err != nil || !s.config.Store.Shared() && !same {
		began = age >= legEvery // which only the instance that had it knows
	}
	p := t.passage
	if same {
		p = last.after(t.passage)
		p.refused, p.owed = t.refused, t.owed
	}
	if known && t.legs { // of which the last has begun since
		p.owed, age = last.owed, max(0, time.Since(last.began))
	}
	if began {
		p.owed = max(0, p.owed-age)
		if p.cause != ReasonShutdown {
			p.owed += legEarned
		}
	}
	switch {
	case err == errOver, last.passed(&t):
		return hangUp()
	case !known && s.denied.get(idOf(t.info.SID), time.Now()) == t.info.Leg:
		return s.giveUp(t, "its stream was refused for its signature or token")
	case t.tries >= maxTries:
		return s.giveUp(t, "no instance takes its stream")
	case err != nil && s.config.CallControl == nil:
		// Whether the call is over is not known. Where there is a CallControl, one that is over
		// has ended at Twilio.
		log.Warn("call waits for the store to resume", "error", err)
		return s.sendOn(r, t, true)
	case !began && !t.sent && (t.refused >= atOnce || !s.handsOver()):
		// A load balancer that takes the instances in turn would send each stream where the
		// one before was refused. A server that hands its calls over knows where that was.
		return s.sendOn(r, t, t.refused >= atOnce)
	case began && p.owed >= maxBreaks*legEarned:
		return s.giveUp(t, "its streams break too often")
	}
	if began && age < legEvery {
		time.Sleep(legEvery - age)
		if last, err := s.lastLeg(r.Context(), t.info.SID); err == errOver || err == nil && last.passed(&t) {
			return hangUp()
		}
	}
	nonce, ok := s.reserve()
	if !ok {
		return s.sendOn(r, t, true)
	}
	if began {
		t.tries, p.refused = 0, 0
		t.info.Leg++
	}
	if t.passage = p; same && len(t.state) > mostTokenState {
		t.state = nil // the instance that takes the stream finds it where this one did
	}
	return s.openStream(t.info, s.mountOf(r, resumeRoute+r.PathValue("token")), nonce, t.passage, t.tries)
}

// sendOn answers that the call is to be asked about again, on another instance or later.
func (s *Server) sendOn(r *http.Request, t ticket, pause bool) answer {
	var verbs []twiml.Verb
	var wait time.Duration
	if pause {
		wait = time.Duration(1+t.tries/4) * time.Second
		verbs = append(verbs, &twiml.Pause{Length: wait})
		s.stay(wait + afterAnswer) // perhaps no other instance is left to apologise
		t.tries++
	}
	t.sent = true
	verbs = append(verbs, s.redirect(t, s.mountOf(r, resumeRoute+r.PathValue("token"))))
	return twiml.New(verbs...).AppendXML(nil)
}

// redirect is the verb behind a stream.
func (s *Server) redirect(t ticket, mount string) twiml.Verb {
	return &twiml.Redirect{URL: s.onwardURL(t, mount)}
}

// onwardURL is where Twilio asks how the call goes on.
func (s *Server) onwardURL(t ticket, mount string) string {
	return s.publicBase + mount + resumeRoute + s.keys.Load().sealTicket(t)
}

// giveUp ends a call that no instance takes.
func (s *Server) giveUp(t ticket, why string) answer {
	s.config.Logger.Error("call not resumed: "+why, "call_sid", t.info.SID, "leg", t.info.Leg)
	s.markOver(t.info.SID)
	s.finishCut(t.info, policy.Outcome{Kind: policy.OutcomeEnded, Status: "failed", Duration: -1}, over, false, ReasonRefused)
	return say(apology)
}

// openStream answers with a connection to this server, for which the nonce has
// reserved a place, and with what stands behind it.
func (s *Server) openStream(info Info, mount string, nonce [8]byte, p passage, tries int, before ...twiml.Verb) answer {
	now := time.Now()
	session := newSession(info, now)
	session.nonce, session.passage = nonce, p
	r := s.config.relayOf(info)
	if r != nil {
		session.wire = relayWire
		if r.reconnects() {
			session.wire = reconnectRelayWire
			if !s.config.Store.Shared() && s.config.Resume != ResumeAlone {
				s.recorded.Warn("Twilio connects this call again when its connection breaks, and another instance would take it for a new one: "+
					"give the instances a Config.Store in common, or set Config.Resume to ResumeAlone if there is one", "call_sid", info.SID)
			}
		}
	}
	to := s.streamBase + mount + streamRoute + s.keys.Load().tokens.sign(session)
	connect := &twiml.Connect{Noun: &twiml.Stream{URL: to}}
	if r != nil {
		noun := r.noun(to, info.Leg)
		s.config.setRelay(noun)
		connect.Noun = noun
	}
	verbs := append(before, connect)
	if !s.config.resumes() && (r == nil || r.handOff == nil) {
		verbs = append(verbs, &twiml.Hangup{})
		return twiml.New(verbs...).AppendXML(nil)
	}
	behind := ticket{info: info, issued: now, expires: p.start.Add(s.config.MaxDuration + ticketGrace), tries: tries + 1, legs: session.comesBack(),
		passage: passage{chain: p.chain, start: p.start, refused: p.refused + 1, owed: p.owed}}
	if r != nil {
		connect.Action = s.onwardURL(behind, mount)
	} else {
		verbs = append(verbs, s.redirect(behind, mount))
	}
	return twiml.New(verbs...).AppendXML(nil)
}

// setRelay sets what an element for ConversationRelay leaves open.
func (c *Config) setRelay(noun *twiml.ConversationRelay) {
	if noun.Language == "" && noun.TTSLanguage == "" && noun.TranscriptionLanguage == "" {
		noun.Language = c.Language
	}
	if noun.Hints == "" {
		noun.Hints = strings.Join(c.Phrases, ",")
	}
	c.Interruption.relay(noun)
}

// relayOf returns how a call goes over ConversationRelay; nil if it goes over a stream.
func (c *Config) relayOf(info Info) (r *Relay) {
	if c.Relay == nil {
		return nil
	}
	defer contain(c.Logger.With("call_sid", info.SID))
	return c.Relay(info)
}

// handedOff answers the request behind a session that its handler has ended by HandOff.
func (s *Server) handedOff(ctx context.Context, info Info, data string) answer {
	log := s.config.Logger.With("call_sid", info.SID)
	r := s.config.relayOf(info)
	if r == nil || r.handOff == nil {
		return hangUp()
	}
	next, err := r.next(ctx, info, data)
	if err == nil && next == nil {
		return hangUp()
	}
	if err == nil {
		err = next.Validate()
	}
	if err != nil {
		log.Error("HandOff gave no TwiML that Twilio takes", "error", err)
		return say(apology)
	}
	return next.AppendXML(nil)
}

// onward returns TwiML that has the call go on with what it must know, without a store.
func (s *Server) onward(c *liveCall, p passage) string {
	t := ticket{info: c.Info, issued: c.began, expires: p.start.Add(s.config.MaxDuration + ticketGrace), passage: p}
	t.owed = c.stream.passage.owed
	document := twiml.New(s.redirect(t, s.config.Path)).AppendXML(nil)
	if len(document) > twiml.MaxRESTSize {
		c.log.Warn("state is too large to travel through Twilio: it stays behind", "bytes", len(p.state))
		t.state = nil
		document = twiml.New(s.redirect(t, s.config.Path)).AppendXML(nil)
	}
	return string(document)
}
