package voice

import (
	"context"
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

// The action's parameters for what only the first webhook of a call is sure to
// tell: the attestation, and the query of its URL. Twilio signs them with the rest
// of the URL.
const (
	verstat = "verstat"
	query   = "query"
)

// ask answers with a question that the caller has to press digits for. The
// question travels in the action's URL, so that any instance can take the answer.
func (s *Server) ask(info Info, q fraud.Question, mount string) answer {
	action := s.publicBase + mount + challengeRoute + q.Token
	if first := (url.Values{verstat: {info.Attested}, query: {info.Query}}); info.Attested+info.Query != "" {
		action += "?" + first.Encode()
	}
	return twiml.New(
		&twiml.Gather{
			Input:     []twiml.Input{twiml.InputDTMF},
			NumDigits: s.secrets.Load().challenge.Digits(),
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
	if info.Attested == "" {
		info.Attested = atMost(r.URL.Query().Get(verstat), maxWord)
	}
	info.Query = atMost(r.URL.Query().Get(query), maxQuery)
	token := r.PathValue("token")
	s.reply(w, s.once(r.Context(), info.SID+token, func() answer {
		mount := s.mountOf(r, challengeRoute+token)
		outcome, next, err := s.secrets.Load().answer(info.SID, token, r.PostForm.Get("Digits"), time.Now())
		s.config.Logger.Info("challenge answered", "call_sid", info.SID, "outcome", outcome.String(), "error", err)
		switch outcome {
		case fraud.Pass:
			s.pass(r.Context(), info)
			return s.connect(info, mount)
		case fraud.Retry:
			return s.ask(info, next, mount)
		}
		s.release(info)
		s.noteEnd(info, false, refused)
		return hangUp()
	}))
}

// pass tells the policy who has passed, also when this delivery's client has gone.
func (s *Server) pass(ctx context.Context, info Info) {
	defer contain(s.config.Logger.With("call_sid", info.SID))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), decideTimeout)
	defer cancel()
	policy.Pass(ctx, s.config.Policy, info.policyCall())
}

// call reads whom a webhook is about. When it is about nobody it answers the
// request and reports false.
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
