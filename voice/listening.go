package voice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
)

// Errors of calls that are listened to.
var (
	// ErrListening is returned by Say, Play, Ask and other methods of a call that is only
	// listened to: its stream takes no audio. Only a call of Config.Handler can be spoken to.
	ErrListening = errors.New("voice: the call is only listened to: nothing can be said in it")
	// ErrNoListener is returned by Listening without a Config.Listener.
	ErrNoListener = errors.New("voice: Config.Listener is nil: nobody listens")
	// ErrNoPlace is returned by Listening when the server has no place for another stream, or
	// shuts down. The call can go on without being listened to.
	ErrNoPlace = errors.New("voice: every place is taken, or the server shuts down")
)

// StreamName is the name at Twilio of the stream of a call that is listened to, by which the
// host's TwiML can end it: <Stop><Stream name="dialtone"/></Stop>.
const StreamName = "dialtone"

// Listening returns TwiML that streams a call to [Config].Listener, by <Start><Stream>, and
// runs the verbs of the host: a Dial to a second person, a conference, somebody else's bot.
// r is the webhook that the TwiML answers. It must come through [Server.Admitted] or
// [Server.Verified], so that the policy has decided about the call.
//
// The Track of each transcript in the Listener's [Call] is the side that speaks: "inbound" is
// the caller, "outbound" whatever the caller hears. Nothing can be said in it: Say, Play, Ask,
// Digits and Interrupt return [ErrListening]. Such a stream takes a place of MaxStreams, counts
// in Stats.ActiveCalls, and ends with the call, by <Stop>, after MaxDuration, or when the
// Listener returns. The end of the stream does not hang up: the call goes on until its
// status callback, which also counts it. A call can have a stream of its own for the
// Handler besides, before or after; a second one to listen replaces the first. Twilio goes on
// without a stream that fails, and asks for no other. When the engine fails on one of two
// tracks, Events report it.
//
// Errors are [ErrNoListener], [ErrNoPlace], and what is wrong with the arguments: a request
// that was not checked, an unknown track, no verbs, without which the call would end at once,
// or what [twiml.Response.Validate] finds.
func (s *Server) Listening(r *http.Request, tracks twiml.Track, then ...twiml.Verb) (*twiml.Response, error) {
	info := infoOf(r.PostForm)
	if r.Context().Value(checkedKey{}) != s || !callSID.MatchString(info.SID) {
		return nil, errors.New("voice: listening: the request has not come through Admitted or Verified")
	}
	if info.Query = r.URL.RawQuery; len(info.Query) > maxQuery {
		info.Query = ""
	}
	return s.listening(info, tracks, then)
}

// Listening is [Server.Listening] for TwiML that takes the call elsewhere, by
// [Call.Transfer]: a call that is handed to a person goes on being transcribed.
func (c *Call) Listening(tracks twiml.Track, then ...twiml.Verb) (*twiml.Response, error) {
	return c.listen(tracks, then)
}

// checkedKey is the key of the server in the context of a request that it has checked.
type checkedKey struct{}

// checked notes that a request has been checked.
func (s *Server) checked(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), checkedKey{}, s))
}

func (s *Server) listening(info Info, tracks twiml.Track, then []twiml.Verb) (*twiml.Response, error) {
	if s.config.Listener == nil {
		return nil, ErrNoListener
	}
	if len(then) == 0 {
		return nil, errors.New("voice: listening: no verbs: the call would end at once")
	}
	for i, verb := range then {
		if option.Nil(verb) {
			return nil, fmt.Errorf("voice: listening: verb %d is nil", i)
		}
	}
	now := time.Now()
	info.Leg, info.Unidirectional = 1, true
	session := newSession(info, now)
	session.passage, session.wire = passage{chain: now.UnixNano(), start: now}, listeningWire
	stream := &twiml.Stream{Name: StreamName, Track: tracks}
	document := twiml.New(append([]twiml.Verb{&twiml.Start{Nouns: []twiml.StartNoun{stream}}}, then...)...)
	address := func() { stream.URL = s.streamBase + s.config.Path + streamRoute + s.keys.Load().tokens.sign(session) }
	address()
	if err := document.Validate(); err != nil {
		return nil, fmt.Errorf("voice: listening: %w", err)
	}
	nonce, ok := s.reserveNew()
	if !ok {
		return nil, ErrNoPlace
	}
	session.nonce = nonce
	address()
	return document, nil
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

// hear takes one frame of the stream's audio.
func (c *liveCall) hear(media mediastream.Frame) {
	if c.heardUntil = media.Timestamp; c.audioBegan.IsZero() {
		c.audioBegan = time.Now().Add(-media.Timestamp)
	}
	c.server.config.Trace.FrameReceived()
	for i := range c.listeners {
		c.listeners[i].hear(media)
	}
}

// expectAll passes an Expectation on to the recognisers.
func (c *liveCall) expectAll(e stt.Expectation) error {
	if c.judge != nil {
		c.judge.expects(e)
	}
	var failed error
	for i := range c.listeners {
		if err := c.listeners[i].expect(e); err != nil {
			failed = err
		}
	}
	return failed
}

// someoneSpeaks reports whether somebody does, as the recognisers hear.
func (c *liveCall) someoneSpeaks() bool {
	for i := range c.listeners {
		if c.listeners[i].speaks.Load() {
			return true
		}
	}
	return false
}

// stopListening ends listening, on all tracks at once. With lastWords it waits for what was
// just said.
func (c *liveCall) stopListening(lastWords bool) {
	done := make(chan struct{})
	for i := range c.listeners[1:] {
		go func() {
			defer func() { done <- struct{}{} }()
			c.listeners[1+i].close(lastWords)
		}()
	}
	c.listeners[0].close(lastWords)
	for range c.listeners[1:] {
		<-done
	}
}
