package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// startPhone runs the server as a phone, and returns the page's address and what stops it.
func startPhone(t *testing.T, getenv func(string) string, args ...string) (page string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out := &notes{}
	stopped := make(chan error, 1)
	go func() { stopped <- run(ctx, append([]string{"-phone"}, args...), getenv, out, out) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-stopped, "%s", out)
	})
	require.Eventually(t, func() bool {
		page = regexp.MustCompile(`http://127\.0\.0\.1:\d+/[0-9a-f]{32}/`).FindString(out.String())
		return page != ""
	}, 6*patience, tick)
	return page
}

// notes is what a program prints.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// callByPage calls as the page does, until an event has both words.
func callByPage(t *testing.T, page string, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*patience)
	defer cancel()
	origin, _, _ := strings.Cut(strings.TrimPrefix(page, "http://"), "/")
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(page, "http")+"call", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://" + origin}}})
	require.NoError(t, err)
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	require.NoError(t, conn.Write(ctx, websocket.MessageText, []byte(`{"type":"dial","from":"+14155550100","to":"+14155550199"}`)))
	for len(words) > 0 {
		kind, event, err := conn.Read(ctx)
		require.NoError(t, err, "%s was not told", words[0])
		if kind == websocket.MessageText && strings.Contains(string(event), words[0]) {
			words = words[1:]
		}
	}
}

// TestPhone: the page is there and calls the server in this process.
func TestPhone(t *testing.T) {
	page := startPhone(t, environment("STT=off", "TTS=recordings"))
	answer, err := http.Get(page)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, answer.Body.Close())
	require.NoError(t, err)
	require.Contains(t, string(body), "dialtone <span>phone</span>")
	callByPage(t, page, `"ringing"`, `"kind":"webhook"`, `"kind":"handshake"`, `"type":"answer"`)
}

// TestPhoneOfAnotherServer: the phone asks the webhook of the URL, signed with the token and
// over the public URL of the environment, and sends no status callbacks to a path it does not
// know.
func TestPhoneOfAnotherServer(t *testing.T) {
	const token, public = "0123456789abcdef0123456789abcdef", "https://other.example.com"
	verifier, err := signature.New(signature.Options{Tokens: []string{token}, PublicURL: public})
	require.NoError(t, err)
	asked := make(chan string, 10)
	other := httptest.NewServer(verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		io.WriteString(w, `<Response><Say>Good evening from another language.</Say></Response>`)
	})))
	t.Cleanup(other.Close)
	page := startPhone(t, environment("TWILIO_AUTH_TOKEN="+token, "PUBLIC_URL="+public), "-target", other.URL+"/incoming-call")
	callByPage(t, page, "Good evening from another language", `"type":"ended"`)
	require.Equal(t, "/incoming-call", <-asked)
	require.Empty(t, asked)

	page = startPhone(t, environment("TWILIO_AUTH_TOKEN="+strings.Repeat("1", 32), "PUBLIC_URL="+public), "-target", other.URL+"/incoming-call")
	callByPage(t, page, "made with the auth token", `"type":"ended"`)
}

// TestPhoneFlags: what does not go together starts nothing.
func TestPhoneFlags(t *testing.T) {
	for _, args := range [][]string{{"-target", "http://127.0.0.1:1"}, {"-phone", "-demo"}, {"-phone", "-target", "localhost:3000"}, {"-phone", "-target", "http://u:secret@127.0.0.1"}, {"-phone", "-target", "http://127.0.0.1/?a=b"}} {
		var out bytes.Buffer
		err := run(t.Context(), args, environment(), &out, &out)
		require.Error(t, err, "%v", args)
		require.NotContains(t, err.Error(), "secret")
	}
}
