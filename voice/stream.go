package voice

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice/signature"
)

// serveStream takes the WebSocket of a call. Everything that can be refused is
// refused before the upgrade, with an empty 403 or 503; who is not Twilio is not
// told how full the server is.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	wantNoBody(w, r)
	if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	session, err := s.checkHandshake(r)
	switch err {
	case nil:
	case errFull:
		s.config.Trace.WebSocketError(string(mediastream.Handshake))
		s.recorded.Warn("stream refused: every place is taken, or the server has shut down", "call_sid", session.info.SID, "max_streams", s.config.MaxStreams)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case errDraining:
		s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	default:
		s.config.Trace.WebSocketError(string(mediastream.Auth))
		if refused := (*signature.Error)(nil); !errors.As(err, &refused) { // the validator logs its own
			s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err)
		}
		w.WriteHeader(http.StatusForbidden)
		return
	}
	stream := &stream{info: session.info, accepted: time.Now(), log: s.config.Logger.With("call_sid", session.info.SID)}
	limits := s.limits
	limits.OnError = func(err *mediastream.Error) {
		s.config.Trace.WebSocketError(string(err.Type))
		stream.log.Warn("stream error", "error_type", string(err.Type), "error", err)
		if err.Code != 0 {
			stream.broken.Store(err)
		}
	}
	conn, err := mediastream.Accept(w, r, &limits)
	if err != nil {
		s.leave(nil)
		return
	}
	stream.Conn = conn
	if !s.keep(stream) {
		conn.Close(closeGoingAway, "")
		s.leave(nil)
		return
	}
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
// carries a token of ours for the first time, and holds a place for its stream.
// That there is none comes after all that a stranger cannot pass.
func (s *Server) checkHandshake(r *http.Request) (session, error) {
	if err := s.validator.Verify(r); err != nil {
		return session{}, err
	}
	session, err := s.secrets.Load().verify(r.PathValue("token"), time.Now())
	switch {
	case err != nil:
		return session, err
	case s.drained(session.issued()):
		return session, errDraining
	case !s.admit():
		return session, errFull
	}
	if err = s.use(r.Context(), session); err != nil {
		s.leave(nil)
	}
	return session, err
}

// use notes that a token has been used, here and where the other instances know.
func (s *Server) use(ctx context.Context, session session) error {
	switch _, added := s.used.add(session.nonce, struct{}{}, time.Now()); added {
	case isKnown:
		return errTokenUsed
	case isFull:
		return errTokensFull
	}
	if s.usedElsewhere(ctx, session) {
		return errTokenUsed
	}
	return nil
}

// usedElsewhere reports whether the token has opened a stream on another instance. What
// only the store knows while it is away refuses no call.
func (s *Server) usedElsewhere(ctx context.Context, session session) bool {
	if !s.config.Store.Shared() {
		return false
	}
	claim := []policy.Op{{Kind: policy.Write, Space: "token", Name: hex.EncodeToString(session.nonce[:]), Keep: rememberTokens, Value: []byte(s.id)}}
	s.config.Store.Do(ctx, claim)
	if claim[0].Err != nil {
		s.config.Logger.Warn("token not shared, this instance decides by itself", "call_sid", session.info.SID, "error", claim[0].Err)
		return false
	}
	return !claim[0].OK
}

// read owns a stream: it reads the connection until it ends and then ends the
// call. It is the only goroutine that touches the call's audio.
func (s *Server) read(ctx context.Context, stream *stream) {
	defer s.leave(stream)
	defer contain(stream.log)
	var call *liveCall
	reason := ReasonPanic // of the host's code, unless the loop below ends
	defer func() {
		if call == nil {
			stream.Close(closeNormal, "")
			return
		}
		call.end(reason, nil)
		call.bury()
	}()
	last := ReasonDisconnect

	for event, err := range stream.Events(ctx) {
		if err != nil {
			break // stream.broken has it
		}
		switch event.Type {
		case mediastream.Start:
			begun, refused := s.begin(stream, event.Start)
			if refused != nil {
				s.config.Trace.WebSocketError(string(refused.Type))
				stream.log.Warn("stream refused", "error_type", string(refused.Type), "error", refused.Err)
				stream.Close(closePolicyViolation, "")
				continue
			}
			call = begun
			call.live(ctx)
		case mediastream.Media:
			if call != nil {
				call.listener.hear(event.Media)
			}
		case mediastream.DTMF:
			if call != nil && !call.inbox.put(Event{Digit: event.Digit}) {
				call.log.Warn("key dropped: the handler does not read its events")
			}
		case mediastream.Mark:
			if call != nil {
				call.player.mark(event.Mark, time.Now())
			}
		case mediastream.Stop:
			last = ReasonHungUp
		}
	}
	reason = last
}

// WebSocket close codes, RFC 6455 section 7.4.1.
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closePolicyViolation = 1008
)

// begin makes a call of a stream whose start message has come.
func (s *Server) begin(stream *stream, start *mediastream.Stream) (*liveCall, *mediastream.Error) {
	refuse := func(t mediastream.ErrorType, format string, args ...any) (*liveCall, *mediastream.Error) {
		return nil, &mediastream.Error{Type: t, Offset: -1, Err: fmt.Errorf("voice: "+format, args...)}
	}
	info := stream.info
	if start.CallSID != info.SID || start.AccountSID != info.AccountSID {
		return refuse(mediastream.Auth, "start message is of another call than the session token")
	}
	if f := start.Format; f != mediastream.Mulaw() {
		return refuse(mediastream.Protocol, "stream format %v is not supported", f)
	}
	call := &liveCall{
		Call: &Call{
			Info:      info,
			StreamSID: start.StreamSID,
			Started:   time.Now(),
			conn:      stream.Conn,
			inbox:     newInbox(),
			player:    newPlayer(),
			hanger:    s.config.Hanger,
			release: func() {
				s.finish(info, policy.Outcome{Kind: policy.Ended, Status: "completed", Duration: -1}, streamed, true)
			},
			log: stream.log.With("stream_sid", start.StreamSID),
		},
		server: s,
		stream: stream,
		buried: make(chan struct{}),
		said:   -1,
	}
	if !s.register(call) {
		return refuse(mediastream.Protocol, "the call has a stream already, or the server has shut down")
	}
	return call, nil
}

// comeBackWait is how long a stream waits for the end of the same call's stream before
// it: a caller who comes back after a transfer may be faster than its last words.
const comeBackWait = 2 * time.Second

// register adds a call that has no stream, or soon has none.
func (s *Server) register(call *liveCall) bool {
	patience := time.NewTimer(comeBackWait)
	defer patience.Stop()
	for {
		before := s.enlist(call)
		if before == nil || before == call {
			return before == call
		}
		select {
		case <-before.buried:
		case <-patience.C:
			return false
		}
	}
}

// enlist adds a call, and returns the one that has its SID then: another, or none when
// the server has shut down.
func (s *Server) enlist(call *liveCall) *liveCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[call.SID] == nil && !s.closed {
		s.calls[call.SID] = call
		s.beat()
	}
	return s.calls[call.SID]
}
