package voice

import (
	"iter"
	"math"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
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

// onMessage returns the hook of the stream's connection; nil if it is not recorded.
func (s *stream) onMessage() func(sent bool, message []byte) {
	if s.page == nil {
		return nil
	}
	return s.page.Message
}

// endPage records how a stream ended.
func (s *stream) endPage(reason Reason, err error, resumes bool) {
	if s.page != nil {
		s.page.End(journal.End{Reason: string(reason), Error: textOf(err), Resumes: resumes})
	}
}

// did records what the handler did, and the error that it got.
func (c *Call) did(a journal.Action, err error) {
	if c.page != nil {
		a.Error = textOf(err)
		c.page.Did(a)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// saying records what tokens yields, when that is known.
func (c *Call) saying(tokens iter.Seq2[string, error]) iter.Seq2[string, error] {
	if c.page == nil {
		return tokens
	}
	return func(yield func(string, error) bool) {
		var text strings.Builder
		var failed error
		defer func() { c.did(journal.Action{What: "say", Text: text.String()}, failed) }()
		for token, err := range tokens {
			text.WriteString(token)
			failed = err
			if !yield(token, err) {
				return
			}
		}
	}
}

// pagedEar is an ear whose answers to the judge are recorded.
type pagedEar struct {
	listener *listener
	ear      stt.Ear
	asked    bool
	speaks   bool // by the last answer
}

// Voiced implements stt.Ear.
func (e *pagedEar) Voiced(last time.Duration) (speech time.Duration, speaking bool) {
	speech, speaking = e.ear.Voiced(last)
	if last > 0 || !e.asked || speaking != e.speaks {
		e.asked, e.speaks = true, speaking
		e.listener.page.Ear(journal.Ear{Frame: e.listener.pieces.Load() + 1, Speaking: speaking, Last: last.Microseconds(), Speech: speech.Microseconds()})
	}
	return speech, speaking
}

// heardOf returns an event of the recogniser, behind so many pieces of audio, as it is recorded.
func heardOf(e stt.Event, pieces int64) journal.Heard {
	t := e.Transcript
	h := journal.Heard{
		Frame: pieces, Kind: e.Kind.String(), Text: t.Text, Track: t.Track, Language: t.Language, Engine: t.Engine,
		Start: t.Start.Microseconds(), End: t.End.Microseconds(), Music: t.Music, OnHold: e.OnHold, Error: textOf(e.Err),
	}
	if e.Kind == stt.Interim || e.Kind == stt.Final {
		h.Confidence = known01(t.Confidence)
	}
	for _, w := range t.Words {
		h.Words = append(h.Words, journal.Word{Text: w.Text, Start: w.Start.Microseconds(), End: w.End.Microseconds(), Confidence: known01(w.Confidence)})
	}
	if e.Kind == stt.Turn {
		h.Turn, h.TurnOver = e.Turn.State.String(), known01(e.Turn.Confidence)
	}
	if e.Timing.Valid {
		h.Latency = e.Timing.Latency.Microseconds()
	}
	return h
}

// known01 returns a confidence, nil if the engine does not tell.
func known01(c float64) *float64 {
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return nil
	}
	return &c
}
