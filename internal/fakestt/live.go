// Package fakestt has servers that speak the protocols of speech-to-text services and
// misbehave on demand. They hear the speech of package stttest.
package fakestt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/vad"
)

// Fault is the failure of one connection to a [Live] server.
type Fault struct {
	Status     int           // the handshake is refused with it, and an answer that quotes the request
	Header     http.Header   // of the refusal
	Answer     string        // is sent as it is in place of the handshake's answer
	Delay      time.Duration // before each message of the server
	Silent     bool          // audio is taken, and nothing answered
	After      time.Duration // of audio, when what follows happens
	Message    string        // is sent, once
	Flood      bool          // and again after each message of the client
	Close      int           // the connection is closed with this code
	Reason     string        // of the close
	Cut        bool          // the connection breaks without a close
	Reversed   bool          // transcripts come in reversed order, two by two, where the protocol allows it
	NoReadying bool          // the server never says that it is ready, where it should
	Lose       string        // the first message of the server that holds it is lost
	Twice      string        // messages of the server that hold it are sent twice
	Strange    bool          // each message follows one of a kind that is not known, where the protocol allows it
	Expires    time.Duration // how long a session may last; 0 = as long as the service lets it
}

// Live is a fake of a streaming speech service. It finds utterances as a real one does,
// by listening, and hears the nth text in the nth utterance of [stttest.Speech]. With a nil
// testing.TB it has no network: [Live.Client] reaches it. It is made by the constructor
// of a service, as [NewDeepgram]; the zero value is not usable.
type Live struct {
	URL string // ws://...

	dialect func() dialect
	texts   []string
	faults  []Fault

	mu       sync.Mutex
	conns    int
	requests []*http.Request
	messages []string
}

// dialect is a service's protocol, from its side.
type dialect interface {
	hello(c *liveConn, query url.Values)
	// receive takes a message and returns the audio in it, and whether it asks to finish
	// the speech so far.
	receive(c *liveConn, binary bool, data []byte) (pcm []int16, flush bool)
	began(c *liveConn, at float64)                    // seconds
	ended(c *liveConn, from, to float64, text string) // seconds
	after(c *liveConn, flushed bool)                  // each message was worked off
}

// newLive starts a server that lives as long as the test. The nth connection,
// from 0, has the nth fault. With a nil tb it does not listen: Client reaches it.
func newLive(tb testing.TB, d func() dialect, texts []string, faults []Fault) *Live {
	l := &Live{URL: "ws://fakestt.invalid:80", dialect: d, texts: texts, faults: faults}
	if tb == nil {
		return l
	}
	server := httptest.NewServer(l)
	tb.Cleanup(server.Close)
	l.URL = "ws" + strings.TrimPrefix(server.URL, "http")
	return l
}

// Client returns a client that reaches the server without a network, as a test in
// a testing/synctest bubble needs it: call it there.
func (l *Live) Client(tb testing.TB) *http.Client {
	p := &pipes{host: strings.TrimPrefix(l.URL, "ws://"), conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, hangUp := context.WithCancel(context.Background())
	server := &http.Server{Handler: l, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(p)
	}()
	client := &http.Client{Transport: &http.Transport{DialContext: p.dial}}
	tb.Cleanup(func() {
		client.CloseIdleConnections()
		hangUp()
		server.Close()
		<-done
	})
	return client
}

// pipes is a net.Listener without a network.
type pipes struct {
	host   string
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != p.host {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("no route to " + addr)}
	}
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "fakestt", Net: "pipe"} }

// Connections returns how many handshakes there were.
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

// Messages returns the text messages of clients.
func (l *Live) Messages() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.messages...)
}

// ServeHTTP implements http.Handler.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if r.Header.Get("Sec-WebSocket-Key") != "" {
		l.mu.Lock()
		if l.conns < len(l.faults) {
			fault = l.faults[l.conns]
		}
		l.conns++
		l.requests = append(l.requests, r.Clone(context.WithoutCancel(r.Context())))
		l.mu.Unlock()
	}
	switch {
	case fault.Status != 0:
		for k, v := range fault.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(fault.Status)
		fmt.Fprintf(w, "cannot %s %s with %v", r.Method, r.URL, r.Header)
		return
	case fault.Answer != "":
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			io.WriteString(conn, fault.Answer)
			conn.Close()
		}
		return
	case r.Header.Get("Sec-WebSocket-Key") == "":
		http.NotFound(w, r)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(1 << 20)
	c := &liveConn{server: l, fault: fault, ws: ws, ctx: r.Context(), dialect: l.dialect(),
		seg: vad.NewSegmenter(vad.Options{})}
	defer c.stopLimit()
	c.dialect.hello(c, r.URL.Query())
	for c.step() {
	}
}

// liveConn is one connection.
type liveConn struct {
	server  *Live
	fault   Fault
	ws      *websocket.Conn
	ctx     context.Context
	dialect dialect
	seg     *vad.Segmenter
	pcm     []int16 // all that was heard
	closed  bool
	lost    bool        // the message that Fault.Lose names
	limit   *time.Timer // ends the connection
}

// limitTo ends the connection after d: with a message, if there is one, and a
// close.
func (c *liveConn) limitTo(d time.Duration, message string, code int, reason string) {
	c.limit = time.AfterFunc(d, func() {
		if message != "" {
			c.ws.Write(c.ctx, websocket.MessageText, []byte(message))
		}
		c.ws.Close(websocket.StatusCode(code), reason)
	})
}

func (c *liveConn) stopLimit() {
	if c.limit != nil {
		c.limit.Stop()
	}
}

// expires returns how long the session may last.
func (c *liveConn) expires(otherwise time.Duration) time.Duration {
	if c.fault.Expires > 0 {
		return c.fault.Expires
	}
	return otherwise
}

// step takes one message.
func (c *liveConn) step() bool {
	kind, data, err := c.ws.Read(c.ctx)
	if err != nil {
		return false
	}
	if kind == websocket.MessageText {
		c.server.mu.Lock()
		c.server.messages = append(c.server.messages, string(data))
		c.server.mu.Unlock()
	}
	pcm, flush := c.dialect.receive(c, kind == websocket.MessageBinary, data)
	c.pcm = append(c.pcm, pcm...)
	c.report(c.seg.Write(pcm))
	if c.closed || c.fails() {
		return false
	}
	if flush {
		c.report(c.seg.Flush())
	}
	c.dialect.after(c, flush)
	return !c.closed
}

// report makes speech of the segmenter's events.
func (c *liveConn) report(events []vad.Event) {
	for _, ev := range events {
		switch ev.Kind {
		case vad.SpeechStart:
			c.dialect.began(c, float64(ev.Onset)/vad.SampleRate)
		case vad.Utterance:
			c.dialect.ended(c, float64(ev.Onset)/vad.SampleRate, float64(ev.VoicedEnd)/vad.SampleRate, c.text(ev))
		}
	}
}

// text returns the text of an utterance.
func (c *liveConn) text(ev vad.Event) string {
	if c.fault.Silent || len(c.server.texts) == 0 {
		return ""
	}
	return c.server.texts[Which(c.pcm[ev.Onset:ev.VoicedEnd])%len(c.server.texts)]
}

// fails makes the fault that is due.
func (c *liveConn) fails() bool {
	f := c.fault
	if f.After == 0 || c.seg.Position() < int64(f.After*vad.SampleRate/time.Second) {
		return false
	}
	if f.Message != "" {
		c.write(f.Message)
	}
	if !f.Flood {
		c.fault.Message = ""
	}
	switch {
	case f.Close != 0:
		c.ws.Close(websocket.StatusCode(f.Close), f.Reason)
		return true
	case f.Cut:
		c.ws.CloseNow()
		return true
	}
	return false
}

// send writes v as JSON.
func (c *liveConn) send(v any) {
	data, err := json.Marshal(v)
	if err == nil {
		c.write(string(data))
	}
}

func (c *liveConn) write(text string) {
	if c.fault.Silent || c.closed {
		return
	}
	if f := c.fault.Lose; f != "" && !c.lost && strings.Contains(text, f) {
		c.lost = true
		return
	}
	if _, counted := c.dialect.(*vosk); c.fault.Strange && !counted { // whose clients count messages
		c.put(`{"type":"a.future.message","item_id":"item_x","transcript":{"text":7},"channel":7,"words":"none"}`)
	}
	c.put(text)
	if f := c.fault.Twice; f != "" && strings.Contains(text, f) {
		c.put(text)
	}
}

func (c *liveConn) put(text string) {
	if c.fault.Delay > 0 {
		select {
		case <-time.After(c.fault.Delay):
		case <-c.ctx.Done():
		}
	}
	if c.ws.Write(c.ctx, websocket.MessageText, []byte(text)) != nil {
		c.closed = true
	}
}

// end closes the connection.
func (c *liveConn) end(code int, reason string) {
	c.ws.Close(websocket.StatusCode(code), reason)
	c.closed = true
}

// object is a JSON object.
type object = map[string]any

// decode returns audio in an encoding as PCM.
func decode(data []byte, mulaw bool) []int16 {
	if mulaw {
		return codec.AppendDecodeMulaw(nil, data)
	}
	pcm := make([]int16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		pcm = append(pcm, int16(uint16(data[0])|uint16(data[1])<<8))
	}
	return pcm
}
