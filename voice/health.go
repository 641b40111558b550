package voice

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

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
