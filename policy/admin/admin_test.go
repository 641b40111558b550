package admin

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
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
	require.Equal(t, []string{ScopeAll}, tokens[1].Scopes)

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

// from asks a guard for "/" from a remote address and returns the status.
func from(g *Guard, address, authorization string) int {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = address
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	g.Require("x")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w.Code
}

// TestGuardSlowsGuessing: wrong tokens are slowed by their source, and keep nobody out
// who has a right one, wherever that comes from.
func TestGuardSlowsGuessing(t *testing.T) {
	good := Generate()
	g := NewGuard(GuardOptions{Tokens: token(t, good), FailuresPerMinute: 3})
	for range 3 {
		require.Equal(t, 401, from(g, "192.0.2.1:1111", "Bearer "+Generate()))
	}
	require.Equal(t, 429, from(g, "192.0.2.1:2222", "Bearer "+Generate()))
	require.Equal(t, 429, from(g, "192.0.2.1:2222", ""))
	require.Equal(t, 200, from(g, "192.0.2.1:3333", "Bearer "+good), "the person on call, behind the same address")
	require.Equal(t, 429, from(g, "192.0.2.1:2222", "Bearer "+Generate()), "which excuses nobody else")
	require.Equal(t, 401, from(g, "198.51.100.7:1234", "Bearer "+Generate()), "others are not affected")
}

// TestGuardCountsNetworks: one subscriber has all addresses of an IPv6 /64, and no IPv4
// address has two spellings.
func TestGuardCountsNetworks(t *testing.T) {
	for name, addresses := range map[string][]string{
		"IPv6 /64":         {"[2001:db8:1:2::1]:1", "[2001:db8:1:2::2]:2", "[2001:db8:1:2:ffff:ffff:ffff:ffff]:3", "[2001:db8:1:2:8::]:4"},
		"mapped IPv4":      {"192.0.2.1:1", "[::ffff:192.0.2.1]:2", "192.0.2.1:3", "[::ffff:c000:201]:4"},
		"link-local zones": {"[fe80::1%eth0]:1", "[fe80::2%eth1]:2", "[fe80::3]:3", "[fe80::4%a]:4"},
	} {
		g := NewGuard(GuardOptions{Tokens: token(t, Generate()), FailuresPerMinute: 3})
		for i, address := range addresses {
			require.Equal(t, map[bool]int{true: 401, false: 429}[i < 3], from(g, address, "Bearer "+Generate()), "%s: %s", name, address)
		}
	}
	g := NewGuard(GuardOptions{Tokens: token(t, Generate()), FailuresPerMinute: 1})
	for _, address := range []string{"[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", "192.0.2.1:1", "192.0.2.2:1", "unix", "@"} {
		require.Equal(t, 401, from(g, address, "Bearer "+Generate()), "another source: %s", address)
	}
}

// TestGuardLogsStrangersSparingly: whoever has no token writes at most a hundred lines a
// minute, short ones, and none is lost of those who have.
func TestGuardLogsStrangersSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := Generate()
		var audit bytes.Buffer
		g := NewGuard(GuardOptions{Tokens: token(t, "ops="+good+"@x"), Audit: slog.New(slog.NewTextHandler(&audit, nil))})
		for i := range 5000 {
			from(g, fmt.Sprintf("192.0.2.%d:1", i%200), "Bearer "+Generate())
		}
		require.Equal(t, 100, strings.Count(audit.String(), "\n"))
		audit.Reset()
		for range 200 {
			require.Equal(t, 200, from(g, "192.0.2.1:1", "Bearer "+good))
			require.Equal(t, 403, request(g, "y", "/", "Bearer "+good))
		}
		require.Equal(t, 400, strings.Count(audit.String(), "label=ops"))
		audit.Reset()
		time.Sleep(time.Minute)
		request(g, "x", "/"+strings.Repeat("a", 30_000), "")
		require.Contains(t, audit.String(), "suppressed=4900")
		require.Less(t, audit.Len(), 600)
	})
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
