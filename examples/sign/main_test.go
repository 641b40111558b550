package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/signature"
)

func TestMain(m *testing.M) { leak.Main(m) }

const token = "0123456789abcdef0123456789abcdef"

func environment(name string) string {
	switch name {
	case "TWILIO_AUTH_TOKEN":
		return token + ",the next one"
	case "TWILIO_SHARED_KEYS":
		return "a=shared=a, b:HMAC_SHA1=shared-b"
	}
	return ""
}

// TestCommandsAreAccepted runs the printed commands against a server that
// verifies them.
func TestCommandsAreAccepted(t *testing.T) {
	apt.Need(t, "curl", "curl")
	v, err := signature.New(signature.Options{Tokens: []string{token}, SharedKeys: map[string]string{"a": "shared=a", "b": "shared-b"},
		SharedKeyPins: map[string]signature.Pin{"a": {Algorithm: signature.HMACSHA256}, "b": {Algorithm: signature.HMACSHA1}}})
	require.NoError(t, err)
	server := httptest.NewServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			if conn, err := websocket.Accept(w, r, nil); err == nil {
				conn.CloseNow()
			}
			return
		}
		r.ParseForm()
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "From="+r.Form.Get("From")+" odd="+r.Form.Get("o d'd")+" body="+string(body))
	})))
	defer server.Close()
	stream := "ws" + strings.TrimPrefix(server.URL, "http")

	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"inbound call": {[]string{server.URL + "/in"}, "From=+14155550100"},
		"parameters":   {[]string{"-d", "From=it's %41 \"&\" `x` $HOME", "-d", "o d'd==a=", server.URL + "/in?a='%27#rc=2"}, "From=it's %41 \"&\" `x` $HOME odd==a="},
		"repeated":     {[]string{"-d", "a=2", "-d", "a=1", "-d", "a=2", server.URL + "/in"}, "body=a=2&a=1&a=2"},
		"GET":          {[]string{"-get", "-d", "From=+1 &", server.URL + "/in?x=y"}, "From=+1 &"},
		"JSON":         {[]string{"-json", `{"it's": "@file"}`, server.URL + "/in"}, `body={"it's": "@file"}`},
		"shared key":   {[]string{"-key", "a", server.URL + "/in"}, "From=+14155550100"},
		"pinned key":   {[]string{"-key", "b", "-json", "{}", server.URL + "/in"}, "body={}"},
		"stream":       {[]string{stream + "/stream"}, "HTTP/1.1 101 Switching Protocols"},
	} {
		t.Run(name, func(t *testing.T) {
			var command strings.Builder
			require.NoError(t, run(c.args, environment, &command))
			require.NotContains(t, command.String(), token)
			require.NotContains(t, command.String(), "shared")
			out, err := exec.Command("sh", "-c", command.String()).CombinedOutput()
			if name != "stream" { // curl does not like how a stream ends
				require.NoError(t, err, "%s\n%s", command.String(), out)
			}
			require.Contains(t, string(out), c.want, command.String())
		})
	}
}

func TestRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"need one URL, after the flags":                       {},
		`"calls.example.com/in" is not a URL`:                 {"calls.example.com/in"},
		`"ftp" is none of https, http, wss and ws`:            {"ftp://calls.example.com"},
		"-json goes with neither -d nor -get":                 {"-json", "{}", "-get", "https://calls.example.com"},
		`TWILIO_SHARED_KEYS has no key "c"`:                   {"-key", "c", "https://calls.example.com"},
		"a WebSocket handshake has no parameters and no body": {"-d", "a=b", "wss://calls.example.com"},
	} {
		require.EqualError(t, run(args, environment, io.Discard), want)
	}
	err := run([]string{"https://calls.example.com"}, func(string) string { return "" }, io.Discard)
	require.EqualError(t, err, "TWILIO_AUTH_TOKEN is not set")
	for value, want := range map[string]string{`"` + token + `"`: "in quotes", "canary\ncanary": "line breaks", "canary canary": "blanks"} {
		err := run([]string{"-what"}, func(string) string { return value }, io.Discard)
		require.ErrorContains(t, err, "TWILIO_AUTH_TOKEN ")
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "not defined: -what", "all at once")
		require.NotContains(t, err.Error(), "canary")
		require.NotContains(t, err.Error(), token)
	}
}
