package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/voice"
)

// A host has one registry, and mounts the middleware around its mux.
func ExampleNew() {
	registry := prometheus.NewRegistry()
	m, err := metrics.New(registry, &metrics.Options{ConcurrentCallsLimit: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{"0123456789abcdef0123456789abcdef"},
		PublicURL:  "https://calls.example.com",
		Handler:    voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
		Trace:      m.Trace(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Watch(srv)
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	host := m.Middleware(mux)

	w := httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("POST", "/api/voice/twilio/inbound", nil)) // without a signature
	w = httptest.NewRecorder()
	host.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for lines := bufio.NewScanner(w.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "twilio_active_calls") || strings.HasPrefix(line, "http_request_duration_seconds_count") {
			fmt.Println(line)
		}
	}
	// Output:
	// http_request_duration_seconds_count{code="403",endpoint="/api/voice/twilio/inbound",method="POST"} 1
	// twilio_active_calls 0
}

// Rules for a job that is not called agentos_webui.
func ExampleRules() {
	rules, err := metrics.Rules("phone")
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(string(rules)) {
		if strings.Contains(line, `job="phone"`) {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// absent(up{job="phone"} == 1)
	// up{job="phone"} == 0
}
