package ws

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHandshake is section 4.2.1 of RFC 6455: what a server takes and what it
// refuses, and with what status.
func TestHandshake(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	good := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
	with := func(line string, changes ...string) string {
		h := map[string]string{"Host": "calls.example.com"}
		for k, v := range good {
			h[k] = v
		}
		var extra strings.Builder
		for i := 0; i+1 < len(changes); i += 2 {
			if delete(h, changes[i]); changes[i+1] != "" {
				fmt.Fprintf(&extra, "%s: %s\r\n", changes[i], changes[i+1])
			}
		}
		var b strings.Builder
		b.WriteString(line + "\r\n")
		for k, v := range h {
			fmt.Fprintf(&b, "%s: %s\r\n", k, v)
		}
		return b.String() + extra.String() + "\r\n"
	}
	const get = "GET /stream HTTP/1.1"
	accepted := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := Accept(w, r, Options{ReadLimit: 100, Origins: []string{"*.example.org", "https://app.example.net"}})
		accepted <- err
		if err == nil {
			_ = s.Close(1000, "")
		}
	}))
	defer srv.Close()
	for _, c := range []struct {
		name, request string
		status        int
		err           error
	}{
		{"as Twilio", with(get), 101, nil},
		{"a list in Connection", with(get, "Connection", "keep-alive, Upgrade"), 101, nil},
		{"two Connection headers", with(get, "Connection", "keep-alive", "Connection", "upgrade"), 101, nil},
		{"a list in Upgrade", with(get, "Upgrade", "h2c, WebSocket"), 101, nil},
		{"spaces around the key", with(get, "Sec-WebSocket-Key", "  "+key+"  "), 101, nil},
		{"an empty body", with(get, "Content-Length", "0"), 101, nil},
		{"permessage-deflate", with(get, "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"), 101, nil},
		{"a subprotocol", with(get, "Sec-WebSocket-Protocol", "audio"), 101, nil},
		{"HTTP/1.0", with("GET /stream HTTP/1.0"), 426, errProto},
		{"no Connection", with(get, "Connection", ""), 426, errConnection},
		{"another Connection", with(get, "Connection", "keep-alive, upgraded"), 426, errConnection},
		{"no Upgrade", with(get, "Upgrade", ""), 426, errUpgrade},
		{"another Upgrade", with(get, "Upgrade", "websocket2"), 426, errUpgrade},
		{"HEAD", with("HEAD /stream HTTP/1.1"), 405, errMethod},
		{"POST", with("POST /stream HTTP/1.1"), 405, errMethod},
		{"no version", with(get, "Sec-WebSocket-Version", ""), 426, errVersion},
		{"version 8", with(get, "Sec-WebSocket-Version", "8"), 426, errVersion},
		{"two versions", with(get, "Sec-WebSocket-Version", "13, 8"), 426, errVersion},
		{"no key", with(get, "Sec-WebSocket-Key", ""), 400, errKey},
		{"two keys", with(get, "Sec-WebSocket-Key", key, "Sec-WebSocket-Key", key), 400, errKey},
		{"a short key", with(get, "Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="), 400, errKey},
		{"a long key", with(get, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZS4="), 400, errKey},
		{"a key that is not base64", with(get, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=!"), 400, errKey},
		{"a body", with(get, "Content-Length", "6") + "\x81\x80\x00\x00\x00\x00", 400, errBody},
		{"a chunked body", with(get, "Transfer-Encoding", "chunked") + "0\r\n\r\n", 400, errBody},
		{"the Origin of the host", with(get, "Origin", "https://CALLS.example.com"), 101, nil},
		{"an Origin on the list", with(get, "Origin", "https://a.Example.org"), 101, nil},
		{"an Origin on the list, with its scheme", with(get, "Origin", "https://app.example.net"), 101, nil},
		{"that Origin with another scheme", with(get, "Origin", "http://app.example.net"), 403, errOrigin},
		{"another Origin", with(get, "Origin", "https://example.com"), 403, errOrigin},
		{"an Origin that ends like one on the list", with(get, "Origin", "https://a.example.org.evil.com"), 403, errOrigin},
		{"another port", with(get, "Origin", "https://calls.example.com:8443"), 403, errOrigin},
		{"the Origin null", with(get, "Origin", "null"), 403, errOrigin},
		{"an Origin that is not a URL", with(get, "Origin", "%"), 403, errOrigin},
		{"two Origins", with(get, "Origin", "https://calls.example.com", "Origin", "https://example.com"), 403, errOrigin},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
		_, err = io.WriteString(conn, c.request)
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, c.name)
		require.Equal(t, c.status, resp.StatusCode, c.name)
		require.Empty(t, resp.Header["Sec-Websocket-Extensions"], c.name)
		require.Empty(t, resp.Header["Sec-Websocket-Protocol"], c.name)
		if c.status == 426 {
			require.Equal(t, "13", resp.Header.Get("Sec-Websocket-Version"), c.name)
			require.Equal(t, "websocket", resp.Header.Get("Upgrade"), c.name)
		}
		require.NoError(t, conn.Close())
		require.Equal(t, c.err, <-accepted, c.name)
	}
}

// onionWriter is a middleware's writer, which only has Unwrap.
type onionWriter struct{ http.ResponseWriter }

func (o onionWriter) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// lateWriter is gin's: it writes the status when told to, which is before Hijack.
type lateWriter struct {
	http.ResponseWriter
	status int
}

func (l *lateWriter) WriteHeader(status int)      { l.status = status }
func (l *lateWriter) WriteHeaderNow()             { l.ResponseWriter.WriteHeader(l.status) }
func (l *lateWriter) Unwrap() http.ResponseWriter { return l.ResponseWriter }

func TestResponseWriters(t *testing.T) {
	for name, wrap := range map[string]func(http.ResponseWriter) http.ResponseWriter{
		"net/http's": func(w http.ResponseWriter) http.ResponseWriter { return w },
		"wrapped":    func(w http.ResponseWriter) http.ResponseWriter { return onionWriter{onionWriter{w}} },
		"gin's":      func(w http.ResponseWriter) http.ResponseWriter { return &lateWriter{ResponseWriter: w} },
	} {
		t.Run(name, func(t *testing.T) {
			verdicts := make(chan string, 1)
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Request-Id", "7") // as middleware does
				s, err := Accept(wrap(w), r, Options{ReadLimit: 100})
				if err != nil {
					verdicts <- err.Error()
					return
				}
				time.Sleep(5 * time.Millisecond) // longer than the server's timeouts, which end with Hijack
				verdicts <- readAll(s)
			}))
			srv.Config.ReadTimeout, srv.Config.WriteTimeout = time.Second, time.Second
			srv.Start()
			defer srv.Close()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			br := upgrade(t, conn, text("early"))
			_, err = io.WriteString(conn, text("late")+closing(1000, ""))
			require.NoError(t, err)
			require.Equal(t, 1000, receive(br).code)
			require.Equal(t, `text "early", text "late", closed 1000`, <-verdicts)
		})
	}
}

// brokenHijacker cannot do what it promises.
type brokenHijacker struct{ *httptest.ResponseRecorder }

var errBroken = errors.New("broken")

func (brokenHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errBroken }

func TestWritersThatCannotBeHijacked(t *testing.T) {
	w := httptest.NewRecorder()
	_, err := Accept(w, fuzzRequest(), Options{})
	require.Equal(t, errNoHijack, err)
	require.Equal(t, http.StatusNotImplemented, w.Code)

	w = httptest.NewRecorder()
	_, err = Accept(onionWriter{w}, fuzzRequest(), Options{})
	require.Equal(t, errNoHijack, err)

	_, err = Accept(brokenHijacker{httptest.NewRecorder()}, fuzzRequest(), Options{})
	require.ErrorIs(t, err, errBroken)
}

// TestKeepAlive has a client that asks for other things first, over the same connection.
func TestKeepAlive(t *testing.T) {
	verdicts := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("POST /inbound", func(w http.ResponseWriter, r *http.Request) {}) // leaves the body unread
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s, err := Accept(w, r, Options{ReadLimit: 100})
		if err == nil {
			verdicts <- readAll(s)
		}
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	br := bufio.NewReader(conn)
	for _, request := range []string{
		"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /inbound HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", // refused, and the connection stays
	} {
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
		resp, err := http.ReadResponse(br, nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
	}
	br = upgrade(t, conn, text("a"))
	_, err = io.WriteString(conn, closing(1000, ""))
	require.NoError(t, err)
	require.Equal(t, 1000, receive(br).code)
	require.Equal(t, `text "a", closed 1000`, <-verdicts)
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	require.NoError(t, err)
	verdicts := make(chan string, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, err := Accept(w, r, Options{ReadLimit: 100}); err == nil {
			verdicts <- fmt.Sprintf("%T %s", s, readAll(s))
		}
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	br := upgrade(t, conn, text("a")+closing(1000, ""))
	require.Equal(t, 1000, receive(br).code)
	require.Equal(t, `*ws.conn text "a", closed 1000`, <-verdicts)
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
