package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// serveStream takes the WebSocket of a call. Everything that can be refused is
// refused before the upgrade, with an empty 403 or 503.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	if !s.admit() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	session, err := s.checkHandshake(r)
	if err != nil {
		s.leave()
		s.config.Trace.WebSocketError(string(mediastream.Auth))
		s.config.Logger.Warn("stream refused", "error", err)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	accepted := time.Now()
	log := s.config.Logger.With("call_sid", session.info.SID)
	conn, err := mediastream.Accept(w, r, &mediastream.Options{OnError: func(err *mediastream.Error) {
		s.config.Trace.WebSocketError(string(err.Type))
		log.Warn("stream error", "error_type", string(err.Type), "error", err)
	}})
	if err != nil {
		s.leave()
		return
	}
	// The call outlives this request, whose goroutine and buffers are let go.
	go s.read(context.WithoutCancel(r.Context()), conn, session.info, accepted, log)
}

// checkHandshake returns the session of a handshake that comes from Twilio and
// carries a token of ours for the first time.
func (s *Server) checkHandshake(r *http.Request) (session, error) {
	if err := s.validator.Verify(r); err != nil {
		return session{}, err
	}
	now := time.Now()
	session, err := s.keys.verify(r.PathValue("token"), now)
	if err != nil {
		return session, err
	}
	if _, first := s.used.add(session.nonce, struct{}{}, now); !first {
		return session, errTokenUsed
	}
	return session, nil
}

// read owns a stream: it reads the connection until it ends and then ends the
// call. It is the only goroutine that touches the call's audio.
func (s *Server) read(ctx context.Context, conn *mediastream.Conn, info Info, accepted time.Time, log *slog.Logger) {
	defer s.leave()
	var call *liveCall
	reason, cause := ReasonDisconnect, error(nil)

	for event, err := range conn.Events(ctx) {
		if err != nil {
			reason, cause = brokenBy(err), err
			continue
		}
		switch event.Type {
		case mediastream.Start:
			if call, err = s.begin(ctx, conn, info, event.Start, accepted); err != nil {
				s.config.Trace.WebSocketError(string(mediastream.Auth))
				log.Warn("stream refused", "error", err)
				conn.Close(closePolicyViolation, "")
			}
		case mediastream.Media:
			if call != nil {
				call.hear(event.Media)
			}
		case mediastream.DTMF:
			if call != nil {
				call.post(Event{Digit: event.Digit})
			}
		case mediastream.Mark:
			if call != nil {
				call.player.mark(event.Mark, time.Now())
			}
		case mediastream.Stop:
			reason, cause = ReasonHungUp, nil
		}
	}
	if call != nil {
		call.end(reason, cause)
		call.bury()
	}
}

// brokenBy returns the reason for which a call ends whose stream broke.
func brokenBy(err error) Reason {
	var failure *mediastream.Error
	if errors.As(err, &failure) && (failure.Type == mediastream.Protocol || failure.Type == mediastream.Oversize) {
		return ReasonProtocol
	}
	return ReasonDisconnect
}

// WebSocket close codes, RFC 6455 section 7.4.1.
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closePolicyViolation = 1008
)

// begin makes a call of a stream whose start message has come.
func (s *Server) begin(ctx context.Context, conn *mediastream.Conn, info Info, start *mediastream.Stream, accepted time.Time) (*liveCall, error) {
	if start.CallSID != info.SID || start.AccountSID != info.AccountSID {
		return nil, fmt.Errorf("voice: start message is of another call than the session token")
	}
	if f := start.Format; f != mediastream.Mulaw() {
		return nil, fmt.Errorf("voice: stream format %v is not supported", f)
	}
	now := time.Now()
	call := &liveCall{
		Call: &Call{
			Info:       info,
			StreamSID:  start.StreamSID,
			Parameters: start.Parameters,
			Started:    now,
			conn:       conn,
			inbox:      newInbox(),
			player:     newPlayer(),
		},
		server: s,
		log:    s.config.Logger.With("call_sid", info.SID, "stream_sid", start.StreamSID),
	}
	if !s.register(call) {
		return nil, fmt.Errorf("voice: the call has a stream already")
	}
	call.live(ctx)
	s.config.Trace.StreamStarted(info, now.Sub(accepted))
	return call, nil
}

// register adds a call that has no stream yet.
func (s *Server) register(call *liveCall) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[call.SID] != nil {
		return false
	}
	s.calls[call.SID] = call
	s.running.Add(1) // for the handler
	return true
}
