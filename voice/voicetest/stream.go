package voicetest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
)

const (
	// closeTimeout is how long a host has to read what is left and to answer
	// the closing handshake. Twilio's is not documented.
	closeTimeout = 2 * time.Second
	// upstream is how many messages wait for a slow host, 10 s of one track,
	// before audio is lost (error 31930). Twilio's number is not documented.
	upstream = 500
)

// stream is one Media Stream of a call.
type stream struct {
	call          *Call
	sid           string
	name          string
	tracks        []mediastream.Track
	bidirectional bool
	callback      string // statusCallback
	method        string // of its requests

	carrier *mediastream.Carrier
	valve   *valve
	out     chan Message
	wrote   chan struct{} // closed when the writer is done
	done    chan struct{} // closed when the reader is done

	mu       sync.Mutex // also held while the carrier makes a message
	closed   bool       // out is closed
	frames   int        // media messages made, of all tracks
	overflow bool
	tooMuch  bool
	slow     time.Duration
	ended    error // why the reader ended
}

// openStream dials and announces the stream that s describes.
func (c *Call) openStream(ctx context.Context, t *twiml.Stream, bidirectional bool) (*stream, error) {
	s := &stream{
		call: c, sid: newSID("MZ"), name: t.Name, callback: twiml.Or(t.StatusCallback, ""), method: methodOf(t.StatusCallbackMethod), bidirectional: bidirectional,
		out: make(chan Message, upstream), wrote: make(chan struct{}), done: make(chan struct{}),
	}
	if s.name == "" {
		s.name = s.sid
	}
	switch t.Track {
	case "", "inbound_track":
		s.tracks = []mediastream.Track{mediastream.TrackInbound}
	case "outbound_track":
		s.tracks = []mediastream.Track{mediastream.TrackOutbound}
	case "both_tracks":
		s.tracks = []mediastream.Track{mediastream.TrackInbound, mediastream.TrackOutbound}
	default:
		return nil, c.warn(31941, "track %q", t.Track)
	}
	if bidirectional && s.tracks[0] != mediastream.TrackInbound || bidirectional && len(s.tracks) > 1 {
		return nil, c.warn(31941, "track %q in Connect, only inbound_track is allowed", t.Track)
	}
	c.change(func() { c.streamURL = t.URL })
	rawURL := t.URL
	if c.plan.streamURL != "" {
		rawURL = c.plan.streamURL
	}
	parameters := map[string]string{}
	for _, p := range t.Parameters {
		value := twiml.Or(p.Value, "")
		if len(p.Name)+len(value) >= 500 {
			c.warn(12200, "Parameter %q: name and value are longer than 499 characters", p.Name)
			continue
		}
		parameters[p.Name] = value
	}
	about := mediastream.Stream{StreamSID: s.sid, AccountSID: c.tw.cfg.AccountSID, CallSID: c.SID, Tracks: s.tracks, Parameters: parameters}
	if err := s.dial(ctx, rawURL, about); err != nil {
		if ctx.Err() == nil {
			s.report("stream-error", err.Error())
		}
		return nil, err
	}
	s.send("connected", s.carrier.Connected)
	s.send("start", s.carrier.Start)
	go s.write()
	go s.read()
	c.event(Opened, "%s %s", s.sid, rawURL)
	s.act(0)
	s.report("stream-started", "")
	c.change(func() { c.streams = append(slices.Clip(c.streams), s) })
	return s, nil
}

// dial opens the WebSocket with a signed handshake.
func (s *stream) dial(ctx context.Context, rawURL string, about mediastream.Stream) (problem error) {
	c := s.call
	u, err := url.Parse(rawURL)
	switch {
	case err != nil || u.Host == "":
		return c.warn(31923, "malformed URL %q", rawURL)
	case u.Scheme != "wss":
		return c.warn(31922, "scheme of %q is not wss", rawURL)
	case u.RawQuery != "":
		return c.warn(31920, "query string in %q", rawURL)
	}
	sent, told := time.Now(), Exchange{Hop: Handshake, Method: http.MethodGet, URL: rawURL}
	defer func() {
		if told.Err = problem; problem == nil {
			told.Status = http.StatusSwitchingProtocols
		}
		c.exchanged(sent, told)
	}()
	ctx, cancel := context.WithTimeout(ctx, c.tw.link.handshake)
	defer cancel()
	req, err := c.signed(ctx, Handshake, http.MethodGet, rawURL, nil)
	if err != nil {
		return c.warn(31923, "malformed URL %q: %v", rawURL, err)
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		s.valve, _ = info.Conn.(*valve)
	}})
	s.carrier, err = mediastream.Dial(ctx, req.URL.String(), about, &mediastream.DialOptions{
		Header: req.Header, Host: req.Host, Transport: c.tw.link.transport,
	})
	var refused *mediastream.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Code != 0:
		told.Status = refused.Code
		return c.warn(31920, "the handshake of %s was answered %d", rawURL, refused.Code)
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.warn(31902, "connection to %s refused", rawURL)
	case isUnreachable(err):
		return c.warn(31904, "%v", err)
	case context.Cause(ctx) == context.DeadlineExceeded:
		return c.warn(31901, "no answer to the handshake of %s within %v", rawURL, c.tw.link.handshake)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return c.warn(31900, "%v", err)
}

// send makes a message, lets faults edit it and queues it, all in one piece:
// messages are numbered in the order in which they are made.
func (s *stream) send(event string, message func() Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	m := message()
	if len(s.call.plan.messages) == 0 {
		return s.queue(m)
	}
	for _, m := range s.call.plan.edit(event, m) {
		if !s.queue(m) {
			return false
		}
	}
	return true
}

// queue hands a message to the writer, or loses it when the host is too slow.
func (s *stream) queue(m Message) bool {
	select {
	case s.out <- m:
		s.call.passed(s.sid, false, m)
		return true
	default:
	}
	if !s.overflow {
		s.overflow = true
		s.call.warn(31930, "the host does not read: audio is lost")
	}
	return false
}

// media sends one frame of a track, if it is one of the stream's.
func (s *stream) media(track mediastream.Track, frame []byte) {
	if slices.Contains(s.tracks, track) {
		s.frame(track, frame)
		s.act(s.frames)
	}
}

func (s *stream) frame(track mediastream.Track, frame []byte) {
	sent := s.send("media", func() Message {
		s.frames++
		return s.carrier.Media(track, frame)
	})
	if sent {
		s.call.mu.Lock()
		s.call.stats.FramesSent++
		s.call.mu.Unlock()
	}
}

// act runs the faults that are due after n frames.
func (s *stream) act(n int) {
	for _, act := range s.call.plan.frames[n] {
		act(&Socket{s})
	}
}

func (s *stream) dtmf(key string) {
	s.send("dtmf", func() Message { return s.carrier.DTMF(key) })
}

func (s *stream) marks(names []string) {
	for _, name := range names {
		s.send("mark", func() Message { return s.carrier.Mark(name) })
		s.call.event(Marked, "%s", name)
	}
}

// write writes queued messages until the queue is closed.
func (s *stream) write() {
	defer close(s.wrote)
	var broken error
	for m := range s.out {
		if broken == nil {
			broken = s.carrier.Send(m)
		}
	}
}

// read obeys the host until its socket ends.
func (s *stream) read() {
	defer close(s.done)
	for {
		s.mu.Lock()
		slow := s.slow
		s.mu.Unlock()
		if slow > 0 {
			select {
			case <-time.After(slow):
			case <-s.wrote: // the stream ends: what is left is read at once
			}
		}
		m, err := s.carrier.Receive(context.Background())
		if err != nil {
			s.ended = err
			return
		}
		s.call.passed(s.sid, true, m)
		switch {
		case m.Binary:
			s.call.warn(31950, "the host sent a binary message")
		case !s.bidirectional:
			s.call.warn(31924, "the host sent a message to a unidirectional stream")
		default:
			cmd, err := s.carrier.Parse(m)
			if err != nil {
				s.call.warn(31951, "%v", err)
				continue
			}
			s.obey(cmd)
		}
	}
}

func (s *stream) obey(cmd mediastream.Command) {
	c := s.call
	var marks []string
	fits := true
	c.mu.Lock()
	switch cmd.Type {
	case mediastream.CommandMedia:
		c.stats.FramesReceived++
		fits = c.player.play(cmd.Audio)
	case mediastream.CommandMark:
		c.stats.Marks++
		if c.player.mark(cmd.Mark) {
			marks = []string{cmd.Mark}
		}
	case mediastream.CommandClear:
		c.stats.Clears++
		marks = c.player.clear()
	}
	c.mu.Unlock()
	if cmd.Type == mediastream.CommandClear {
		c.event(Cleared, "")
	}
	if !fits && !s.tooMuch {
		s.tooMuch = true
		c.warn(31931, "more than 10 minutes of audio are queued: it is discarded")
	}
	s.marks(marks)
}

// stop ends the stream from Twilio's side: the call or the document is over.
func (s *stream) stop() {
	s.call.change(func() {
		s.call.streams = slices.DeleteFunc(slices.Clone(s.call.streams), func(o *stream) bool { return o == s })
		if s.bidirectional {
			s.call.player.clear()
		}
	})
	select {
	case <-s.done: // the host was first
	default:
		s.send("stop", s.carrier.Stop)
	}
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return
	}
	close(s.out)
	cut := time.AfterFunc(closeTimeout, func() { s.valve.Close() })
	defer cut.Stop()
	<-s.wrote
	if !s.valve.frozen() {
		s.carrier.Close(1000, "")
	}
	s.carrier.Abort()
	<-s.done
	s.finished()
}

// finished tells how the stream ended.
func (s *stream) finished() {
	var by *mediastream.CloseError
	if errors.As(s.ended, &by) {
		s.call.event(Closed, "%s %d %s", s.sid, by.Code, by.Reason)
	} else {
		s.call.event(Closed, "%s without a closing handshake", s.sid)
	}
	s.report("stream-stopped", "")
}

// report posts the stream's status callback.
func (s *stream) report(event, problem string) {
	if s.callback == "" {
		return
	}
	form := url.Values{
		"AccountSid": {s.call.tw.cfg.AccountSID}, "CallSid": {s.call.SID}, "StreamSid": {s.sid}, "StreamName": {s.name},
		"StreamEvent": {event}, "Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")},
	}
	if problem != "" {
		form.Set("StreamError", problem)
	}
	s.call.background.Go(func() { s.call.callback(s.method, s.callback, form) })
}
