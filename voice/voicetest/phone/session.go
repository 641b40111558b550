package phone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/voicetest"
)

const (
	// maxMessage is the longest message of a page, in bytes.
	maxMessage = 16 << 10
	// backlog is how many messages wait for a slow browser, 5 s of a call. Audio is lost
	// behind that, and then events.
	backlog = 512
	// reserved is how many of these are kept for events.
	reserved = 256
	// patience is how long a browser has to say whom to call, and to take a message.
	patience = 15 * time.Second
	// maxTodo is how many keys and recordings wait.
	maxTodo = 32
	// maxTyped is the longest text that is said, in bytes.
	maxTyped = 1000
	// maxNumber is the longest number, or SIP address.
	maxNumber = 256
)

// session is a call of a browser, which has one connection for it. Messages are JSON; frames of
// audio are binary: to the server 8 kHz mu-law of any length, to the browser the loudness of what
// is said, whether somebody speaks, and 20 ms of what is heard.
type session struct {
	phone  *Phone
	conn   *websocket.Conn
	begun  time.Time
	call   atomic.Pointer[voicetest.Call]
	hung   chan struct{} // closed when the call is to end
	deaf   chan struct{} // closed when playbacks are not followed any more
	once   sync.Once
	work   sync.WaitGroup
	keys   chan func(*voicetest.Call) // one after the other
	speech chan func(*voicetest.Call)

	handset handset
	wire    wire

	mu        sync.Mutex
	out       []message
	wake      chan struct{}
	lost      int  // events that the browser did not take
	ended     bool // the call has: nothing more is followed
	told      bool // all of it was told
	numbers   int  // of turns
	interim   int  // number of what the caller is saying; 0 = nothing
	followed  int  // playbacks that are being followed
	following sync.WaitGroup
}

// message is one for the browser.
type message struct {
	audio []byte // or
	event any
}

// request is what a page asks for.
type request struct {
	Type      string // dial, digits, recording, type, hangup
	From, To  string
	Digits    string
	Recording int
	Text      string
}

// serveCall is the connection of a call: it rings when the browser has said whom, and ends with
// the connection, which ends with it.
func (p *Phone) serveCall(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" { // a browser's is set, and was held against the Host
		http.Error(w, "pages of this phone only", http.StatusForbidden)
		return
	}
	s := &session{phone: p, hung: make(chan struct{}), deaf: make(chan struct{}), keys: make(chan func(*voicetest.Call), maxTodo), speech: make(chan func(*voicetest.Call), maxTodo), wake: make(chan struct{}, 1)}
	if !p.enter(s) {
		http.Error(w, fmt.Sprintf("there are %d calls already", p.config.MaxCalls), http.StatusServiceUnavailable)
		return
	}
	defer p.leave(s)
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it was answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	s.conn = conn
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	dial, _, err := s.read(ctx)
	cancel()
	if err != nil || dial.Type != "dial" || !isNumber(dial.From) || !isNumber(dial.To) {
		conn.Close(websocket.StatusPolicyViolation, "want the numbers to dial")
		return
	}
	s.run(dial)
	conn.Close(websocket.StatusNormalClosure, "")
}

func isNumber(s string) bool {
	return s != "" && len(s) <= maxNumber && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}

func (p *Phone) enter(s *session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.open) >= p.config.MaxCalls {
		return false
	}
	p.open[s] = struct{}{}
	p.wait.Add(1)
	return true
}

func (p *Phone) leave(s *session) {
	p.mu.Lock()
	delete(p.open, s)
	if call := s.call.Load(); call != nil {
		delete(p.calls, call.SID)
	}
	p.mu.Unlock()
	p.wait.Done()
}

// find returns the session of a call; nil if a browser has none of it.
func (p *Phone) find(callSID string) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[callSID]
}

func (s *session) hangUp() { s.once.Do(func() { close(s.hung) }) }

// run is the call.
func (s *session) run(dial request) {
	s.begun = time.Now()
	s.handset.begin(s)
	s.wire.begin(s)
	over := make(chan struct{})
	s.work.Go(s.write)
	s.work.Go(s.listen)
	s.work.Go(func() { s.act(s.keys, over) })
	s.work.Go(func() { s.act(s.speech, over) })

	options := append([]voicetest.Option{
		voicetest.Held(voicetest.Handset{Speak: s.handset.speak, Hear: s.handset.hear}),
		voicetest.Watch(voicetest.Watcher{Begun: s.began, Event: s.wire.event, Exchange: s.wire.exchange, Message: s.wire.message}),
	}, s.phone.config.Options...)
	limit := time.AfterFunc(s.phone.config.MaxDuration, s.hangUp)
	call := s.phone.config.Twilio.Dial(dial.From, dial.To, options...)
	err := call.Wait(context.Background())
	limit.Stop()
	close(over)
	s.finish(call, err)
	s.hangUp()
	s.work.Wait()
}

// began notes the call before its first request.
func (s *session) began(call *voicetest.Call) {
	s.call.Store(call)
	p := s.phone
	p.mu.Lock()
	p.calls[call.SID] = s
	p.mu.Unlock()
	s.tell(map[string]any{"type": "state", "state": "ringing", "sid": call.SID})
	s.work.Go(func() {
		<-s.hung
		call.HangUp()
	})
}

// finish tells how the call ended.
func (s *session) finish(call *voicetest.Call, err error) {
	warnings := []string{}
	for _, w := range call.Warnings() {
		warnings = append(warnings, w.Error())
	}
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	s.followers()
	stats := call.Stats()
	s.tell(map[string]any{
		"type": "ended", "at": s.now(), "state": call.Status(), "seconds": call.Duration().Seconds(), "reason": reason, "warnings": warnings[:min(len(warnings), 20)],
		"sent": stats.FramesSent, "received": stats.FramesReceived, "gaps": stats.Gaps, "clears": stats.Clears,
	})
	s.mu.Lock()
	s.told = true
	s.mu.Unlock()
	s.signal()
}

// read returns the next message of the browser: what it asks for, or audio.
func (s *session) read(ctx context.Context) (r request, audio []byte, err error) {
	kind, data, err := s.conn.Read(ctx)
	if err != nil || kind == websocket.MessageBinary {
		return r, data, err
	}
	return r, nil, json.Unmarshal(data, &r)
}

// listen does what the browser asks for, until it has gone: that hangs up.
func (s *session) listen() {
	defer s.hangUp()
	for {
		r, audio, err := s.read(context.Background())
		if err != nil {
			return
		}
		if audio != nil {
			s.handset.take(audio)
			continue
		}
		switch r.Type {
		case "digits":
			digits := r.Digits
			s.later(s.keys, func(call *voicetest.Call) { s.fails("Nobody listens to keys", call.Digits(digits)) })
		case "recording":
			if r.Recording < 0 || r.Recording >= len(s.phone.config.Recordings) {
				continue
			}
			recording := s.phone.config.Recordings[r.Recording]
			s.later(s.speech, func(call *voicetest.Call) {
				s.tell(map[string]any{"type": "recording", "name": recording.Name, "on": true})
				s.fails("Nobody listens to the recording", call.SpeakAudio(recording.Audio))
				s.tell(map[string]any{"type": "recording", "name": recording.Name})
			})
		case "type":
			if text := strings.TrimSpace(r.Text); text != "" && len(text) <= maxTyped {
				s.later(s.speech, func(call *voicetest.Call) { s.fails("Nobody listens to words", s.says(call, text)) })
			}
		case "hangup":
			s.hangUp()
		}
	}
}

// later adds what is to be done with the call, or tells that too much waits.
func (s *session) later(lane chan<- func(*voicetest.Call), do func(*voicetest.Call)) {
	select {
	case lane <- do:
	default:
		s.note("Too much waits: nothing was done")
	}
}

// act does what is to be done, one after the other.
func (s *session) act(lane <-chan func(*voicetest.Call), over <-chan struct{}) {
	for {
		select {
		case do := <-lane:
			if call := s.call.Load(); call != nil {
				do(call)
			}
		case <-over:
			return
		}
	}
}

// fails tells why something could not be done.
func (s *session) fails(what string, err error) {
	if err != nil {
		s.note(what + ": " + err.Error())
	}
}

// note tells the browser something for its log.
func (s *session) note(text string) {
	s.tell(map[string]any{"type": "note", "at": s.now(), "text": text})
}

// now returns the seconds since the call was placed.
func (s *session) now() float64 { return time.Since(s.begun).Seconds() }

// says says what was typed: as words where Twilio listens, else with the voice.
func (s *session) says(call *voicetest.Call, text string) error {
	if s.wire.hears() {
		return call.Says(text)
	}
	if s.wire.gathers() {
		return call.Answer(text)
	}
	if s.phone.config.Voice == nil {
		return errors.New("there is no voice on this machine, and the service listens to audio")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var audio []byte
	for chunk, err := range tts.Speak(s.phone.config.Voice, tts.Text(text), tts.Options{}).Audio(ctx) {
		if err != nil {
			return err
		}
		audio = append(audio, chunk.Audio...)
	}
	return call.SpeakAudio(audio)
}

// tell queues an event for the browser.
func (s *session) tell(event any) {
	s.mu.Lock()
	if len(s.out) < backlog {
		s.out = append(s.out, message{event: event})
	} else {
		s.lost++
	}
	s.mu.Unlock()
	s.signal()
}

// play queues a frame for the browser, unless it is slow.
func (s *session) play(frame []byte) {
	s.mu.Lock()
	if len(s.out) < backlog-reserved {
		s.out = append(s.out, message{audio: frame})
	}
	s.mu.Unlock()
	s.signal()
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued until the call has ended and all of it was sent. A browser that
// does not take it has gone, which hangs up.
func (s *session) write() {
	defer s.conn.CloseNow() // ends the reader
	gone := false
	for range s.wake {
		s.mu.Lock()
		out, lost, told := s.out, s.lost, s.told
		s.out, s.lost = nil, 0
		s.mu.Unlock()
		if lost > 0 {
			out = append(out, message{event: map[string]any{"type": "note", "at": s.now(), "text": fmt.Sprintf("The browser was slow: %d entries are missing", lost)}})
		}
		for _, m := range out {
			if gone = gone || s.send(m) != nil; gone {
				s.hangUp()
				break
			}
		}
		if told {
			break
		}
	}
	if !gone {
		s.conn.Close(websocket.StatusNormalClosure, "")
	}
}

func (s *session) send(m message) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if m.audio != nil {
		return s.conn.Write(ctx, websocket.MessageBinary, m.audio)
	}
	data, err := json.Marshal(m.event)
	if err != nil { // of strings and numbers
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, data)
}
