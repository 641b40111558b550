package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The secrets of a run, none of which may be seen anywhere.
const (
	saidCanary   = "my card number is forty two"
	digitsCanary = "4929123"
)

// TestLogQueries runs calls and puts the runbook's four Splunk queries to the
// log, as text and as JSON: the words they search, the fields they count by,
// and the patterns they cut out of the raw line.
func TestLogQueries(t *testing.T) {
	t.Parallel()
	for format, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler {
			return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: voice.SpellWarning, Level: slog.LevelDebug})
		},
		"json": func(w io.Writer) slog.Handler {
			return slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: voice.SpellWarning, Level: slog.LevelDebug})
		},
	} {
		t.Run(format, func(t *testing.T) {
			run := runCalls(t, handler)
			for name, q := range map[string]struct {
				level, phrase, pattern, want string
			}{
				"failed calls, by call":   {level: "ERROR", pattern: `call_sid=(CA[0-9a-f]{32})`, want: run.failed.SID},
				"failed calls, by reason": {level: "ERROR", pattern: `error_message=(\w+)`, want: "handler_returned_error"},
				"latency":                 {phrase: "STT latency", pattern: `latency=(\d+)ms`},
				"inbound":                 {phrase: "Twilio inbound call", pattern: `from=(\+\d+)`, want: "+14155550100"},
				"rate limited":            {level: "WARNING", phrase: "Rate limit exceeded", pattern: `from_number=(\+\d+)`, want: "+14155550101"},
			} {
				var found []string
				for line := range strings.Lines(run.log) {
					if strings.Contains(line, q.phrase) && (q.level == "" || level(line) == q.level) {
						if m := regexp.MustCompile(q.pattern).FindStringSubmatch(line); m != nil {
							found = append(found, m[1])
						}
					}
				}
				require.NotEmpty(t, found, "%s: the query finds nothing in\n%s", name, run.log)
				if q.want != "" {
					require.Contains(t, found, q.want, name)
				}
			}
			for name, canary := range run.canaries {
				for place, text := range map[string]string{"log": run.log, "metrics": run.page, "errors": run.errors} {
					require.NotContains(t, text, canary, "%s in the %s", name, place)
				}
			}
		})
	}
}

// level returns the field level of a line, as Splunk extracts it.
func level(line string) string {
	var fields struct{ Level string }
	if json.Unmarshal([]byte(line), &fields) == nil {
		return fields.Level
	}
	if m := regexp.MustCompile(`(?:^| )level=(\w+)`).FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// traces is what a run leaves behind.
type traces struct {
	log, page, errors string
	failed            *voicetest.Call
	canaries          map[string]string
}

// runCalls has one call succeed, one fail, one panic, one that is refused for
// calling too often, and some that are forged.
func runCalls(t *testing.T, handler func(io.Writer) slog.Handler) traces {
	t.Helper()
	var log lines
	logger := slog.New(handler(&log))
	registry := prometheus.NewRegistry()
	m, err := metrics.New(registry, nil)
	require.NoError(t, err)
	adminToken := admin.Generate()
	token := "canary-auth-token-0123456789abcdef"
	sessionKey := "canary-session-key-0123456789"
	heard := make(chan string, 10)
	var digits string
	config := voice.Config{
		AuthTokens:  []string{token},
		SessionKeys: [][]byte{[]byte(sessionKey)},
		PublicURL:   voicetest.PublicURL,
		Logger:      logger,
		Trace:       m.Trace(),
		Policy:      policy.PerCaller(1, time.Hour),
		STT:         stt.Segmented(stt.RecognizerFunc(says), stt.Segmentation{}),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			switch call.From {
			case "+14155550101":
				return errors.New("the database is away")
			case "+14155550102":
				panic("nobody expects this")
			case "+14155550103":
				digits, _ = call.Digits(ctx, len(digitsCanary), "#")
				return nil
			}
			for transcript := range call.Transcripts(ctx) {
				heard <- transcript.Text
			}
			return nil
		}),
	}
	behind := config
	behind.PublicURL = "https://twilio:canary-password@calls.example.com"
	logger.Info("starting behind a proxy", "config", behind)
	logger.Info("starting", "config", config, "also", fmt.Sprintf("%v %+v %#v", config, config, &config))
	server, err := voice.New(config)
	require.NoError(t, err)
	m.Watch(server)
	guard := admin.NewGuard(admin.GuardOptions{Tokens: mustTokens(t, adminToken), Audit: logger})
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", server)
	mux.Handle("GET /admin", guard.Require("calls:read")(http.NotFoundHandler()))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	whole := m.Middleware(mux)
	tw := voicetest.New(t, whole, voicetest.Config{AuthToken: token})

	call := tw.Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"),
		voicetest.Param("Digits", digitsCanary), voicetest.Param("SpeechResult", saidCanary), voicetest.Param("CallToken", "canary-call-token"))
	call.SpeakAudio(stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: 8000}))
	select {
	case said := <-heard:
		require.Equal(t, saidCanary, said)
	case <-time.After(30 * time.Second):
		require.Fail(t, "no transcript", log.String())
	}
	call.HangUp()
	stream := call.StreamURL()
	replayed := tw.Dial("+14155550104", "+14155550199", voicetest.ReplayedStream(stream))
	replayed.HangUp()
	failed := tw.Dial("+14155550101", "+14155550199")
	failed.Wait(t.Context())
	tw.Dial("+14155550101", "+14155550199").Wait(t.Context())
	tw.Dial("+14155550102", "+14155550199").Wait(t.Context())
	pressing := tw.Dial("+14155550103", "+14155550199")
	pressing.Digits(digitsCanary)
	pressing.Wait(t.Context())
	require.Equal(t, digitsCanary, digits)
	forged := tw.Dial("+14155550105", "+14155550199", voicetest.WrongSignature(voicetest.Webhook), voicetest.Param("Digits", digitsCanary))
	forged.Wait(t.Context())
	unsigned := tw.Dial("+14155550106", "+14155550199", voicetest.Unsigned(voicetest.Handshake))
	unsigned.HangUp()

	for _, credential := range []string{adminToken, "canary-wrong-admin-token"} {
		r := httptest.NewRequest(http.MethodGet, "/admin?password=canary-query", nil)
		r.Header.Set("Authorization", "Bearer "+credential)
		whole.ServeHTTP(httptest.NewRecorder(), r)
	}
	require.NoError(t, server.Shutdown(t.Context()))
	page := httptest.NewRecorder()
	whole.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))

	_, broken := voice.New(voice.Config{AuthTokens: []string{token, ""}, SessionKeys: [][]byte{[]byte(sessionKey)[:15]}, PublicURL: "ftp://x"})
	return traces{log: log.String(), page: page.Body.String(), errors: fmt.Sprint(broken), failed: failed, canaries: map[string]string{
		"auth token": token, "session key": sessionKey, "part of the session key": sessionKey[:15],
		"session token": stream[strings.LastIndex(stream, "/")+1:], "another session token": unsigned.StreamURL()[strings.LastIndex(unsigned.StreamURL(), "/")+1:],
		"transcript": saidCanary, "digits": digitsCanary, "call token": "canary-call-token",
		"admin token": adminToken, "wrong admin token": "canary-wrong-admin-token", "query value": "canary-query", "password": "canary-password",
		"a wrong signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	}}
}

func says(context.Context, []byte, stt.Config) (stt.Transcript, error) {
	return stt.Transcript{Text: saidCanary}, nil
}

func mustTokens(t *testing.T, list string) []admin.Token {
	t.Helper()
	tokens, err := admin.ParseTokens(list, false)
	require.NoError(t, err)
	return tokens
}
