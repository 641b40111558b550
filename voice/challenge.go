package voice

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/twiml"
)

// answerTime is how long a caller may take to press the next digit.
const answerTime = 8 * time.Second

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
	s.reply(w, s.once(r.Context(), info.SID+token, func() answer {
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

// call reads the call of a webhook. It answers a malformed request itself and reports
// false.
func (s *Server) call(w http.ResponseWriter, r *http.Request) (Info, bool) {
	if r.Method != http.MethodPost {
		s.recorded.Warn("webhook refused: its method at Twilio is to be HTTP POST", "method", r.Method)
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return Info{}, false
	}
	info := infoOf(r.PostForm)
	if !callSID.MatchString(info.SID) {
		http.Error(w, "CallSid is missing or malformed", http.StatusBadRequest)
		return Info{}, false
	}
	return info, true
}

// mountOf returns the path that Twilio knows the server under: what it asked
// for, before any http.StripPrefix, without the route.
func (s *Server) mountOf(r *http.Request, route string) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if mount, ok := strings.CutSuffix(path, route); ok && strings.HasPrefix(path, "/") {
		return mount
	}
	return s.config.Path
}

// reply sends TwiML.
func (s *Server) reply(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if _, err := w.Write(a); err != nil {
		s.config.Logger.Debug("answer was not taken", slog.Any("error", err))
	}
}
