package routers

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/handlers"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// hosts mount a server and a stream of server-sent events in the routers that hosts have,
// with the measuring middleware where hosts have it: around all, or within.
var hosts = map[string]func(m *metrics.Metrics, srv, events http.Handler) http.Handler{
	"net/http": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/voice/", srv)
		mux.Handle("/events", events)
		return m.Middleware(mux)
	},
	"net/http, nested": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		inner, outer := http.NewServeMux(), http.NewServeMux()
		inner.Handle("/api/voice/", srv)
		inner.Handle("/events", events)
		outer.Handle("/edge/", http.StripPrefix("/edge", inner))
		outer.Handle("/", inner)
		return m.Middleware(outer)
	},
	"chi": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/api/voice", srv)
		r.Handle("/events", events)
		return m.Middleware(r)
	},
	"chi, used": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(chimiddleware.RequestID, chimiddleware.Compress(5), m.Middleware, chimiddleware.Recoverer)
		r.Route("/api", func(r chi.Router) { r.Mount("/voice", srv) })
		r.Handle("/events", events)
		return r
	},
	"chi, compressing below": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(m.Middleware, chimiddleware.Compress(5))
		r.Handle("/api/voice/*", srv)
		r.Handle("/events", events)
		return r
	},
	"gorilla/mux": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		r := mux.NewRouter()
		r.PathPrefix("/api/voice/").Handler(srv)
		r.Handle("/events", events)
		return m.Middleware(r)
	},
	"gorilla/mux, used": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		r := mux.NewRouter()
		r.Use(m.Middleware)
		r.PathPrefix("/api").Subrouter().PathPrefix("/voice/").Handler(srv)
		r.Handle("/events", events)
		return handlers.CompressHandler(handlers.LoggingHandler(io.Discard, r))
	},
	"gin": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		r.Any("/api/voice/*route", gin.WrapH(srv))
		r.GET("/events", func(c *gin.Context) {
			sent := false
			c.Stream(func(w io.Writer) bool { // panics if the writer cannot notify
				if sent {
					return false
				}
				sent = true
				io.WriteString(w, "data: 1\n\n")
				return true
			})
		})
		return m.Middleware(r)
	},
	"echo": func(m *metrics.Metrics, srv, events http.Handler) http.Handler {
		e := echo.New()
		e.Use(echo.WrapMiddleware(m.Middleware))
		e.Any("/api/voice/*", echo.WrapHandler(srv))
		e.GET("/events", echo.WrapHandler(events))
		return e
	},
}

// events is what examples of server-sent events look like.
func events(w http.ResponseWriter, _ *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "streaming unsupported", http.StatusInternalServerError)
		return
	}
	io.WriteString(w, "data: 1\n\n")
	flusher.Flush()
}

// TestHosts has a call come in to each host: its stream opens, and each of its requests is
// counted under the route that the alerts know.
func TestHosts(t *testing.T) {
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			m, err := metrics.New(reg, nil)
			if err != nil {
				t.Fatal(err)
			}
			answered := make(chan string, 1)
			srv, err := voice.New(voice.Config{
				AuthTokens: []string{voicetest.AuthToken},
				PublicURL:  voicetest.PublicURL,
				Trace:      m.Trace(),
				Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
					answered <- call.From
					return nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			h := host(m, srv, http.HandlerFunc(events))
			tw := voicetest.New(t, h)
			call := tw.Dial("+14155550100", "+14155550199")
			select {
			case <-answered:
			case <-time.After(time.Minute):
				t.Fatal("the stream did not open")
			}
			call.HangUp()

			listener := httptest.NewServer(h)
			defer listener.Close()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			response, err := (&http.Client{Transport: transport}).Get(listener.URL + "/events")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusOK || !strings.Contains(string(body), "data: 1") {
				t.Errorf("server-sent events: %d %q", response.StatusCode, body)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := srv.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			got := requests(t, reg)
			for _, want := range []string{"200 /api/voice/twilio/inbound POST", "101 /api/voice/twilio/stream/{token} GET", "204 /api/voice/twilio/status POST"} {
				if !slices.Contains(got, want) {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}

// requests returns code, endpoint and method of every series of requests.
func requests(t *testing.T, reg *prometheus.Registry) (labels []string) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "http_request_duration_seconds" {
			continue
		}
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			labels = append(labels, strings.Join(values, " "))
		}
	}
	return labels
}
