// Package faketts has servers that speak the protocols of text-to-speech services and
// misbehave on demand. They say a text as [ttstest.Fake] does.
package faketts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// Trouble is the failure of an utterance of a [Live] server. The zero value is none.
type Trouble struct {
	Status int         // the handshake before the utterance is refused with it, and an answer that quotes the request
	Header http.Header // of the refusal

	After   time.Duration // of the utterance's audio, when what follows happens
	Message string        // is sent as a text message; "%s" in it is the utterance's context
	Binary  []byte        // is sent as a binary message
	Repeat  int           // how often they are sent; 0 = once
	Close   int           // the connection is closed with this code
	Reason  string        // of the close
	Cut     bool          // the connection breaks without a close
	Hang    bool          // nothing more comes until the client stops the utterance
	End     bool          // the service says that this was all

	Extra   time.Duration // of silence behind the audio
	Stale   bool          // what was under way goes on coming after the client has stopped it
	Strange bool          // each message follows one of a kind that is not known
	Untimed bool          // no word times come
}

func (t Trouble) due() bool {
	return t.Message != "" || t.Binary != nil || t.Close != 0 || t.Cut || t.Hang || t.End
}

// Live is a fake of a streaming speech service. It says a text as [ttstest.Fake]
// does. It is made by the constructor of a service, as [NewDeepgram]; the zero value is not usable.
type Live struct {
	URL string // ws://...

	service func() protocol
	script  func(n int) Trouble

	mu       sync.Mutex
	said     int // utterances
	conns    int
	requests []*http.Request
	messages []string
	texts    []string
}

// protocol is a service's, from its side, on one connection.
type protocol interface {
	// refuses returns the status and the header of a handshake that is refused, 0 if it
	// is not.
	refuses(r *http.Request) (int, http.Header)
	hello(c *liveConn)
	receive(c *liveConn, data []byte)
}

func newLive(tb testing.TB, service func() protocol, script func(n int) Trouble) *Live {
	l := &Live{service: service}
	l.Script(script)
	server := httptest.NewServer(l)
	tb.Cleanup(server.Close)
	l.URL = "ws" + strings.TrimPrefix(server.URL, "http")
	return l
}

// Script replaces the script for the utterances that are to come.
func (l *Live) Script(script func(n int) Trouble) {
	if script == nil {
		script = func(int) Trouble { return Trouble{} }
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.script = script
}

// Connections returns how many handshakes were accepted.
func (l *Live) Connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns
}

// Requests returns the handshakes.
func (l *Live) Requests() []*http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*http.Request(nil), l.requests...)
}

// Messages returns the messages of clients.
func (l *Live) Messages() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.messages...)
}

// Texts returns the texts that clients sent, piece by piece.
func (l *Live) Texts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.texts...)
}

// ServeHTTP implements http.Handler.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.requests = append(l.requests, r.Clone(context.WithoutCancel(r.Context())))
	trouble := l.script(l.said)
	l.mu.Unlock()
	p := l.service()
	status, header := p.refuses(r)
	if trouble.Status != 0 {
		status, header = trouble.Status, trouble.Header
	}
	if status != 0 {
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "cannot %s %s with %v", r.Method, r.URL, r.Header)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	l.mu.Lock()
	l.conns++
	l.mu.Unlock()
	c := &liveConn{server: l, ws: ws, ctx: r.Context(), request: r}
	p.hello(c)
	for !c.closed {
		_, data, err := ws.Read(r.Context())
		if err != nil {
			return
		}
		l.mu.Lock()
		l.messages = append(l.messages, string(data))
		l.mu.Unlock()
		p.receive(c, data)
	}
}

// liveConn is one connection.
type liveConn struct {
	server  *Live
	ws      *websocket.Conn
	ctx     context.Context
	request *http.Request
	strange bool
	closed  bool
}

// utterance is a text that a client sends without a break.
type utterance struct {
	trouble Trouble
	context string
	speed   float64 // 0 = 1
	made    time.Duration
	over    bool // nothing more comes
}

// begin begins the next utterance.
func (c *liveConn) begin(context string, speed float64) *utterance {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	u := &utterance{trouble: c.server.script(c.server.said), context: context, speed: speed}
	c.server.said++
	c.strange = u.trouble.Strange
	return u
}

// part is the audio of some of a piece.
type part struct {
	audio []byte
	start time.Duration // in the utterance
	words []timed       // whose beginning is in it; times are in the utterance
}

// timed is a word as it stands in the text, and when it is said.
type timed struct {
	text       string
	start, end time.Duration
}

// say makes a piece and gives it to send, part by part. It returns false when the
// utterance is over before its end.
func (c *liveConn) say(u *utterance, text string, send func(part)) bool {
	c.server.mu.Lock()
	c.server.texts = append(c.server.texts, text)
	c.server.mu.Unlock()
	audio, words := ttstest.Audio(text)
	scale := max(u.speed, 0.1)
	if u.speed == 0 {
		scale = 1
	}
	audio = audio[:int(float64(len(audio))/scale)]
	audio = append(audio, silence(samples(u.trouble.Extra))...)
	begin := u.made
	var times []timed
	for _, w := range words {
		times = append(times, timed{text[w.From:w.To], begin + time.Duration(float64(w.Start)/scale), begin + time.Duration(float64(w.End)/scale)})
	}
	if u.trouble.Untimed {
		times = nil
	}
	for size := samples(100 * time.Millisecond); ; {
		if u.trouble.due() && u.made >= u.trouble.After {
			c.fail(u)
		}
		if u.over || c.closed {
			return false
		}
		if len(audio) == 0 {
			return true
		}
		p := part{audio: audio[:min(size, len(audio))], start: u.made}
		audio = audio[len(p.audio):]
		u.made += length(p.audio)
		for len(times) > 0 && times[0].start < u.made {
			p.words, times = append(p.words, times[0]), times[1:]
		}
		send(p)
	}
}

// fail makes the trouble, once.
func (c *liveConn) fail(u *utterance) {
	t := u.trouble
	u.trouble = Trouble{Stale: t.Stale}
	for range max(1, t.Repeat) {
		if t.Message != "" {
			c.text(strings.ReplaceAll(t.Message, "%s", u.context))
		}
		if t.Binary != nil {
			c.binary(t.Binary)
		}
	}
	switch {
	case t.Close != 0:
		c.closed = true
		c.ws.Close(websocket.StatusCode(t.Close), t.Reason)
	case t.Cut:
		c.closed = true
		c.ws.CloseNow()
	case t.Hang:
		u.over = true
	case t.End:
		u.over = true
	}
	u.trouble.End = t.End // for who ends it
}

// ended reports whether the utterance's end is to be told.
func (u *utterance) ended(complete bool) bool { return complete || u.over && u.trouble.End }

// send writes v as JSON.
func (c *liveConn) send(v any) {
	if c.strange {
		c.text(`{"type":"a.future.message","context_id":"x","contextId":"x","audio":7,"data":[],"sequence_id":"x"}`)
	}
	data, err := json.Marshal(v)
	if err == nil {
		c.text(string(data))
	}
}

func (c *liveConn) text(s string) {
	if !c.closed && c.ws.Write(c.ctx, websocket.MessageText, []byte(s)) != nil {
		c.closed = true
	}
}

func (c *liveConn) binary(data []byte) {
	if !c.closed && c.ws.Write(c.ctx, websocket.MessageBinary, data) != nil {
		c.closed = true
	}
}

// samples returns how many samples of 8000 Hz last d.
func samples(d time.Duration) int { return int(d * codec.Rate / time.Second) }

// length returns how long mu-law lasts.
func length(audio []byte) time.Duration { return time.Duration(len(audio)) * time.Second / codec.Rate }

// silence returns n samples of mu-law.
func silence(n int) []byte { return bytes.Repeat([]byte{0xFF}, n) }

// object is a JSON object.
type object = map[string]any
