package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
)

// Errors of calls that are listened to.
var (
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

// tellAudio tells the log what arrives and what is sent, until the call ends.
func (c *liveCall) tellAudio(ctx context.Context) {
	timer := time.NewTimer(meterFirst)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		for i := range c.listeners {
			c.listeners[i].tellAudio()
		}
		if stats := c.line.Stats(); !c.Unidirectional {
			c.log.Debug("audio sent", "messages", stats.MessagesOut, "queued_ms", stats.Queued.Milliseconds(), "unplayed_ms", stats.Unplayed.Milliseconds(), "playbacks", c.player.unheard())
		}
		timer.Reset(meterEvery)
	}
}

// measured reports whether the log describes the audio.
func (c *liveCall) measured() bool { return c.log.Enabled(context.Background(), slog.LevelDebug) }
