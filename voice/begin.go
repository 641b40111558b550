package voice

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
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

		audioBegan: stream.accepted,
		buried:     make(chan struct{}),

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
		call.release = func() {} // its status callback reports its end
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

// listenersOf returns what hears a call: the caller, or each track of a call that is listened
// to.
func (s *Server) listenersOf(c *liveCall, tracks []mediastream.Track) []listener {
	has := func(t mediastream.Track) bool { return slices.Contains(tracks, t) }
	switch {
	case !c.Unidirectional, !has(mediastream.TrackOutbound):
		tracks = []mediastream.Track{mediastream.TrackInbound}
	case !has(mediastream.TrackInbound):
		tracks = []mediastream.Track{mediastream.TrackOutbound}
	default:
		tracks = []mediastream.Track{mediastream.TrackInbound, mediastream.TrackOutbound}
	}
	others := new(atomic.Int32)
	others.Store(int32(len(tracks)))
	all := make([]listener, len(tracks))
	for i, track := range tracks {
		l := &all[i]
		l.track, l.paced, l.others = track, c.Unidirectional, others
		l.judge, l.still = c.judge, c.player.still
		l.info, l.trace, l.log, l.inbox, l.hearing, l.page = c.Info, s.config.Trace, c.log, c.inbox, &s.hearing, c.page
		if c.Unidirectional {
			l.log = l.log.With("track", string(track))
		} else if conn, ok := c.stream.line.(*mediastream.Conn); ok {
			l.farEnd = conn.FarEnd
			l.farEnd(nil, 0) // from here on it knows what is sent
		}
		if c.measured() {
			l.meter = new(meter)
		}
	}
	return all
}

// newJudge returns the judge of a call.
func (c *liveCall) newJudge() *judge {
	return &judge{
		player:   c.player,
		language: c.server.config.Language,
		hears:    func() bool { return c.inbox.deafness() == nil },
		told:     c.bargedIn,
		log:      c.log,
	}
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

// enlist adds a call, and returns the one that has its SID then: another, or none when
// the server has shut down.
func (r *registry) enlist(call *liveCall) *liveCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.calls[call.key()]
	switch {
	case r.closed:
		return nil
	case before == nil:
	case before.precedes(call):
		before.over.Store(true)
		r.running++
		go func() {
			defer r.exit()
			before.end(ReasonMoved, nil)
		}()
	default:
		return before
	}
	call.passing = r.moving
	if !call.Unidirectional {
		r.goesOn(call.SID)
	}
	r.calls[call.key()] = call
	r.beat()
	return call
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

// unregister takes back what register did.
func (r *registry) unregister(call *liveCall) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(call.buried)
	close(call.settled)
	if r.calls[call.key()] == call {
		delete(r.calls, call.key())
	}
	r.rest()
}

// ownerOf returns the owner of a call whose stream has come.
func (s *Server) ownerOf(c *liveCall) *owner {
	p := &c.stream.passage
	o := &owner{
		server:  s,
		unheard: c.player.unheard,
		fenced:  func() { c.end(ReasonMoved, nil) },
		leg:     leg{phase: isUp, owner: s.id, info: Info{Call: policy.Call{SID: c.SID}, Leg: c.Leg}, began: c.began, passage: passage{chain: p.chain, start: c.Started, owed: p.owed}},
		sealed:  c.stream.owned,
		held:    c.stream.owned != 0,
	}
	if c.stream.comesBack { // Twilio says what it has, also while nobody is connected
		o.unheard, o.exact = c.player.unsent, true
	}
	o.talk, o.unread = s.keys.Load().openConversation(p.state, c.SID, p.leg)
	return o
}

// begins makes this instance the owner of the call, and finds out what came before. It
// reports false if this stream, or a later one, has begun elsewhere.
func (c *liveCall) begins(ctx context.Context) bool {
	if c.owner == nil || c.owner.held && c.began.Sub(c.stream.accepted) < saveEvery { // since its handshake
		return true
	}
	before, ok := c.owner.take(ctx)
	if !ok || c.Leg <= 1 {
		return ok
	}
	p := c.stream.passage
	if before.phase != isNone && before.chain == p.chain {
		p = before.after(p)
	}
	r := &Resumed{Leg: c.Leg, State: bytes.Clone(c.owner.talk.state), Unheard: p.unheard, Cause: p.cause}
	c.owner.inherits(p.unheard)
	if !p.broke.IsZero() {
		r.Gap = max(0, c.began.Sub(p.broke))
	}
	if r.Cause == "" {
		r.Cause = ReasonDisconnect
	}
	if c.owner.unread != nil {
		c.log.Warn("what the call's handler saved cannot be read", "error", c.owner.unread)
	}
	c.resumed = r
	c.server.enter()
	go func() { // for its place, where the policies are not shared
		defer c.server.exit()
		c.server.tell(policy.OutcomeRunning, c.Info.Call)
	}()
	return true
}
