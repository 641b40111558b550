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
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/signature"
)

// serveStream takes the WebSocket of a call. Everything that can be refused is
// refused before the upgrade, with an empty 403 or 503; strangers do not learn how full
// the server is.
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
	case errFull, errDraining, errTooMany, errTooOften, errUnknown:
		if err != errDraining {
			s.config.Trace.WebSocketError(mediastream.ErrorHandshake)
		}
		s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err, "max_streams", s.config.MaxStreams)
		w.WriteHeader(http.StatusServiceUnavailable)
		if !s.config.resumes() && !session.info.Unidirectional && (err == errTooOften || !session.comesBack()) { // what stands behind the stream hangs up
			s.finishCut(session.info, policy.Outcome{Kind: policy.OutcomeEnded, Duration: -1}, streamed, true, ReasonRefused)
		}
		return
	default:
		s.config.Trace.WebSocketError(mediastream.ErrorAuth)
		if refused := (*signature.Error)(nil); !errors.As(err, &refused) { // the validator logs its own
			s.recorded.Warn("stream refused", "call_sid", session.info.SID, "error", err)
		}
		s.deny(r)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	stream := &stream{info: session.info, comesBack: session.comesBack(), passage: session.passage, owned: session.owned, done: make(chan struct{}), accepted: time.Now(), log: s.config.Logger.With("call_sid", session.info.SID)}
	stream.page = s.openPage(session)
	accept := s.acceptMedia
	if session.wire == relayWire || session.comesBack() {
		accept = s.acceptRelay
	}
	if err := accept(w, r, stream); err != nil {
		stream.endPage(ReasonDisconnect, err, false)
		s.disown(stream.info, stream.owned)
		s.leave(nil)
		return
	}
	if !s.keep(stream) {
		stream.endPage(ReasonShutdown, nil, false)
		s.disown(stream.info, stream.owned)
		stream.line.Close(closeGoingAway, "")
		s.leave(nil)
		return
	}
	// The call outlives this request, whose goroutine and buffers are let go.
	go s.read(s.config.Trace.Begin(context.WithoutCancel(r.Context()), stream.info, StepStream), stream)
}

// acceptMedia upgrades the request to the connection of a Media Stream.
func (s *Server) acceptMedia(w http.ResponseWriter, r *http.Request, stream *stream) error {
	limits := s.limits
	limits.OnError = func(err *mediastream.Error) { s.failed(stream, fault{err.Type, err.Code, err}) }
	limits.OnMessage = stream.onMessage()
	conn, err := mediastream.Accept(w, r, &limits)
	if err != nil {
		return err
	}
	stream.line = conn
	stream.take = func(ctx context.Context) Reason { return s.takeMedia(ctx, stream, conn) }
	return nil
}

// fault is what is wrong with a connection.
type fault struct {
	kind mediastream.ErrorType
	code int // the connection is closed with; 0: it goes on
	err  error
}

// ofPeer reports whether the peer broke the protocol.
func (f *fault) ofPeer() bool {
	return f.kind == mediastream.ErrorProtocol || f.kind == mediastream.ErrorOversize
}

// failed notes what is wrong with the connection of a stream.
func (s *Server) failed(stream *stream, f fault) {
	s.config.Trace.WebSocketError(f.kind)
	stream.log.Warn("stream error", "error_type", string(f.kind), "error", f.err)
	if f.code != 0 { // the connection is about to be closed
		stream.broken.Store(&f)
		s.keepFromResuming(stream.info, &f)
	}
}

// keepFromResuming notes that a call is over whose stream broke the protocol, before its
// connection is closed and Twilio asks how the call goes on.
func (s *Server) keepFromResuming(info Info, f *fault) {
	if f.ofPeer() && !info.Unidirectional {
		s.noteEnd(info, ending{how: over})
		if s.config.resumes() {
			s.markOver(info.SID)
		}
	}
}

// stream is a connection and what its handshake told.
type stream struct {
	line      line
	take      func(ctx context.Context) Reason // reads it until it ends, and returns how it ended
	call      *liveCall                        // since its start, for the reader
	info      Info
	passage   passage
	comesBack bool          // Twilio connects again if the connection breaks
	owned     uint64        // generation of the leg that the handshake wrote; 0: none
	done      chan struct{} // closed when nothing more comes of the connection
	accepted  time.Time
	log       *slog.Logger
	page      *journal.Stream       // nil if the call is not recorded
	broken    atomic.Pointer[fault] // why the connection ended by itself; set before it is closed
}

// deny notes that the stream of a call was refused for good: where its token is ours, the
// call is not asked for another.
func (s *Server) deny(r *http.Request) {
	session, err := s.keys.Load().verify(r.PathValue("token"), time.Now())
	if err == nil || err == errTokenExpired {
		s.withdraw(session.nonce)
		if !session.info.Unidirectional {
			s.denied.note(idOf(session.info.SID), time.Now(), func(int) int { return session.info.Leg })
		}
	}
}

// checkHandshake returns the session of a handshake that comes from Twilio and
// carries a token of ours for the first time, and holds a place for its stream.
// That there is none comes after all that a stranger cannot pass.
func (s *Server) checkHandshake(r *http.Request) (session, error) {
	if err := s.validator.Verify(r); err != nil && !s.config.ReportOnly {
		return session{}, err
	}
	session, err := s.keys.Load().verify(r.PathValue("token"), time.Now())
	late := time.Since(session.expires)
	if err == errTokenExpired && session.comesBack() && time.Since(session.start) < s.config.MaxDuration+ticketGrace {
		err = nil
	}
	switch {
	case err != nil:
		return session, err
	case s.drained(session.issued()):
		return session, errDraining
	case !s.admit(session.nonce):
		return session, errFull
	}
	switch {
	case session.comesBack() && (late > 0 || s.succeeds(session.issued())): // for the first time, a connection comes at once
		err = errTokenUsed
	case late > 0:
		s.recorded.Warn("stream came after its token's time: are the clocks of the instances right?", "call_sid", session.info.SID, "late", late.Round(time.Second).String())
	}
	if err == nil {
		session.owned, err = s.use(r.Context(), session)
	}
	if err == errTokenUsed && session.comesBack() {
		session, err = s.comesBack(r.Context(), session)
	}
	if err != nil {
		s.leave(nil)
	}
	return session, err
}

// succeeds reports whether this process has replaced the one that answered a webhook then,
// alone, so that the connection which that opened has broken.
func (s *Server) succeeds(issued time.Time) bool {
	return s.config.Resume == ResumeAlone && !s.config.Store.Shared() && issued.Before(s.started)
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
	var ops []policy.Op
	patience, age := askAgainFor, time.Since(session.issued())
	if age > atOnceWithin {
		patience = returnPatience
	}
	for until := time.Now().Add(patience); ; time.Sleep(askAgainEvery) {
		ops = []policy.Op{{Kind: policy.OpWrite, Space: "token", Name: hex.EncodeToString(session.nonce[:]), Keep: rememberTokens, Value: []byte(s.id)}}
		if (s.config.resumes() || session.comesBack()) && session.info.Leg == 1 && !session.info.Unidirectional { // in the same question: nothing comes before it
			ops = append(ops, s.firstLeg(session))
		}
		s.config.Store.Do(ctx, ops)
		if ops[0].Err == nil || !session.comesBack() || ctx.Err() != nil || time.Now().After(until) {
			break // a call that comes back and is taken for a new one would be greeted again
		}
	}
	if len(ops) > 1 && ops[1].OK {
		owned = ops[1].Generation
	}
	switch used := &ops[0]; {
	case used.Err != nil && session.comesBack() && age > firstWithin:
		return 0, errTokenUsed
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
	reason := ReasonPanic // of the host's code, unless the reading ends
	defer func() {
		close(stream.done)
		if stream.call == nil {
			s.disown(stream.info, stream.owned)
			stream.line.Close(closeNormal, "")
			stream.endPage(ReasonProtocol, nil, false)
			return
		}
		stream.call.end(reason, nil)
		stream.call.bury()
	}()
	reason = stream.take(ctx)
}

// takeMedia reads a Media Stream.
func (s *Server) takeMedia(ctx context.Context, stream *stream, conn *mediastream.Conn) Reason {
	last := ReasonDisconnect
	for event, err := range conn.Events(ctx) {
		if err != nil {
			break // stream.broken has it
		}
		call := stream.call
		switch event.Type {
		case mediastream.EventStart:
			if f := event.Start.Format; f != mediastream.Mulaw() {
				s.refuseStream(stream, mediastream.ErrorProtocol, fmt.Errorf("voice: stream format %v is not supported", f))
				continue
			}
			s.begin(ctx, stream, begin{event.Start.CallSID, event.Start.AccountSID, event.Start.StreamSID, event.Start.Tracks, nil})
		case mediastream.EventMedia:
			if call != nil {
				call.hear(event.Media)
			}
		case mediastream.EventDTMF:
			if call != nil {
				call.pressed(event.Digit)
			}
		case mediastream.EventMark:
			if call != nil {
				call.player.mark(event.Mark)
				call.owner.touch()
			}
		case mediastream.EventStop:
			last = ReasonHungUp
		}
	}
	return last
}

// pressed takes a key.
func (c *liveCall) pressed(key string) {
	if c.judge != nil {
		c.judge.pressed()
	}
	c.player.still.pressed()
	if !c.inbox.put(Event{Digit: key}) {
		c.log.Warn("key dropped: the handler does not read its events")
	}
}

// refuseStream closes a connection of which no call becomes.
func (s *Server) refuseStream(stream *stream, kind mediastream.ErrorType, err error) {
	s.config.Trace.WebSocketError(kind)
	stream.log.Warn("stream refused", "error_type", string(kind), "error", err)
	stream.line.Close(closePolicyViolation, "")
}

// WebSocket close codes, RFC 6455 section 7.4.1.
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closePolicyViolation = 1008
)

// begin is what the first message of a connection says of its call.
type begin struct {
	callSID, accountSID, streamSID string
	tracks                         []mediastream.Track
	made                           func(*liveCall) // is told of the call before it begins; may be nil
}

// begin makes a call of a stream whose first message has come, or refuses it.
func (s *Server) begin(ctx context.Context, stream *stream, with begin) {
	info := stream.info
	if with.callSID != info.SID || with.accountSID != info.AccountSID {
		s.refuseStream(stream, mediastream.ErrorAuth, errors.New("voice: start message is of another call than the session token"))
		return
	}
	now := time.Now()
	call := &liveCall{
		Call: &Call{
			Info:      info,
			StreamSID: with.streamSID,
			Started:   now,
			line:      stream.line,
			inbox:     newInbox(),
			player:    newPlayer(stream.line, func(f func()) { s.goes(func() { defer contain(stream.log); f() }) }),
			control:   s.config.CallControl,
			release: func() {
				s.finish(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed", Duration: -1}, streamed, true)
			},
			log:  stream.log.With("stream_sid", with.streamSID),
			page: stream.page,
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
		call.speaking.Config.CallSID = info.SID
	}
	call.player.told, call.player.interruption = call.spoke, s.config.Interruption
	if with.made != nil {
		with.made(call)
	}
	if !info.Unidirectional {
		call.player.still = newStillness(s.config.Silence, call.fellSilent)
	}
	if call.relay == nil && !info.Unidirectional {
		call.player.answers.told = func(gap time.Duration) { s.config.Trace.Answered(call.Info, gap) }
		call.judge = call.newJudge()
	}
	call.listeners = s.listenersOf(call, with.tracks) // before others know of the call
	if info.Leg > 1 && stream.passage.start.Before(now) {
		call.Started = stream.passage.start
	}
	switch {
	case info.Unidirectional:
		call.release = func() {} // its status callback tells of its end
	case s.config.resumes(), stream.comesBack:
		call.owner = s.ownerOf(call)
		call.inbox.given, call.inbox.readOn = call.owner.gave, call.owner.readsOn
	}
	if !s.register(call) {
		s.refuseStream(stream, mediastream.ErrorProtocol, errors.New("voice: the call has a stream already, or the server has shut down"))
		return
	}
	if !call.begins(ctx) {
		s.unregister(call)
		s.refuseStream(stream, mediastream.ErrorProtocol, errors.New("voice: the call has had this stream already, or the store does not say"))
		return
	}
	stream.call = call
	call.live(ctx)
}

// comeBackWait is how long a stream waits for the end of the same call's stream before
// it: a caller who comes back after a transfer may be faster than its last words.
const comeBackWait = 2 * time.Second

// register adds a call that has no stream, or soon has none, or whose stream before this
// one has broken, noticed or not; or that is listened to for the first time, or anew.
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
	if c.owner == nil && !c.Unidirectional {
		return false
	}
	a, b := &c.stream.passage, &next.stream.passage
	if c.Unidirectional {
		return a.chain < b.chain
	}
	return a.chain == b.chain && c.Leg < next.Leg || a.chain < b.chain && c.over.Load()
}
