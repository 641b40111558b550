package phone_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
	"agentos.dev/dialtone/voice/voicetest/phone"
)

func TestMain(m *testing.M) { leak.Main(m) }

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

var speech = stttest.Speech(2, codec.Format{Encoding: codec.Mulaw, Rate: 8000})

// bench is a phone with its page's server, and the service that it calls.
type bench struct {
	page *phone.Phone
	url  string // of the page
}

// newBench starts a phone that calls service; trace is given the phone before the service is
// called.
func newBench(t *testing.T, service http.Handler, c phone.Config, fake voicetest.Config) *bench {
	t.Helper()
	fake.Handler = service
	tw, err := voicetest.Start(fake)
	require.NoError(t, err)
	t.Cleanup(func() { tw.Close() })
	c.Twilio = tw
	page, err := phone.New(c)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(page)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(page.Close)
	return &bench{page, page.URL(listener.Addr())}
}

// browser is the other end of a call.
type browser struct {
	t    *testing.T
	conn *websocket.Conn

	mu     sync.Mutex
	events []map[string]any
	loud   int // frames with sound
	gone   chan struct{}
}

// open opens the connection of a call.
func (b *bench) open(t *testing.T) *browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	origin, _, _ := strings.Cut(strings.TrimPrefix(b.url, "http://"), "/")
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(b.url, "http")+"call", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://" + origin}}})
	require.NoError(t, err)
	conn.SetReadLimit(1 << 20)
	w := &browser{t: t, conn: conn, gone: make(chan struct{})}
	go w.read()
	t.Cleanup(func() {
		conn.CloseNow()
		<-w.gone
	})
	return w
}

// dial calls.
func (b *bench) dial(t *testing.T) *browser {
	t.Helper()
	w := b.open(t)
	w.send(map[string]any{"type": "dial", "from": "+14155550100", "to": "+14155550199"})
	return w
}

func (w *browser) read() {
	defer close(w.gone)
	for {
		kind, data, err := w.conn.Read(context.Background())
		if err != nil {
			return
		}
		w.mu.Lock()
		if kind == websocket.MessageBinary {
			if bytes.Count(data[2:], []byte{0xff}) < len(data)-2 {
				w.loud++
			}
		} else {
			var event map[string]any
			if json.Unmarshal(data, &event) == nil {
				w.events = append(w.events, event)
			}
		}
		w.mu.Unlock()
	}
}

func (w *browser) send(message map[string]any) {
	w.t.Helper()
	data, err := json.Marshal(message)
	require.NoError(w.t, err)
	require.NoError(w.t, w.conn.Write(w.t.Context(), websocket.MessageText, data))
}

// find returns the first event with all of the given properties, as they are printed.
func (w *browser) find(want map[string]any) map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, event := range w.events {
		fits := true
		for key, value := range want {
			fits = fits && strings.Contains(fmt.Sprint(event[key]), fmt.Sprint(value))
		}
		if fits {
			return event
		}
	}
	return nil
}

// sees waits for an event.
func (w *browser) sees(want map[string]any) map[string]any {
	w.t.Helper()
	if !wait(func() bool { return w.find(want) != nil }) {
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Fail(w.t, "not told", "%v in %v", want, w.events)
	}
	return w.find(want)
}

func wait(condition func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return condition()
}

// newServer returns a service of ours: it greets, confirms what it hears and tells its keys.
func newServer(t *testing.T, trace *voice.Trace, keys chan<- string, relay func(voice.Info) *voice.Relay) (*voice.Server, *voicetest.Voice) {
	t.Helper()
	mouth := voicetest.NewVoice(nil)
	server, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, TTS: mouth, Trace: trace, Relay: relay,
		STT: stt.Segmented(stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
			return stt.Transcript{Text: "book a room", Final: true}, nil
		}), stt.Segmentation{}),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			if _, err := call.Say(ctx, "Good evening."); err != nil {
				return err
			}
			for event, err := range call.Events(ctx) {
				switch {
				case err != nil:
					return err
				case event.Kind == stt.SpeechStart:
					if err := call.Interrupt(); err != nil {
						return err
					}
				case event.Kind == stt.Final && event.Transcript.Text != "":
					if _, err := call.Say(ctx, "I have noted that."); err != nil {
						return err
					}
				case event.Digit != "":
					keys <- event.Digit
				}
			}
			return nil
		}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	return server, mouth
}

// TestCall: a browser hears the greeting, is understood, presses a key and hangs up; the wire
// shows the rest.
func TestCall(t *testing.T) {
	keys := make(chan string, 10)
	var trace voice.Trace
	server, mouth := newServer(t, &voice.Trace{
		STTEvent: func(i voice.Info, e stt.Event) { trace.STTEvent(i, e) }, Playback: func(i voice.Info, p *voice.Playback) { trace.Playback(i, p) },
	}, keys, nil)
	b := newBench(t, server, phone.Config{Recordings: []phone.Recording{{Name: "a tone", Audio: speech}}, Voice: mouth}, voicetest.Config{Voice: mouth})
	trace = *b.page.Trace()

	w := b.dial(t)
	w.sees(map[string]any{"type": "state", "state": "in-progress"})
	w.sees(map[string]any{"type": "answer", "text": "Good evening.", "heard": "Good evening.", "state": "heard"})
	require.NoError(t, w.conn.Write(t.Context(), websocket.MessageBinary, speech[:3200]))
	w.send(map[string]any{"type": "recording", "recording": 0})
	w.sees(map[string]any{"type": "said", "text": "book a room", "final": true})
	w.sees(map[string]any{"type": "answer", "text": "I have noted that.", "state": "playing"})
	w.sees(map[string]any{"type": "latency", "greeting": false})
	w.send(map[string]any{"type": "digits", "digits": "7"})
	require.Equal(t, "7", <-keys)
	w.sees(map[string]any{"type": "keys", "keys": "7"})
	w.sees(map[string]any{"type": "wire", "kind": "webhook", "status": 200, "body": "<Stream"})
	w.sees(map[string]any{"type": "wire", "kind": "handshake", "status": 101})
	w.sees(map[string]any{"type": "wire", "kind": "message", "name": "start"})
	w.sees(map[string]any{"type": "media"})
	w.sees(map[string]any{"type": "mark", "in": true})
	w.send(map[string]any{"type": "hangup"})
	w.sees(map[string]any{"type": "wire", "kind": "message", "name": "stop"})
	w.sees(map[string]any{"type": "ended", "state": "completed", "reason": ""})
	<-w.gone
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NotZero(t, w.loud)
}

// TestForeign: of a service that tells nothing, the page shows what the wire does.
func TestForeign(t *testing.T) {
	server, mouth := newServer(t, nil, nil, nil)
	b := newBench(t, server, phone.Config{Recordings: []phone.Recording{{Name: "a tone", Audio: speech}}}, voicetest.Config{Voice: mouth})
	w := b.dial(t)
	w.sees(map[string]any{"type": "answer", "text": "", "state": "heard"})
	w.send(map[string]any{"type": "type", "text": "hello"})
	w.sees(map[string]any{"type": "note", "text": "there is no voice on this machine"})
	w.send(map[string]any{"type": "hangup"})
	w.sees(map[string]any{"type": "ended", "state": "completed"})
}

// TestRelay: over ConversationRelay the wire shows the words of both sides, and what is typed
// is said.
func TestRelay(t *testing.T) {
	server, _ := newServer(t, nil, nil, func(voice.Info) *voice.Relay { return &voice.Relay{} })
	b := newBench(t, server, phone.Config{}, voicetest.Config{})
	w := b.dial(t)
	w.sees(map[string]any{"type": "answer", "text": "Good evening.", "state": "said"})
	w.send(map[string]any{"type": "type", "text": "a table for two"})
	w.sees(map[string]any{"type": "said", "text": "a table for two", "final": true})
	w.sees(map[string]any{"type": "answer", "text": "I have noted that."})
}

// TestRefused: what the service refuses is explained, and ends the call.
func TestRefused(t *testing.T) {
	for status, why := range map[int]string{
		http.StatusForbidden: "auth token", http.StatusNotFound: "-target", http.StatusServiceUnavailable: "no place", http.StatusInternalServerError: "its log says why",
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			b := newBench(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", status) }), phone.Config{}, voicetest.Config{})
			w := b.dial(t)
			w.sees(map[string]any{"type": "wire", "kind": "webhook", "bad": true, "why": why, "status": status})
			require.NotEmpty(t, w.sees(map[string]any{"type": "ended"})["reason"])
			<-w.gone
		})
	}
}

// TestBrowserGoes: a browser that goes hangs up, and so does the end of the phone.
func TestBrowserGoes(t *testing.T) {
	for name, end := range map[string]func(*bench, *browser){
		"is told and goes": func(_ *bench, w *browser) {
			w.send(map[string]any{"type": "hangup"})
			w.sees(map[string]any{"type": "wire", "name": "stop"})
			w.conn.CloseNow()
		},
		"closes":        func(_ *bench, w *browser) { w.conn.Close(websocket.StatusNormalClosure, "") },
		"breaks":        func(_ *bench, w *browser) { w.conn.CloseNow() },
		"phone stops":   func(b *bench, _ *browser) { b.page.Close() },
		"long message":  func(_ *bench, w *browser) { w.conn.Write(t.Context(), websocket.MessageBinary, make([]byte, 1<<20)) },
		"not a message": func(_ *bench, w *browser) { w.conn.Write(t.Context(), websocket.MessageText, []byte("{")) },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan voice.End, 1)
			server, _ := newServer(t, &voice.Trace{StreamEnded: func(_ voice.Info, end voice.End) { ended <- end }}, nil, nil)
			b := newBench(t, server, phone.Config{}, voicetest.Config{})
			w := b.dial(t)
			w.sees(map[string]any{"type": "media"})
			end(b, w)
			require.Equal(t, voice.ReasonHungUp, (<-ended).Reason)
			<-w.gone
		})
	}
}

// TestSeveralCalls: each browser has its own, up to MaxCalls.
func TestSeveralCalls(t *testing.T) {
	server, _ := newServer(t, nil, nil, nil)
	b := newBench(t, server, phone.Config{MaxCalls: 2}, voicetest.Config{})
	one, two := b.dial(t), b.dial(t)
	first, second := one.sees(map[string]any{"type": "state", "sid": "CA"}), two.sees(map[string]any{"type": "state", "sid": "CA"})
	require.NotEqual(t, first["sid"], second["sid"])
	origin, _, _ := strings.Cut(strings.TrimPrefix(b.url, "http://"), "/")
	_, answer, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(b.url, "http")+"call", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://" + origin}}})
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	one.send(map[string]any{"type": "hangup"})
	one.sees(map[string]any{"type": "ended"})
	<-one.gone
	b.dial(t).sees(map[string]any{"type": "state", "state": "in-progress"})
	require.Nil(t, two.find(map[string]any{"type": "ended"}))
}

// TestLimit: a call ends after MaxDuration.
func TestLimit(t *testing.T) {
	server, _ := newServer(t, nil, nil, nil)
	b := newBench(t, server, phone.Config{MaxDuration: 300 * time.Millisecond}, voicetest.Config{})
	b.dial(t).sees(map[string]any{"type": "ended"})
}

// TestBadDial: nothing but numbers to call begins a call.
func TestBadDial(t *testing.T) {
	b := newBench(t, http.NotFoundHandler(), phone.Config{}, voicetest.Config{})
	for _, message := range []map[string]any{{"type": "hangup"}, {"type": "dial"}, {"type": "dial", "from": "+1", "to": "a b"}, {"type": "dial", "from": strings.Repeat("1", 300), "to": "+1"}} {
		w := b.open(t)
		w.send(message)
		<-w.gone
	}
}

// TestWhoMayOpenThePage: only a page of the phone, on this machine, that knows the token.
func TestWhoMayOpenThePage(t *testing.T) {
	tw, err := voicetest.Start(voicetest.Config{Handler: http.NotFoundHandler()})
	require.NoError(t, err)
	t.Cleanup(func() { tw.Close() })
	page, err := phone.New(phone.Config{Twilio: tw})
	require.NoError(t, err)
	path := strings.TrimPrefix(page.URL(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}), "http://127.0.0.1:4000")
	for name, c := range map[string]struct {
		path, host, from, origin, method string
		status                           int
	}{
		"the page":                 {path: path, status: http.StatusOK},
		"by localhost":             {path: path, host: "localhost:4000", status: http.StatusOK},
		"by IPv6":                  {path: path, host: "[::1]:4000", from: "[::1]:5", status: http.StatusOK},
		"its script":               {path: path + "phone.js", status: http.StatusOK},
		"its own origin":           {path: path + "setup.json", origin: "http://127.0.0.1:4000", status: http.StatusOK},
		"without the slash":        {path: strings.TrimSuffix(path, "/"), status: http.StatusMovedPermanently},
		"without the token":        {path: "/", status: http.StatusNotFound},
		"with another token":       {path: "/" + strings.Repeat("0", 32) + "/", status: http.StatusNotFound},
		"with part of the token":   {path: path[:10] + "/", status: http.StatusNotFound},
		"another file":             {path: path + "nothing.js", status: http.StatusNotFound},
		"by another name":          {path: path, host: "rebound.example:4000", status: http.StatusForbidden},
		"by a name like localhost": {path: path, host: "localhost.example:4000", status: http.StatusForbidden},
		"by no port":               {path: path, host: "127.0.0.1:; script-src *", status: http.StatusForbidden},
		"by an address":            {path: path, host: "192.0.2.1:4000", status: http.StatusForbidden},
		"from another machine":     {path: path, from: "192.0.2.1:5", status: http.StatusForbidden},
		"from nowhere":             {path: path, from: "@", status: http.StatusForbidden},
		"of another page":          {path: path + "setup.json", origin: "https://elsewhere.example", status: http.StatusForbidden},
		"of another port":          {path: path + "call", origin: "http://127.0.0.1:4001", status: http.StatusForbidden},
		"of a file":                {path: path + "call", origin: "null", status: http.StatusForbidden},
		"a call without an origin": {path: path + "call", status: http.StatusForbidden},
		"by POST":                  {path: path, method: http.MethodPost, status: http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(or(c.method, http.MethodGet), c.path, nil)
			r.Host, r.RemoteAddr = or(c.host, "127.0.0.1:4000"), or(c.from, "127.0.0.1:5")
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := httptest.NewRecorder()
			page.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			require.Empty(t, w.Header().Values("Set-Cookie"))
			if c.status == http.StatusOK {
				csp := w.Header().Get("Content-Security-Policy")
				require.Contains(t, csp, "default-src 'none'")
				require.NotContains(t, csp, "unsafe")
				require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
			}
		})
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestNew(t *testing.T) {
	tw, err := voicetest.Start(voicetest.Config{Handler: http.NotFoundHandler()})
	require.NoError(t, err)
	t.Cleanup(func() { tw.Close() })
	for _, c := range []phone.Config{{}, {Twilio: tw, MaxCalls: -1}, {Twilio: tw, MaxDuration: -1}, {Twilio: tw, Recordings: []phone.Recording{{}}}} {
		_, err := phone.New(c)
		require.ErrorContains(t, err, "phone: Config.")
	}
	one, err := phone.New(phone.Config{Twilio: tw})
	require.NoError(t, err)
	two, err := phone.New(phone.Config{Twilio: tw})
	require.NoError(t, err)
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}
	require.NotEqual(t, one.URL(at), two.URL(at))
}
