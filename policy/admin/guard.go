package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/throttle"
	"agentos.dev/dialtone/policy"
)

// GuardOptions configures [NewGuard].
type GuardOptions struct {
	// Tokens are the tokens accepted. Without any, everything is refused.
	Tokens []Token

	// Audit gets one record for each use of a token and each refusal: label, scope,
	// method, path and remote address, never the token. Of refusals without a token of
	// ours, which anybody can cause, it gets a hundred a minute at most; the next one
	// says how many were left out. nil discards all.
	Audit *slog.Logger

	// FailuresPerMinute is how many refused tokens a remote address may show in a minute
	// before further ones are answered 429; 0 means 10. All addresses together may show a
	// hundred times as many. A client with a valid token is let in all the same, whatever
	// others have shown: 128 bits are not found by trying.
	FailuresPerMinute int

	// Source returns the address that failures are counted by; nil means the
	// remote address without its port. Behind a proxy it must be the address that
	// the proxy vouches for. IPv6 addresses count by their /64, which is what one
	// subscriber has, IPv4 addresses in them as IPv4.
	Source func(*http.Request) string
}

// refusalsPerMinute is how many records strangers can write to the audit log.
const refusalsPerMinute = 100

// Guard checks bearer tokens. NewGuard makes it; the zero value is not usable. All methods are safe for concurrent use.
type Guard struct {
	audit    *slog.Logger
	refusals *slog.Logger // those of strangers
	source   func(*http.Request) string
	tokens   atomic.Pointer[[]Token]
	failures *policy.Memory // refused tokens of the last minute: by source, and of all under "*"
	most     int64          // how many a source may have
}

// NewGuard makes a guard.
func NewGuard(o GuardOptions) *Guard {
	if o.Audit == nil {
		o.Audit = slog.New(slog.DiscardHandler)
	}
	if o.FailuresPerMinute <= 0 {
		o.FailuresPerMinute = 10
	}
	if o.Source == nil {
		o.Source = remoteHost
	}
	g := &Guard{
		audit:    o.Audit,
		refusals: slog.New(throttle.New(o.Audit.Handler(), refusalsPerMinute)),
		source:   o.Source,
		failures: policy.NewMemory(policy.MemoryOptions{}),
		most:     int64(o.FailuresPerMinute),
	}
	g.SetTokens(o.Tokens)
	return g
}

// SetTokens replaces the tokens. To change one without a gap, accept the old and
// the new one together until nobody uses the old one.
func (g *Guard) SetTokens(tokens []Token) {
	tokens = append([]Token(nil), tokens...)
	g.tokens.Store(&tokens)
}

// Require returns middleware that lets a request through if its Authorization
// header bears a token good for the scope. Otherwise it answers 401 (no token or
// none of ours), 429 (that too often) or 403 (ours, but not for this scope or at this
// time), each the same whatever was wrong. Tokens in the URL are refused unread: URLs end up
// in logs.
func (g *Guard) Require(scope string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t, status := g.check(r, scope)
			if status != http.StatusOK {
				w.Header().Set("Cache-Control", "no-store")
				if status == http.StatusUnauthorized {
					w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
				}
				http.Error(w, http.StatusText(status), status)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), labelKey{}, t.Label)))
		})
	}
}

type labelKey struct{}

// Label returns the label of the token that a request came in with, or "".
func Label(ctx context.Context) string {
	label, _ := ctx.Value(labelKey{}).(string)
	return label
}

// check returns the request's token, or the status to refuse it with.
func (g *Guard) check(r *http.Request, scope string) (Token, int) {
	source := g.source(r)
	record := func(log *slog.Logger, level slog.Level, message, label string, why ...any) {
		log.With(why...).LogAttrs(r.Context(), level, message, slog.String("label", label), slog.String("scope", scope),
			slog.String("method", cut(r.Method)), slog.String("path", cut(r.URL.Path)), slog.String("source", cut(source)))
	}
	const refused = "admin request refused"
	token, why := bearer(r)
	if why == "" {
		if t, ok := g.find(token); !ok {
			why = "unknown token"
		} else if err := t.allows(scope, time.Now()); err != nil {
			record(g.audit, slog.LevelWarn, refused, t.Label, "reason", err.Error())
			return Token{}, http.StatusForbidden
		} else {
			record(g.audit, slog.LevelInfo, "admin request", t.Label)
			return t, http.StatusOK
		}
	}
	by := network(source)
	if g.failed(by, 0) >= g.most || g.failed("*", 0) >= 100*g.most {
		record(g.refusals, slog.LevelWarn, refused, "", "reason", "too many failures")
		return Token{}, http.StatusTooManyRequests
	}
	g.failed(by, g.most)
	g.failed("*", 100*g.most)
	record(g.refusals, slog.LevelWarn, refused, "", "reason", why)
	return Token{}, http.StatusUnauthorized
}

// cut bounds what a stranger can write into one record.
func cut(s string) string { return s[:min(len(s), 200)] }

// network returns what an address is counted by.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// failed adds a failure of a source if it has fewer than limit, and returns how many it has.
func (g *Guard) failed(source string, limit int64) int64 {
	ops := []policy.Op{{Kind: policy.OpCount, Space: "failures", Name: source, Limit: limit, Keep: time.Minute}}
	g.failures.Do(context.Background(), ops)
	return ops[0].Total
}

// bearer returns the token of the Authorization header, or why there is none.
func bearer(r *http.Request) (token, why string) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0 && strings.Contains(r.URL.RawQuery, tokenPrefix):
		return "", "token in the URL: send it as Authorization: Bearer"
	case len(headers) != 1:
		return "", "no single Authorization header"
	}
	scheme, token, ok := strings.Cut(headers[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", "Authorization is not Bearer"
	}
	return strings.TrimSpace(token), ""
}

// find compares the token with all entries, so that the time taken says nothing.
func (g *Guard) find(token string) (Token, bool) {
	sum := sha256.Sum256([]byte(token))
	tokens, at := *g.tokens.Load(), -1
	for i := range tokens {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], tokens[i].Hash[:]), i, at)
	}
	if at < 0 {
		return Token{}, false
	}
	return tokens[at], true
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
