package metrics

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
)

// newVoice returns a voice server that nobody has the token of.
func newVoice(t *testing.T) *voice.Server {
	t.Helper()
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{"0123456789abcdef0123456789abcdef"},
		PublicURL:  "https://calls.example.com",
		Handler:    voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
	})
	require.NoError(t, err)
	return srv
}

// copying is what routers of other kinds do: they pass a copy of the request on.
func copying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), routerKey{}, "variables")))
	})
}

type routerKey struct{}

// TestEndpointWhateverTheRouter: the alerts on webhooks select by this label.
func TestEndpointWhateverTheRouter(t *testing.T) {
	srv := newVoice(t)
	under := func(pattern string, h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, h)
		return mux
	}
	for name, host := range map[string]func(m *Metrics) http.Handler{
		"alone":                 func(m *Metrics) http.Handler { return m.Middleware(srv) },
		"a mux":                 func(m *Metrics) http.Handler { return m.Middleware(under("/api/voice/", srv)) },
		"a router":              func(m *Metrics) http.Handler { return m.Middleware(copying(srv)) },
		"within a router":       func(m *Metrics) http.Handler { return copying(m.Middleware(copying(srv))) },
		"StripPrefix":           func(m *Metrics) http.Handler { return m.Middleware(http.StripPrefix("/edge", srv)) },
		"a mux and StripPrefix": func(m *Metrics) http.Handler { return m.Middleware(under("/edge/", http.StripPrefix("/edge", srv))) },
		"muxes in a router": func(m *Metrics) http.Handler {
			return m.Middleware(under("/", copying(under("/edge/", http.StripPrefix("/edge", under("/api/", srv))))))
		},
		"a time limit": func(m *Metrics) http.Handler { return m.Middleware(http.TimeoutHandler(srv, time.Hour, "")) },
	} {
		reg := prometheus.NewRegistry()
		m, err := New(reg, nil)
		require.NoError(t, err)
		prefix := ""
		if strings.Contains(name, "StripPrefix") || name == "muxes in a router" {
			prefix = "/edge"
		}
		for _, path := range []string{"/twilio/inbound", "/twilio/stream/abc", "/no/such/route"} {
			host(m).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, prefix+"/api/voice"+path, nil))
		}
		require.ElementsMatch(t, []string{
			"403 /api/voice/twilio/inbound POST", "426 /api/voice/twilio/stream/{token} POST", "404 other POST",
		}, requestLabels(t, reg), name)
	}
}

// TestEndpointOfTheHostsOwnWebhooks: their patterns are known where the server verifies them.
func TestEndpointOfTheHostsOwnWebhooks(t *testing.T) {
	srv := newVoice(t)
	mux := http.NewServeMux()
	mux.Handle("POST /menu", srv.Admitted(http.NotFoundHandler()))
	mux.Handle("POST /menu/choice", srv.Verified(http.NotFoundHandler()))
	reg := prometheus.NewRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	for _, path := range []string{"/menu", "/menu/choice"} {
		m.Middleware(copying(mux)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
	}
	require.ElementsMatch(t, []string{"403 /menu POST", "403 /menu/choice POST"}, requestLabels(t, reg))
}

// TestMiddlewareLeavesThePattern: a middleware before it logs Request.Pattern.
func TestMiddlewareLeavesThePattern(t *testing.T) {
	m, err := New(prometheus.NewRegistry(), nil)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/api/voice/twilio/inbound", nil)
	m.Middleware(newVoice(t)).ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "/api/voice/twilio/inbound", r.Pattern)
}

// TestWritersInNet: over HTTP/1.1 and HTTP/2 handlers can do what they can without the
// middleware.
func TestWritersInNet(t *testing.T) {
	m, err := New(prometheus.NewRegistry(), nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/events", func(w http.ResponseWriter, _ *http.Request) { // as every example of server-sent events
		flusher, ok := w.(http.Flusher)
		if !ok {
			http.Error(w, "streaming unsupported", http.StatusInternalServerError)
			return
		}
		io.WriteString(w, "data: 1\n\n")
		flusher.Flush()
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, strings.NewReader("all of it")) })
	mux.HandleFunc("/able", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, abilities(w)) })
	mux.HandleFunc("/raw", func(w http.ResponseWriter, _ *http.Request) { // as gorilla/websocket upgrades
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n")
		rw.Flush()
	})
	plain, measured := httptest.NewUnstartedServer(mux), httptest.NewUnstartedServer(m.Middleware(mux))
	for _, server := range []*httptest.Server{plain, measured} {
		server.EnableHTTP2 = true
		server.StartTLS()
		defer server.Close()
	}
	get := func(server *httptest.Server, http2 bool, path string) (int, string) {
		transport := server.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = http2
		if !http2 {
			transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
		}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport}).Get(server.URL + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http2, response.ProtoMajor == 2)
		return response.StatusCode, string(body)
	}
	for _, http2 := range []bool{false, true} {
		for _, path := range []string{"/events", "/file", "/able"} {
			wantCode, want := get(plain, http2, path)
			code, body := get(measured, http2, path)
			require.Equal(t, wantCode, code, path)
			require.Equal(t, want, body, path)
			require.NotEmpty(t, body)
		}
	}
	code, _ := get(measured, false, "/raw")
	require.Equal(t, http.StatusSwitchingProtocols, code)
}

// The abilities of a writer, to be put together.
type (
	canFlush  struct{}
	canHijack struct{}
	canRead   struct{}
	canPush   struct{}
	canNotify struct{}
)

func (canFlush) Flush()                                        {}
func (canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }
func (canRead) ReadFrom(r io.Reader) (int64, error)            { return io.Copy(io.Discard, r) }
func (canPush) Push(string, *http.PushOptions) error           { return nil }
func (canNotify) CloseNotify() <-chan bool                     { return nil }

// abilities names what a writer can do.
func abilities(w http.ResponseWriter) (names string) {
	name := func(n string, can bool) {
		if can {
			names += n + " "
		}
	}
	_, can := w.(http.Flusher)
	name("flush", can)
	_, can = w.(http.Hijacker)
	name("hijack", can)
	_, can = w.(io.ReaderFrom)
	name("read", can)
	_, can = w.(http.Pusher)
	name("push", can)
	_, can = w.(closeNotifier)
	name("notify", can)
	return names
}

// TestWritersAreAsAbleAsBefore: every set of abilities, no more and no less.
func TestWritersAreAsAbleAsBefore(t *testing.T) {
	m, err := New(prometheus.NewRegistry(), nil)
	require.NoError(t, err)
	plain := httptest.NewRecorder()
	type base struct{ http.ResponseWriter } // hides that the recorder flushes
	b := base{plain}
	f, h, r, p, n := canFlush{}, canHijack{}, canRead{}, canPush{}, canNotify{}
	writers := []http.ResponseWriter{
		b,
		struct {
			base
			canFlush
		}{b, f},
		struct {
			base
			canHijack
		}{b, h},
		struct {
			base
			canFlush
			canHijack
		}{b, f, h},
		struct {
			base
			canRead
		}{b, r},
		struct {
			base
			canFlush
			canRead
		}{b, f, r},
		struct {
			base
			canHijack
			canRead
		}{b, h, r},
		struct {
			base
			canFlush
			canHijack
			canRead
		}{b, f, h, r},
		struct {
			base
			canPush
		}{b, p},
		struct {
			base
			canFlush
			canPush
		}{b, f, p},
		struct {
			base
			canHijack
			canPush
		}{b, h, p},
		struct {
			base
			canFlush
			canHijack
			canPush
		}{b, f, h, p},
		struct {
			base
			canRead
			canPush
		}{b, r, p},
		struct {
			base
			canFlush
			canRead
			canPush
		}{b, f, r, p},
		struct {
			base
			canHijack
			canRead
			canPush
		}{b, h, r, p},
		struct {
			base
			canFlush
			canHijack
			canRead
			canPush
		}{b, f, h, r, p},
		struct {
			base
			canNotify
		}{b, n},
		struct {
			base
			canFlush
			canNotify
		}{b, f, n},
		struct {
			base
			canHijack
			canNotify
		}{b, h, n},
		struct {
			base
			canFlush
			canHijack
			canNotify
		}{b, f, h, n},
		struct {
			base
			canRead
			canNotify
		}{b, r, n},
		struct {
			base
			canFlush
			canRead
			canNotify
		}{b, f, r, n},
		struct {
			base
			canHijack
			canRead
			canNotify
		}{b, h, r, n},
		struct {
			base
			canFlush
			canHijack
			canRead
			canNotify
		}{b, f, h, r, n},
		struct {
			base
			canPush
			canNotify
		}{b, p, n},
		struct {
			base
			canFlush
			canPush
			canNotify
		}{b, f, p, n},
		struct {
			base
			canHijack
			canPush
			canNotify
		}{b, h, p, n},
		struct {
			base
			canFlush
			canHijack
			canPush
			canNotify
		}{b, f, h, p, n},
		struct {
			base
			canRead
			canPush
			canNotify
		}{b, r, p, n},
		struct {
			base
			canFlush
			canRead
			canPush
			canNotify
		}{b, f, r, p, n},
		struct {
			base
			canHijack
			canRead
			canPush
			canNotify
		}{b, h, r, p, n},
		struct {
			base
			canFlush
			canHijack
			canRead
			canPush
			canNotify
		}{b, f, h, r, p, n},
	}
	seen := make(map[string]bool)
	for _, w := range writers {
		m.Middleware(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
			require.Equal(t, abilities(w), abilities(got))
			require.Equal(t, w, got.(interface{ Unwrap() http.ResponseWriter }).Unwrap())
			seen[abilities(got)] = true
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	}
	require.Len(t, seen, 32)
}

// TestStatusOfStreams: what a handler answers without WriteHeader has a status, too.
func TestStatusOfStreams(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"200": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusTeapot)
		},
		"101": func(w http.ResponseWriter, _ *http.Request) { w.(http.Hijacker).Hijack() }, //nolint:errcheck // it has none
		"206": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusPartialContent)
			io.Copy(w, strings.NewReader("part"))
		},
	} {
		reg := prometheus.NewRegistry()
		m, err := New(reg, nil)
		require.NoError(t, err)
		type base struct{ http.ResponseWriter }
		m.Middleware(handler).ServeHTTP(struct {
			base
			canFlush
			canHijack
			canRead
		}{base: base{httptest.NewRecorder()}}, httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, []string{name + " other GET"}, requestLabels(t, reg))
	}
}

// TestReasonsOfAHost: a policy's own reason is a label, but not what a caller can choose.
func TestReasonsOfAHost(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	decide := func(reason string) {
		m.Trace().Decision(someCall, policy.Decision{Verdict: policy.Reject, Reason: policy.Reason(reason)})
	}
	count := func(reason string) float64 { return value(t, reg, "twilio_policy_decisions_total", "reason", reason) }
	decide("tenant_suspended")
	decide("tenant_suspended")
	require.Equal(t, 2.0, count("tenant_suspended"))
	for i := range 3 {
		decide(fmt.Sprintf("caller +1415555010%d is on the list", i))
		decide(fmt.Sprintf("caller_1415555010%d", i))
	}
	require.Equal(t, 6.0, count("other"))
	for i := range 500 {
		decide("reason_" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
	}
	decide(string(policy.ReasonFraud)) // has its place, however many there are
	require.Equal(t, 1.0, count("fraud"))
	require.Equal(t, 6.0+500-maxReasons+1, count("other"))
}

// value returns the sum of a metric's series that have the label.
func value(t *testing.T, reg *prometheus.Registry, metric, label, is string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != metric {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label && l.GetValue() == is {
					sum += m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
