package voice

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
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
	stream := &stream{info: session.info, accepted: time.Now(), log: s.config.Logger.With("call_sid", session.info.SID)}
	conn, err := mediastream.Accept(w, r, &mediastream.Options{OnError: func(err *mediastream.Error) {
		s.config.Trace.WebSocketError(string(err.Type))
		stream.log.Warn("stream error", "error_type", string(err.Type), "error", err)
		if err.Code != 0 {
			stream.broken.Store(err)
		}
	}})
	if err != nil {
		s.leave()
		return
	}
	stream.Conn = conn
	// The call outlives this request, whose goroutine and buffers are let go.
	go s.read(context.WithoutCancel(r.Context()), stream)
}

// stream is a connection and what its handshake told.
type stream struct {
	*mediastream.Conn
	info     Info
	accepted time.Time
	log      *slog.Logger
	broken   atomic.Pointer[mediastream.Error] // why the connection ended by itself; set before it is closed
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
func (s *Server) read(ctx context.Context, stream *stream) {
	defer s.leave()
	var call *liveCall
	reason := ReasonDisconnect

	for event, err := range stream.Events(ctx) {
		if err != nil {
			break // stream.broken has it
		}
		switch event.Type {
		case mediastream.Start:
			if call, err = s.begin(ctx, stream, event.Start); err != nil {
				s.config.Trace.WebSocketError(string(mediastream.Auth))
				stream.log.Warn("stream refused", "error", err)
				stream.Close(closePolicyViolation, "")
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
			reason = ReasonHungUp
		}
	}
	if call != nil {
		call.end(reason, nil)
		call.bury()
	}
}

// WebSocket close codes, RFC 6455 section 7.4.1.
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closePolicyViolation = 1008
)

// begin makes a call of a stream whose start message has come.
func (s *Server) begin(ctx context.Context, stream *stream, start *mediastream.Stream) (*liveCall, error) {
	info := stream.info
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
			conn:       stream.Conn,
			inbox:      newInbox(),
			player:     newPlayer(),
		},
		server: s,
		stream: stream,
		log:    stream.log.With("stream_sid", start.StreamSID),
	}
	if !s.register(call) {
		return nil, fmt.Errorf("voice: the call has a stream already")
	}
	s.config.Trace.StreamStarted(info, now.Sub(stream.accepted))
	call.live(ctx)
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
