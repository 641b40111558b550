package voice

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := New(Config{
		AuthTokens:  []string{"token\n", "canary\ntoken", "'canary'", " "},
		AccountSIDs: []string{"my account"},
		PublicURL:   "http://calls.example.com",
		Path:        "voice/",
		MaxDuration: -time.Second,
		MaxStreams:  -1,
		SessionKeys: [][]byte{[]byte("short")},
	})
	require.Error(t, err)
	for _, part := range []string{"Handler is missing", "AccountSIDs[0]", "PublicURL", "not https", `Path "voice/"`, "MaxDuration", "MaxStreams", "SessionKeys[0]", "AuthTokens[1] has a line break", "AuthTokens[2] is in quotes", "AuthTokens[3] is empty"} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "canary", "a token must not get into an error")
	require.NotContains(t, err.Error(), "AuthTokens[0]", "what stands around a token goes")
	for _, mistake := range err.(interface{ Unwrap() []error }).Unwrap() {
		require.IsType(t, &OptionError{}, mistake)
	}
}

func TestNewNeedsTokenAndURL(t *testing.T) {
	_, err := New(Config{})
	require.ErrorContains(t, err, "AuthTokens is empty")
	require.ErrorContains(t, err, "PublicURL is missing")
}

// Whoever gives the webhook's URL as PublicURL would have every call refused.
func TestPublicURLIsWithoutThePath(t *testing.T) {
	c := Config{AuthTokens: []string{"0123456789abcdef"}, Handler: HandlerFunc(func(context.Context, *Call) error { return nil })}
	for url, want := range map[string]bool{
		"https://calls.example.com":                          true,
		"https://calls.example.com/app":                      true,
		"https://calls.example.com/api/voice":                true, // a proxy may strip that
		"https://calls.example.com/api/voice/twilio/inbound": false,
	} {
		c.PublicURL = url
		_, err := New(c)
		require.Equal(t, want, err == nil, "%s: %v", url, err)
	}
}

// TestWebhookByGETIsExplained: it is one choice in Twilio's console away.
func TestWebhookByGETIsExplained(t *testing.T) {
	const token, target = "0123456789abcdef", "https://calls.example.com" + DefaultPath + inboundRoute + "?CallSid=CA00000000000000000000000000000001"
	var log strings.Builder
	s, err := New(Config{
		AuthTokens: []string{token},
		PublicURL:  "https://calls.example.com",
		Handler:    HandlerFunc(func(context.Context, *Call) error { return nil }),
		Logger:     slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RequestURI = strings.TrimPrefix(target, "https://calls.example.com")
	r.Header.Set("X-Twilio-Signature", signature.Sign(token, target, nil))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Contains(t, log.String(), "HTTP POST")
}

func TestStreamBase(t *testing.T) {
	for url, want := range map[string]string{
		"https://calls.example.com":       "wss://calls.example.com",
		"https://calls.example.com:8443":  "wss://calls.example.com:8443",
		"https://u:p@example.com/app/":    "wss://u:p@example.com/app",
		"https://u%2D:p@example.com/a%7e": "wss://u%2D:p@example.com/a%7e", // byte for byte, as it is signed
		"http://127.0.0.1:8080":           "ws://127.0.0.1:8080",
		"HTTPS://Calls.Example.com/A":     "wss://Calls.Example.com/A",
		"Http://127.0.0.1:8080":           "ws://127.0.0.1:8080",
		"http://calls.example.com":        "",
		"calls.example.com":               "",
		"https://example.com?a=b":         "",
	} {
		got, err := streamBase(url)
		require.Equal(t, want, got, url)
		require.Equal(t, want == "", err != nil, url)
	}
}

func TestSetAuthTokensKeepsTheOldOnesWhenTheNewAreWrong(t *testing.T) {
	s, err := New(Config{
		AuthTokens: []string{"0123456789abcdef"},
		PublicURL:  "https://calls.example.com",
		Handler:    HandlerFunc(func(context.Context, *Call) error { return nil }),
	})
	require.NoError(t, err)
	require.ErrorContains(t, s.SetAuthTokens(nil), "AuthTokens is empty")
	require.ErrorContains(t, s.SetAuthTokens([]string{"fedcba9876543210", "a\nb"}), "AuthTokens[1]")
	require.NoError(t, s.SetAuthTokens([]string{" fedcba9876543210\r\n"}))
	require.NoError(t, s.SetAuthTokens([]string{"fedcba9876543210"}))
}

func TestLogNumbers(t *testing.T) {
	require.Equal(t, "+1********00", MaskNumber("+14155550100"))
	require.Equal(t, "hidden", MaskNumber("anonymous"))

	hash := HashNumber([]byte("key"))
	require.Regexp(t, `^\+\d{15}$`, hash("+14155550100"))
	require.Equal(t, hash("+14155550100"), hash("+14155550100"), "so that a query can count")
	require.NotEqual(t, hash("+14155550100"), hash("+14155550101"))

	s := &Server{}
	require.Equal(t, "+14155550100", s.logNumber("+14155550100"))
	require.Equal(t, "x__level_ERROR_call_sid_CA1", s.logNumber("x\n level=ERROR call_sid=CA1"), "a caller must not write log lines")
}
