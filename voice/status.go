package voice

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
)

// serveStatus takes a status callback. Callbacks come in any order, several
// times, and to any instance; only the first terminal state of a call counts.
func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok {
		return
	}
	if status := r.PostForm.Get("CallStatus"); terminal(status) {
		s.over(info, status)
	}
	w.WriteHeader(http.StatusNoContent)
}

// over takes note that a call is over. One whose stream is still here ends now,
// and counts for what the stream came to.
func (s *Server) over(info Info, status string) {
	s.isOver(info)
	s.release(info)
	s.mu.Lock()
	call := s.calls[info.SID]
	if call != nil {
		s.running++
	}
	s.mu.Unlock()
	if call == nil {
		if s.count(info, status, over) {
			s.config.Logger.Info("call finished without a stream here", "call_sid", info.SID, "status", status)
		}
		return
	}
	go func() {
		defer s.exit()
		call.end(ReasonHungUp, nil)
		if call.reason == ReasonTransfer { // which that does not count
			s.count(info, status, over)
		}
	}()
}

// release gives back what the policy holds for a call that is over.
func (s *Server) release(info Info) {
	defer contain(s.config.Logger.With("call_sid", info.SID))
	policy.Release(s.config.Policy, info.SID)
}

// Health is what GET health answers.
type Health struct {
	Status      string `json:"status"` // "ok", "degraded" or "draining"
	STT         string `json:"stt"`    // "ready", "not ready" or "off"
	ActiveCalls int    `json:"active_calls"`
	Capacity    int    `json:"capacity"` // Config.MaxStreams
	Uptime      string `json:"uptime"`
}

// Health returns how the server is. It asks the speech engine, if that can be
// asked, and waits for it no longer than ctx and two seconds.
func (s *Server) Health(ctx context.Context) Health {
	stats := s.Stats()
	h := Health{
		Status:      "ok",
		STT:         "ready",
		ActiveCalls: stats.ActiveCalls,
		Capacity:    stats.MaxStreams,
		Uptime:      time.Since(s.started).Round(time.Second).String(),
	}
	if s.config.STT == nil {
		h.STT = "off"
	} else if engine, ok := s.config.STT.(stt.Checker); ok {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if err := unpanicked("check", func() error { return engine.Check(ctx) }); err != nil {
			h.Status, h.STT = "degraded", "not ready"
			s.config.Logger.Warn("speech engine is not ready", "error", err)
		}
	}
	if stats.Draining {
		h.Status = "draining"
	}
	return h
}

// serveHealth answers 200 when calls are taken well, 503 when they are not.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
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
