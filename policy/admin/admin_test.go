package admin

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

const runbookForm = "admin-k3v9q0zt81xwm5c2" // 22 characters, 82 bits at most

func TestHash(t *testing.T) {
	for _, tt := range []struct {
		token, strict, weak string // what the error contains; "" means accepted
	}{
		{Generate(), "", ""},
		{runbookForm, "fewer than 128", ""},
		{"admin-7f8a9b2c3d4e5f6g7h8i", "published example", "published example"},
		{"admin-7f8a9b2c3d4e5f6", "fewer than 128", ""},
		{"admin-b4f09c2e7716d3a85e60c9f1d27ab384", "", ""}, // 32 hexadecimal digits
		{"admin-7f8a9b2c3d4e5", "fewer than 20", "fewer than 20"},
		{"root-7f8a9b2c3d4e5f6a7b8c", "does not begin", "does not begin"},
		{"admin-" + strings.Repeat("a", 60), "repetition", "repetition"},
		{"admin-abcdefghijklmnopqrstuvwxyz0123456789", "sequence", "sequence"},
		{"admin-7f8a9b2c3d4e5f6 7f8a9b", "characters other", "characters other"},
		{"admin-7f8a9b2c3d4e5f6é7f8a9b", "characters other", "characters other"},
		{"", "does not begin", "does not begin"},
	} {
		for _, weak := range []bool{false, true} {
			want := tt.strict
			if weak {
				want = tt.weak
			}
			_, err := Hash(tt.token, weak)
			if want == "" {
				require.NoError(t, err, "%s weak=%v", tt.token, weak)
				continue
			}
			require.ErrorContains(t, err, want, "%s weak=%v", tt.token, weak)
			if len(tt.token) > 6 {
				require.NotContains(t, err.Error(), tt.token)
			}
		}
	}
}

func TestGenerate(t *testing.T) {
	seen := make(map[string]bool)
	for range 200 {
		token := Generate()
		require.Len(t, token, 49)
		require.False(t, seen[token])
		seen[token] = true
		_, err := Hash(token, false)
		require.NoError(t, err, token)
	}
}

func TestParseTokens(t *testing.T) {
	a, b := Generate(), Generate()
	tokens, err := ParseTokens(fmt.Sprintf("\ufeffops=%s@calls:read+policy:write,\r\n\u00a0%s,,\n", a, b), false)
	require.NoError(t, err)
	require.Len(t, tokens, 2)
	require.Equal(t, "ops", tokens[0].Label)
	require.Equal(t, []string{"calls:read", "policy:write"}, tokens[0].Scopes)
	require.Equal(t, "admin2", tokens[1].Label)
	require.Equal(t, []string{All}, tokens[1].Scopes)

	tokens, err = ParseTokens("", false)
	require.NoError(t, err)
	require.Empty(t, tokens)

	_, err = ParseTokens("secret1,admin-short,"+runbookForm, false)
	for _, entry := range []string{"entry 1", "entry 2", "entry 3"} {
		require.ErrorContains(t, err, entry)
	}
	require.NotContains(t, err.Error(), runbookForm)
}

// request asks a guarded handler for path and returns the status.
func request(g *Guard, scope, path, authorization string) int {
	h := g.Require(scope)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, Label(r.Context()))
	}))
	r := httptest.NewRequest("GET", path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func token(t *testing.T, list string) []Token {
	tokens, err := ParseTokens(list, false)
	require.NoError(t, err)
	return tokens
}

func TestGuard(t *testing.T) {
	read, all, late, old := Generate(), Generate(), Generate(), Generate()
	tokens := token(t, "read="+read+"@calls:read,all="+all+",late="+late+",old="+old)
	tokens[2].NotBefore = time.Now().Add(time.Hour)
	tokens[3].Expires = time.Now().Add(-time.Second)
	var audit bytes.Buffer
	g := NewGuard(GuardOptions{Tokens: tokens, Audit: slog.New(slog.NewTextHandler(&audit, nil)), FailuresPerMinute: 1000})

	for _, tt := range []struct {
		name, scope, path, header string
		status                    int
	}{
		{"right", "calls:read", "/calls", "Bearer " + read, 200},
		{"scheme in lower case", "calls:read", "/calls", "bearer " + read, 200},
		{"other scope", "policy:write", "/calls", "Bearer " + read, 403},
		{"every scope", "policy:write", "/calls", "Bearer " + all, 200},
		{"not yet", "calls:read", "/calls", "Bearer " + late, 403},
		{"expired", "calls:read", "/calls", "Bearer " + old, 403},
		{"none", "calls:read", "/calls", "", 401},
		{"basic", "calls:read", "/calls", "Basic " + read, 401},
		{"unknown", "calls:read", "/calls", "Bearer " + Generate(), 401},
		{"prefix of a token", "calls:read", "/calls", "Bearer " + read[:48], 401},
		{"in the URL", "calls:read", "/calls?token=" + read, "", 401},
	} {
		require.Equal(t, tt.status, request(g, tt.scope, tt.path, tt.header), tt.name)
	}
	for _, secret := range []string{read, all, late, old} {
		require.NotContains(t, audit.String(), secret)
	}
	require.Equal(t, 11, strings.Count(audit.String(), "\n"), "one line for each request")
	require.Contains(t, audit.String(), "label=read scope=calls:read")

	g.SetTokens(nil)
	require.Equal(t, 401, request(g, "calls:read", "/calls", "Bearer "+all), "no tokens: nobody")
	require.Equal(t, 401, request(NewGuard(GuardOptions{}), "x", "/", "Bearer "), "an empty token is no token")
}

func TestGuardSlowsGuessing(t *testing.T) {
	good := Generate()
	g := NewGuard(GuardOptions{Tokens: token(t, good), FailuresPerMinute: 3})
	for range 3 {
		require.Equal(t, 401, request(g, "x", "/", "Bearer "+Generate()))
	}
	require.Equal(t, 429, request(g, "x", "/", "Bearer "+Generate()))
	require.Equal(t, 429, request(g, "x", "/", "Bearer "+good), "unread, or it would not slow guessing")

	elsewhere := httptest.NewRequest("GET", "/", nil)
	elsewhere.RemoteAddr = "198.51.100.7:1234"
	elsewhere.Header.Set("Authorization", "Bearer "+good)
	w := httptest.NewRecorder()
	g.Require("x")(http.NotFoundHandler()).ServeHTTP(w, elsewhere)
	require.Equal(t, 404, w.Code, "others are not affected")
}

// TestGuardSlowsManySources: whoever guesses from ever new addresses is slowed too.
func TestGuardSlowsManySources(t *testing.T) {
	n := 0
	g := NewGuard(GuardOptions{Tokens: token(t, Generate()), FailuresPerMinute: 1, Source: func(*http.Request) string {
		n++
		return fmt.Sprint("address ", n)
	}})
	for range 100 {
		require.Equal(t, 401, request(g, "x", "/", "Bearer "+Generate()))
	}
	require.Equal(t, 429, request(g, "x", "/", "Bearer "+Generate()))
}
