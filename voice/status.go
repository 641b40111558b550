package voice

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"agentos.dev/dialtone/policy"
)

// serveStatus takes a status callback. Callbacks come in any order, several
// times, and to any instance; only the first terminal state of a call counts. It is
// answered when the call is counted, so that a load balancer sends it on should this
// instance be killed meanwhile.
func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok {
		return
	}
	r, end := s.step(r, info, StepStatus)
	defer end()
	s.config.Trace.StatusCallback(r.Context(), info, r.PostForm)
	if status := r.PostForm.Get("CallStatus"); terminal(status) {
		duration := lasted(status, r.PostForm.Get("CallDuration"))
		ctx, cancel := context.WithTimeout(r.Context(), holdStatus)
		defer cancel()
		await(ctx, s.over(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: status, Duration: duration, Billed: duration >= 0}))
		await(ctx, s.ends.settled(info.SID))
	}
	w.WriteHeader(http.StatusNoContent)
}

// await waits for a channel to be closed, if there is one.
func await(ctx context.Context, done <-chan struct{}) {
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// holdStatus is how long the answer to a status callback waits, of the 15 s that Twilio
// gives it.
const holdStatus = othersFirst + 4*retellEvery

// streamFirst is how long a call whose stream is still here has to end by that: a stream that
// broke may be overtaken by the status callback.
const streamFirst = time.Second

// lasted reads how many seconds a call has lasted; < 0 if that should be there and is not.
func lasted(status, seconds string) time.Duration {
	n, err := strconv.ParseUint(seconds, 10, 31)
	if err != nil && status == "completed" {
		return -1
	}
	return time.Duration(n) * time.Second
}

// over handles a call's terminal status. A stream that is still here is ended, and decides
// how the call is counted: the channel is closed when it has.
func (s *Server) over(info Info, o policy.Outcome) (buried <-chan struct{}) {
	s.mu.Lock()
	before := s.noteEnd(info, ending{how: over})
	call := s.calls[callKey{sid: info.SID}]
	if call != nil {
		s.running++
		call.said = o.Duration
	}
	heard := s.calls[callKey{sid: info.SID, unidirectional: true}]
	if heard != nil {
		s.running++
	}
	s.mu.Unlock()
	if heard != nil {
		go func() {
			defer s.exit()
			heard.end(ReasonHungUp, nil)
		}()
	}
	switch {
	case call != nil:
		s.config.Store.Later(overMark(info.SID))
		done := make(chan struct{})
		go func() {
			defer s.exit()
			defer close(done)
			select {
			case <-call.buried:
			case <-time.After(streamFirst):
				call.end(ReasonHungUp, nil)
			}
			if call.reason == ReasonTransfer { // which that does not tell
				s.finish(info, o, over, true)
			}
			if <-call.settled; call.goesOn { // it would have
				s.overHere(info, o)
			}
		}()
		return done
	case before.told:
		if before.how != over {
			s.config.Store.Later(overMark(info.SID))
		}
		if info.Outbound() { // Twilio knows better how long it has lasted
			s.giveBack(info, o)
		}
	default:
		s.overHere(info, o)
	}
	return nil
}

// Health is what GET health answers.
type Health struct {
	Status      string `json:"status"` // "ok", "degraded" or "draining"
	STT         string `json:"stt"`    // "ready", "not ready" or "off"
	TTS         string `json:"tts"`    // the same
	Store       string `json:"store"`  // "up", "away" or "off": away, each instance decides by itself
	ActiveCalls int    `json:"active_calls"`
	Capacity    int    `json:"capacity"` // Config.MaxStreams
	Uptime      string `json:"uptime"`
}

// Health returns how the server is. It asks the speech engine and the synthesiser, if
// they can be asked, at most once a second however many ask it, and waits for each two
// seconds at most. An engine that recognised none of the last five utterances of all calls is
// not ready, whatever it says, for a minute after the last.
func (s *Server) Health(ctx context.Context) Health {
	stats := s.Stats()
	h := Health{
		Status:      "ok",
		STT:         "ready",
		TTS:         "ready",
		Store:       "off",
		ActiveCalls: stats.ActiveCalls,
		Capacity:    stats.MaxStreams,
		Uptime:      time.Since(s.started).Round(time.Second).String(),
	}
	if s.config.Store.Shared() {
		if h.Store = "up"; !s.config.Store.Up() {
			h.Store = "away"
		}
	}
	if s.config.STT == nil {
		h.STT = "off"
	} else if s.hearing.deaf() || s.hearer.checkup(ctx) != nil {
		h.Status, h.STT = "degraded", "not ready"
	}
	if s.speaker == nil {
		h.TTS = "off"
	} else if s.talking.checkup(ctx) != nil {
		h.Status, h.TTS = "degraded", "not ready"
	}
	if stats.Draining {
		h.Status = "draining"
	}
	return h
}

// checkups remembers the last check of an engine: anybody can ask for one.
type checkups struct {
	check func(ctx context.Context) error
	log   func(err error)
	turn  chan struct{} // of one check at a time
	at    time.Time
	err   error
}

const (
	checkTimeout  = 2 * time.Second
	checkInterval = time.Second
)

func newCheckups(check func(ctx context.Context) error, log func(err error)) *checkups {
	return &checkups{check: check, log: log, turn: make(chan struct{}, 1)}
}

// checkup checks the engine, or returns what the last check found a moment ago. A caller
// who goes away does not make the check fail for the others.
func (c *checkups) checkup(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !c.at.IsZero() && time.Since(c.at) < checkInterval {
		return c.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	err := c.check(ctx)
	if err != nil {
		c.log(err)
	}
	c.at, c.err = time.Now(), err
	return err
}

// wantNoBody keeps net/http from waiting for a body that somebody begins to send
// to a route that has none.
func wantNoBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	if r.ProtoMajor < 2 { // a connection of HTTP/2 has other requests
		w.Header().Set("Connection", "close")
	}
	http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
}

// serveHealth answers 200 when calls are taken well, 503 when they are not.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	wantNoBody(w, r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	health := s.Health(r.Context())
	w.Header().Set("Content-Type", "application/json")
	if health.Status != "ok" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(health)
}
