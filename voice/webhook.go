package voice

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// decideTimeout leaves time to answer within the 15 s that Twilio waits.
const decideTimeout = 10 * time.Second

// Verified passes on to next the requests that Twilio signed, by the auth tokens and
// shared keys in force: it is for webhooks of the host's own within a call, such as the
// choice from a menu and the callbacks of recordings. The first webhook of a call needs
// [Server.Admitted]. See [signature.Validator.Middleware].
func (s *Server) Verified(next http.Handler) http.Handler {
	return telling("", s.verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if info := infoOf(r.PostForm); callSID.MatchString(info.SID) {
			within, end := s.step(r, info, StepWebhook)
			defer end()
			r = s.checked(within)
		}
		next.ServeHTTP(w, r)
	})))
}

// verified passes on to next what Twilio has signed, or everything with ReportOnly.
func (s *Server) verified(next http.Handler) http.Handler {
	next = s.journalled(next)
	if s.config.ReportOnly {
		next = parsed(next)
	}
	return s.validator.Middleware(next)
}

// maxUnverified bounds the form of a request that is answered without a valid signature.
const maxUnverified = 64 << 10

// parsed reads the forms of requests that the validator let through without having verified
// them: of the others it has left the form.
func parsed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm == nil && r.Method == http.MethodPost {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUnverified))
			if err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if err := r.ParseForm(); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// checkedKey is the key of the server in the context of a request that it has checked.
type checkedKey struct{}

// checked notes that a request has been checked.
func (s *Server) checked(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), checkedKey{}, s))
}

// step begins a step that a request is, and returns the request under the step's context
// and what ends the step.
func (s *Server) step(r *http.Request, call Info, step Step) (within *http.Request, end func()) {
	ctx := s.config.Trace.Begin(r.Context(), call, step)
	return r.WithContext(ctx), func() { s.config.Trace.End(ctx, call, step) }
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
