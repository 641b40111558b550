package voice

import (
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/journal"
)

// journalOf returns what records a call; nil without Config.Journal.
func (s *Server) journalOf(info Info) *journal.Call {
	return s.config.Journal.Call(journal.About{SID: info.SID, AccountSID: info.AccountSID, From: info.From, To: info.To, PublicURL: s.publicBase})
}

// journalled records the requests that next answers, if calls are recorded.
func (s *Server) journalled(next http.Handler) http.Handler {
	if s.config.Journal == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := infoOf(r.PostForm)
		page := s.journalOf(info)
		if page == nil {
			next.ServeHTTP(w, r)
			return
		}
		began := time.Now()
		path, form := strings.Clone(r.RequestURI), map[string][]string(r.PostForm)
		kept := &keptAnswer{ResponseWriter: w, status: http.StatusOK}
		defer func() { // also when it panics
			page.Request(journal.Request{
				Method: r.Method, Path: path, Form: form, Took: time.Since(began).Microseconds(),
				Status: kept.status, ContentType: kept.Header().Get("Content-Type"), Reply: string(kept.body),
			})
		}()
		next.ServeHTTP(kept, r)
	})
}

// maxKept is how much of an answer is recorded: Twilio takes no larger TwiML.
const maxKept = 64 << 10

// keptAnswer keeps what is answered.
type keptAnswer struct {
	http.ResponseWriter
	status int
	wrote  bool
	body   []byte
}

func (k *keptAnswer) WriteHeader(status int) {
	if !k.wrote && status >= http.StatusOK {
		k.status, k.wrote = status, true
	}
	k.ResponseWriter.WriteHeader(status)
}

func (k *keptAnswer) Write(p []byte) (int, error) {
	k.wrote = true
	k.body = append(k.body, p[:min(len(p), maxKept-len(k.body))]...)
	return k.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (k *keptAnswer) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// open begins to record a stream.
func (s *Server) openPage(session session) *journal.Stream {
	if s.config.Journal == nil {
		return nil
	}
	wire := journal.WireMedia
	if session.wire == relayWire || session.comesBack() {
		wire = journal.WireRelay
	}
	return s.journalOf(session.info).Open(journal.Open{Leg: session.info.Leg, Wire: wire, Listens: session.info.Unidirectional})
}
