package voice

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice/signature"
)

// Why a handshake is refused. The caller only ever sees a 403 or 503.
var (
	errTokenUsed  = errors.New("voice: session token was used before")
	errFull       = errors.New("voice: every place is taken, or the server has shut down")
	errDraining   = errors.New("voice: the call came after the server began to shut down")
	errTokensFull = errors.New("voice: too many session tokens to remember which were used")
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
	stream := &stream{info: session.info, comesBack: session.comesBack(), passage: session.passage, owned: session.owned, again: session.again, done: make(chan struct{}), accepted: time.Now(), log: s.config.Logger.With("call_sid", session.info.SID)}
	stream.page = s.openPage(session)
	accept := s.acceptMedia
	if session.wire == relayWire || session.comesBack() {
		accept = s.acceptRelay
	}
	if err := accept(w, r, stream); err != nil {
		stream.endPage(ReasonDisconnect, err, false)
		s.disown(stream.info, stream.owned)
		s.leaveUnkept()
		return
	}
	if !s.keep(stream) {
		stream.endPage(ReasonShutdown, nil, false)
		s.disown(stream.info, stream.owned)
		stream.line.Close(closeGoingAway, "")
		s.leaveUnkept()
		return
	}
	// The call outlives this request, whose goroutine and buffers are let go.
	go s.read(s.config.Trace.Begin(context.WithoutCancel(r.Context()), stream.info, StepStream), stream)
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
		session.owned, session.again, err = s.use(r.Context(), session)
	}
	if err == errTokenUsed && session.comesBack() {
		session, err = s.comesBack(r.Context(), session)
	}
	if err != nil {
		s.leaveUnkept()
	}
	return session, err
}

// succeeds reports whether this process has replaced the one that answered a webhook then,
// alone, so that the connection which that opened has broken.
func (s *Server) succeeds(issued time.Time) bool {
	return s.config.Resume == ResumeAlone && !s.config.Store.Shared() && issued.Before(s.started)
}

// use notes that a token has been used, here and where the other instances know. owned is
// the generation of the leg that it wrote for the stream, if it wrote one; again says that the
// call may have ended before.
func (s *Server) use(ctx context.Context, session session) (owned uint64, again bool, err error) {
	switch _, added := s.used.add(session.nonce, struct{}{}, time.Now()); added {
	case isKnown:
		return 0, false, errTokenUsed
	case isFull:
		return 0, false, errTokensFull
	}
	if !s.config.Store.Shared() {
		return 0, false, nil
	}
	var ops []policy.Op
	patience, age := askAgainFor, time.Since(session.issued())
	if age > atOnceWithin {
		patience = returnPatience
	}
	for until := time.Now().Add(patience); ; time.Sleep(askAgainEvery) {
		ops = []policy.Op{{Kind: policy.OpWrite, Space: "token", Name: hex.EncodeToString(session.nonce[:]), Keep: rememberTokens, Value: []byte(s.id)}}
		if (s.config.resumes() || session.comesBack()) && session.info.Leg == 1 && !session.info.Unidirectional { // in the same question: nothing comes before it
			ops = append(ops, s.firstLeg(session), policy.ReadEnd(session.info.SID))
		}
		s.config.Store.Do(ctx, ops)
		if ops[0].Err == nil || !session.comesBack() || ctx.Err() != nil || time.Now().After(until) {
			break // a call that comes back and is taken for a new one would be greeted again
		}
	}
	if len(ops) > 1 && ops[1].OK {
		owned = ops[1].Generation
		again = ops[2].Err != nil || ops[2].OK
	}
	switch used := &ops[0]; {
	case used.Err != nil && session.comesBack() && age > firstWithin:
		return 0, false, errTokenUsed
	case used.Err != nil: // which only the store knows, and refuses no call
		s.config.Logger.Warn("token not shared, this instance decides by itself", "call_sid", session.info.SID, "error", used.Err)
	case !used.OK: // on another instance
		s.disown(session.info, owned)
		return 0, false, errTokenUsed
	}
	return owned, again, nil
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
