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
	case errFull, errDraining:
		if err == errFull {
			s.config.Trace.WebSocketError(string(mediastream.Handshake))
		}
		s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err, "max_streams", s.config.MaxStreams)
		w.WriteHeader(http.StatusServiceUnavailable)
		if !s.config.resumes() { // what stands behind the stream hangs up
			s.finishCut(session.info, policy.Outcome{Kind: policy.Ended, Duration: -1}, streamed, true, ReasonRefused)
		}
		return
	default:
		s.config.Trace.WebSocketError(string(mediastream.Auth))
		if refused := (*signature.Error)(nil); !errors.As(err, &refused) { // the validator logs its own
			s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err)
		}
		s.deny(r)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	stream := &stream{info: session.info, passage: session.passage, owned: session.owned, done: make(chan struct{}), accepted: time.Now(), log: s.config.Logger.With("call_sid", session.info.SID)}
	limits := s.limits
	limits.OnError = func(err *mediastream.Error) {
		s.config.Trace.WebSocketError(string(err.Type))
		stream.log.Warn("stream error", "error_type", string(err.Type), "error", err)
		if err.Code != 0 { // the connection is about to be closed
			stream.broken.Store(err)
			s.keepFromResuming(stream.info, err)
		}
	}
	conn, err := mediastream.Accept(w, r, &limits)
	if err != nil {
		s.disown(stream.info, stream.owned)
		s.leave(nil)
		return
	}
	stream.Conn = conn
	if !s.keep(stream) {
		s.disown(stream.info, stream.owned)
		conn.Close(closeGoingAway, "")
		s.leave(nil)
		return
	}
	// The call outlives this request, whose goroutine and buffers are let go.
	go s.read(s.config.Trace.Begin(context.WithoutCancel(r.Context()), stream.info, StepStream), stream)
}

// keepFromResuming notes that a call is over whose stream broke the protocol, before its
// connection is closed and Twilio asks how the call goes on.
func (s *Server) keepFromResuming(info Info, err *mediastream.Error) {
	if err.Type == mediastream.Protocol || err.Type == mediastream.Oversize {
		s.noteEnd(info, ending{how: over})
		if s.config.resumes() {
			s.markOver(info.SID)
		}
	}
}

// stream is a connection and what its handshake told.
type stream struct {
	*mediastream.Conn
	info     Info
	passage  passage
	owned    uint64        // generation of the leg that the handshake wrote; 0: none
	done     chan struct{} // closed when nothing more comes of the connection
	accepted time.Time
	log      *slog.Logger
	broken   atomic.Pointer[mediastream.Error] // why the connection ended by itself; set before it is closed
}

// deny notes that the stream of a call was refused for good: where its token is ours, the
// call is not asked for another.
func (s *Server) deny(r *http.Request) {
	session, err := s.secrets.Load().verify(r.PathValue("token"), time.Now())
	if err == nil || err == errTokenExpired {
		s.withdraw(session.nonce)
		s.denied.note(idOf(session.info.SID), time.Now(), func(int) int { return session.info.Leg })
	}
}

// checkHandshake returns the session of a handshake that comes from Twilio and
// carries a token of ours for the first time, and holds a place for its stream.
// That there is none comes after all that a stranger cannot pass.
func (s *Server) checkHandshake(r *http.Request) (session, error) {
	if err := s.validator.Verify(r); err != nil && !s.config.ReportOnly {
		return session{}, err
	}
	session, err := s.secrets.Load().verify(r.PathValue("token"), time.Now())
	switch {
	case err != nil:
		return session, err
	case s.drained(session.issued()):
		return session, errDraining
	case !s.admit(session.nonce):
		return session, errFull
	}
	if late := time.Since(session.expires); late > 0 {
		s.recorded.Warn("stream came after its token's time: are the clocks of the instances right?", "call_sid", session.info.SID, "late", late.Round(time.Second).String())
	}
	if session.owned, err = s.use(r.Context(), session); err != nil {
		s.leave(nil)
	}
	return session, err
}

// use notes that a token has been used, here and where the other instances know. owned is
// the generation of the leg that it wrote for the stream, if it wrote one.
func (s *Server) use(ctx context.Context, session session) (owned uint64, err error) {
	switch _, added := s.used.add(session.nonce, struct{}{}, time.Now()); added {
	case isKnown:
		return 0, errTokenUsed
	case isFull:
		return 0, errTokensFull
	}
	if !s.config.Store.Shared() {
		return 0, nil
	}
	ops := []policy.Op{{Kind: policy.Write, Space: "token", Name: hex.EncodeToString(session.nonce[:]), Keep: rememberTokens, Value: []byte(s.id)}}
	if s.config.resumes() && session.info.Leg == 1 { // in the same question: nothing comes before it
		ops = append(ops, s.firstLeg(session))
	}
	s.config.Store.Do(ctx, ops)
	if len(ops) > 1 && ops[1].OK {
		owned = ops[1].Generation
	}
	switch used := &ops[0]; {
	case used.Err != nil: // which only the store knows, and refuses no call
		s.config.Logger.Warn("token not shared, this instance decides by itself", "call_sid", session.info.SID, "error", used.Err)
	case !used.OK: // on another instance
		s.disown(session.info, owned)
		return 0, errTokenUsed
	}
	return owned, nil
}

// read owns a stream: it reads the connection until it ends and then ends the
// call. It is the only goroutine that touches the call's audio.
func (s *Server) read(ctx context.Context, stream *stream) {
	defer s.leave(stream)
	defer s.config.Trace.End(ctx, stream.info, StepStream)
	defer contain(stream.log)
	var call *liveCall
	reason := ReasonPanic // of the host's code, unless the loop below ends
	defer func() {
		close(stream.done)
		if call == nil {
			s.disown(stream.info, stream.owned)
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
			begun, refused := s.begin(ctx, stream, event.Start)
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
				call.player.mark(event.Mark)
				call.owner.touch()
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
func (s *Server) begin(ctx context.Context, stream *stream, start *mediastream.Stream) (*liveCall, *mediastream.Error) {
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
	now := time.Now()
	call := &liveCall{
		Call: &Call{
			Info:      info,
			StreamSID: start.StreamSID,
			Started:   now,
			conn:      stream.Conn,
			inbox:     newInbox(),
			player:    newPlayer(stream.Conn, func(f func()) { s.goes(func() { defer contain(stream.log); f() }) }),
			hanger:    s.config.Hanger,
			release: func() {
				s.finish(info, policy.Outcome{Kind: policy.Ended, Status: "completed", Duration: -1}, streamed, true)
			},
			log: stream.log.With("stream_sid", start.StreamSID),
		},
		server: s,
		stream: stream,
		began:  now,
		buried: make(chan struct{}),

		settled: make(chan struct{}),
		said:    -1,
	}
	if s.speaker != nil {
		call.speaker, call.speaking = s.speaker, s.config.TTSOptions
		call.speaking.Config.CallID = info.SID
	}
	call.player.told = call.spoke
	call.listener = listener{info: info, trace: s.config.Trace, log: call.log, inbox: call.inbox, hearing: &s.hearing} // before others know of the call
	if info.Leg > 1 && stream.passage.start.Before(now) {
		call.Started = stream.passage.start
	}
	if s.config.resumes() {
		call.owner = s.ownerOf(call)
	}
	if !s.register(call) {
		return refuse(mediastream.Protocol, "the call has a stream already, or the server has shut down")
	}
	if !call.begins(ctx) {
		s.unregister(call)
		return refuse(mediastream.Protocol, "the call has had this stream already")
	}
	return call, nil
}

// comeBackWait is how long a stream waits for the end of the same call's stream before
// it: a caller who comes back after a transfer may be faster than its last words.
const comeBackWait = 2 * time.Second

// register adds a call that has no stream, or soon has none, or whose stream before this
// one has broken, noticed or not.
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

// precedes reports whether a stream is a later one of the same call.
func (c *liveCall) precedes(next *liveCall) bool {
	if c.owner == nil {
		return false
	}
	a, b := &c.stream.passage, &next.stream.passage
	return a.chain == b.chain && c.Leg < next.Leg || a.chain < b.chain && c.over.Load()
}
