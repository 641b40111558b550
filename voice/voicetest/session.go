package voicetest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/relay"
)

const (
	// maxReplayed is how many events Twilio keeps for an application that is away.
	maxReplayed = 500
	// reconnectEvery and reconnectFor are how it tries to come back. Twilio's are not
	// documented.
	reconnectEvery = 200 * time.Millisecond
	reconnectFor   = 10 * time.Second
	maxRefused     = 5
)

// session is a ConversationRelay of a call.
type session struct {
	call  *Call
	sid   string
	noun  *twiml.ConversationRelay
	url   string
	begun time.Time

	speaking sync.Mutex // one thing is said at a time by the caller

	mu       sync.Mutex
	carrier  *relay.Carrier // nil while the application is away
	valve    *valve
	kept     []relay.Event // for it
	lost     int           // beyond what is kept
	language string        // of what the caller says
	handoff  string
	asked    bool     // the application has ended the session
	failed   error    // why it has ended otherwise
	failover []string // what a provider has taken over
	parts    []*part  // what is to be said
	wake     chan struct{}
	talks    bool // Twilio speaks
}

// runSession runs a ConversationRelay and returns what the action is told.
func (c *Call) runSession(ctx context.Context, noun *twiml.ConversationRelay) url.Values {
	s := &session{call: c, sid: newSID("VX"), noun: noun, url: noun.URL, begun: time.Now(), wake: make(chan struct{}, 1),
		language: or(or(noun.TranscriptionLanguage, noun.Language), "en-US")}
	c.change(func() { c.streamURL, c.relayed = noun.URL, true })
	if c.plan.streamURL != "" {
		s.url = c.plan.streamURL
	}
	status := "failed"
	if s.speakable() && s.dial(ctx) == nil {
		status = s.run(ctx)
	}
	form := url.Values{"SessionId": {s.sid}, "SessionStatus": {status}, "SessionDuration": {strconv.Itoa(int(time.Since(s.begun).Seconds() * c.tw.cfg.Pace))}}
	if s.handoff != "" {
		form.Set("HandoffData", s.handoff)
	}
	return form
}

// dial connects to the application and sends the setup message.
func (s *session) dial(ctx context.Context) (problem error) {
	c := s.call
	u, err := url.Parse(s.url)
	if err != nil || u.Host == "" || u.Scheme != "wss" {
		return c.warn(64102, "url %q is not of the form wss://...", s.url)
	}
	sent, told := time.Now(), Exchange{Hop: Handshake, Method: http.MethodGet, URL: s.url}
	defer func() {
		if told.Err = problem; problem == nil {
			told.Status = http.StatusSwitchingProtocols
		}
		c.exchanged(sent, told)
	}()
	ctx, cancel := context.WithTimeout(ctx, c.tw.link.handshake)
	defer cancel()
	req, err := c.signed(ctx, Handshake, http.MethodGet, s.url, nil)
	if err != nil {
		return c.warn(64102, "malformed URL %q: %v", s.url, err)
	}
	var v *valve
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { v, _ = info.Conn.(*valve) }})
	carrier, err := relay.Dial(ctx, req.URL.String(), &relay.DialOptions{Header: req.Header, Host: req.Host, Transport: c.tw.link.transport})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
			return cause
		}
		return c.warn(64102, "cannot connect to %s: %v", s.url, err)
	}
	parameters := map[string]string{}
	for _, p := range s.noun.Parameters {
		parameters[p.Name] = twiml.Or(p.Value, "")
	}
	setup := relay.Event{Type: relay.EventSetup, Session: &relay.Session{
		SessionID: s.sid, AccountSID: c.tw.cfg.AccountSID, CallSID: c.SID, ParentCallSID: c.parent, From: c.From, To: c.To, CallType: "PSTN",
		Direction: c.direction, CallStatus: "IN-PROGRESS", Parameters: parameters,
	}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.carrier, s.valve = carrier, v
	s.send(setup)
	kept := s.kept
	s.kept = nil
	for _, e := range kept {
		s.send(e)
	}
	return nil
}

// run goes on until the session ends, and returns its status.
func (s *session) run(ctx context.Context) (status string) {
	c := s.call
	c.change(func() {
		c.session = s
		if !c.broke.IsZero() {
			c.silences = append(c.silences, time.Since(c.broke))
		}
	})
	c.event(Opened, "%s %s", s.sid, s.url)
	speaking, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { s.speak(speaking) })
	if greeting := s.noun.WelcomeGreeting; greeting != "" {
		s.queue(&part{tokens: greeting, whole: true, interruptible: interrupts(s.noun.WelcomeGreetingInterruptible)})
	}
	defer func() {
		stop()
		work.Wait()
		c.change(func() { c.session, c.broke = nil, time.Now() })
		c.event(Closed, "%s %s", s.sid, status)
	}()
	refused := 0 // connections in a row that the application closed at once
	for {
		since := time.Now()
		err := s.read(ctx)
		if refused++; time.Since(since) > time.Second {
			refused = 0
		}
		s.mu.Lock()
		asked, failed, carrier := s.asked, s.failed, s.carrier
		s.mu.Unlock()
		var closed *mediastream.CloseError
		switch {
		case ctx.Err() != nil, asked:
			if carrier != nil {
				carrier.Close(1000, "")
			}
			return "completed"
		case failed != nil:
			if carrier != nil {
				carrier.Close(1000, "")
			}
			return "failed"
		case errors.As(err, &closed) && (closed.Code == 1000 || closed.Code == 1001 && !s.noun.ApplicationReconnect.Or(false)):
			return "ended"
		case !s.noun.ApplicationReconnect.Or(false) || refused > maxRefused:
			c.warn(64102, "the connection broke: %v", err)
			return "failed"
		}
		s.mu.Lock()
		s.carrier = nil
		s.mu.Unlock()
		if carrier != nil {
			carrier.Abort()
		}
		if !s.comeBack(ctx) {
			return "failed"
		}
	}
}

// comeBack connects again.
func (s *session) comeBack(ctx context.Context) bool {
	broke := time.Now()
	for giveUp := broke.Add(reconnectFor); time.Now().Before(giveUp); {
		select {
		case <-time.After(reconnectEvery):
		case <-ctx.Done():
			return true // and its end is seen there
		}
		if s.dial(ctx) == nil {
			s.call.change(func() { s.call.silences = append(s.call.silences, time.Since(broke)) })
			s.call.event(Opened, "%s again", s.sid)
			return true
		}
		if ctx.Err() != nil {
			return true
		}
	}
	return false
}

// read obeys the application until its connection ends.
func (s *session) read(ctx context.Context) error {
	s.mu.Lock()
	carrier := s.carrier
	s.mu.Unlock()
	if carrier == nil {
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, func() { // which ends the reading, behind what the caller was saying
		s.speaking.Lock()
		defer s.speaking.Unlock()
		carrier.Close(1000, "")
	})
	defer stop()
	for {
		m, err := carrier.Receive(context.Background())
		if err != nil {
			return err
		}
		s.call.passed(s.sid, true, m)
		parsed, err := relay.ParseMessage(m.Data)
		if m.Binary || err != nil {
			s.refuse(64107, "the host sent an invalid message: %v", err)
			continue
		}
		s.call.count(func(st *Stats) { st.FramesReceived++ })
		s.obey(parsed)
		s.mu.Lock()
		asked := s.asked
		s.mu.Unlock()
		if asked {
			return nil
		}
	}
}

// refuse warns of a message that is not obeyed, and tells the application.
func (s *session) refuse(code int, format string, args ...any) {
	err := s.call.warn(code, format, args...)
	s.tell(relay.Event{Type: relay.EventError, Problem: err.Error()})
}

func (s *session) obey(m relay.Message) {
	c := s.call
	interruptible := func(own *bool) bool {
		if own != nil {
			return *own
		}
		return interrupts(s.noun.Interruptible)
	}
	preemptible := func(own *bool) bool {
		if own != nil {
			return *own
		}
		return s.noun.Preemptible.Or(false)
	}
	switch m := m.(type) {
	case relay.Text:
		if err := s.mismatch(m.Language); err != nil {
			s.refuse(64106, "%v", err)
			return
		}
		s.mu.Lock()
		var last *part
		if n := len(s.parts); n > 0 && !s.parts[n-1].whole {
			last = s.parts[n-1]
		} else {
			s.preempt()
			last = &part{interruptible: interruptible(m.Interruptible), preemptible: preemptible(m.Preemptible)}
			s.parts = append(s.parts, last)
		}
		last.tokens += m.Token
		last.whole = m.Last
		s.mu.Unlock()
		s.signal()
	case relay.Play:
		s.mu.Lock()
		s.preempt()
		s.mu.Unlock()
		s.queue(&part{file: m.Source, whole: true, interruptible: interruptible(m.Interruptible), preemptible: preemptible(m.Preemptible)})
	case relay.Digits:
		c.change(func() { c.sent += m.Digits })
		c.event(Pressed, "%s, by the host", m.Digits)
	case relay.Language:
		for _, l := range []string{m.TTS, m.Transcription} {
			if err := s.mismatch(l); err != nil {
				s.refuse(64106, "%v", err)
				return
			}
		}
		s.mu.Lock()
		s.language = or(m.Transcription, s.language)
		s.mu.Unlock()
	case relay.End:
		s.mu.Lock()
		s.asked, s.handoff = true, m.HandoffData
		s.mu.Unlock()
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// interrupts reports whether the caller's speech interrupts.
func interrupts(i twiml.Interruption) bool {
	switch strings.ToLower(string(i)) {
	case "none", "false", "dtmf":
		return false
	}
	return true
}

// interruptsByKey reports whether keys do.
func interruptsByKey(i twiml.Interruption) bool {
	switch strings.ToLower(string(i)) {
	case "none", "false", "speech":
		return false
	}
	return true
}

// says has the caller say something. What interrupts comes before the words that do.
func (s *session) says(text string) {
	s.speaking.Lock()
	defer s.speaking.Unlock()
	c := s.call
	c.event(Speaking, "begins")
	if s.subscribed(twiml.RelaySpeakerEvents) {
		s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoClientSpeaking, Value: "on"}})
	}
	unheard := s.interrupt(func(p *part) bool { return p.interruptible })
	reported := s.noun.ReportInputDuringAgentSpeech
	unheard = unheard && reported != twiml.ReportSpeech && reported != twiml.ReportAny
	s.mu.Lock()
	language := s.language
	s.mu.Unlock()
	words := strings.Fields(text)
	for n, word := range words {
		if c.sleep(c.ctx, sayTime(word+" ")) != nil {
			if n > 0 && !unheard && s.noun.PartialPromptOnHangup.Or(false) {
				s.tell(relay.Event{Type: relay.EventPrompt, Speech: relay.Speech{Text: strings.Join(words[:n], " "), Language: language, Last: true}})
			}
			return
		}
		if !unheard && n < len(words)-1 && s.noun.PartialPrompts.Or(false) {
			s.tell(relay.Event{Type: relay.EventPrompt, Speech: relay.Speech{Text: strings.Join(words[:n+1], " "), Language: language}})
		}
	}
	c.event(Speaking, "ends")
	if s.subscribed(twiml.RelaySpeakerEvents) {
		s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoClientSpeaking, Value: "off"}})
	}
	if !unheard {
		s.tell(relay.Event{Type: relay.EventPrompt, Speech: relay.Speech{Text: text, Language: language, Last: true}})
	}
}

// press has the caller press keys.
func (s *session) press(keys string) bool {
	if !s.noun.DTMFDetection.Or(false) {
		return false
	}
	for _, key := range keys {
		s.interrupt(func(p *part) bool { return p.interruptible && interruptsByKey(s.noun.Interruptible) })
		s.tell(relay.Event{Type: relay.EventDTMF, Digit: string(key)})
	}
	return true
}

// tell tells the application something, or keeps it until that is back.
func (s *session) tell(e relay.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(e)
}

// send is tell. The caller holds the lock.
func (s *session) send(e relay.Event) {
	for _, m := range s.call.plan.edit(e.Type.String(), Message{Data: e.AppendJSON(nil)}) {
		s.sendMessage(e, m)
	}
}

func (s *session) sendMessage(e relay.Event, m Message) {
	if s.carrier != nil && s.carrier.Send(m) == nil {
		s.call.passed(s.sid, false, m)
		s.call.count(func(st *Stats) { st.FramesSent++ })
		return
	}
	if !s.noun.ApplicationReconnect.Or(false) || e.Type == relay.EventSetup {
		return
	}
	if len(s.kept) >= maxReplayed {
		s.lost++
		return
	}
	s.kept = append(s.kept, e)
}

// raw sends a message as it is.
func (s *session) raw(m Message) {
	s.mu.Lock()
	carrier := s.carrier
	s.mu.Unlock()
	if carrier != nil {
		_ = carrier.Send(m) // to a host that has gone
	}
}

// reset resets the connection.
func (s *session) reset() {
	s.mu.Lock()
	v := s.valve
	s.mu.Unlock()
	if v != nil {
		v.reset()
	}
}
