// Package admin guards a service's own operations with bearer tokens: reading
// calls and recordings, changing limits and lists.
package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"agentos.dev/dialtone/policy"
)

// tokenPrefix begins every token, so that one left in a file or log can be found.
const tokenPrefix = "admin-"

// minLength is the shortest token of the operations runbook, prefix included. What
// is left after the prefix may be as little as 56 bits.
const minLength = 20

// minBits is the entropy demanded of a token.
const minBits = 128

// ScopeAll is the scope that stands for every scope.
const ScopeAll = "*"

// Token is what the guard keeps of a token: not the token, but its hash. A token
// of 128 random bits needs no slow hash.
type Token struct {
	Label     string            // who holds it; appears in the audit log
	Hash      [sha256.Size]byte // of the whole token
	Scopes    []string          // such as "calls:read"; All for everything
	NotBefore time.Time         // zero means at once
	Expires   time.Time         // zero means never
}

// allows reports whether the token is good for the scope at that time.
func (t Token) allows(scope string, at time.Time) error {
	switch {
	case at.Before(t.NotBefore):
		return errNotYet
	case !t.Expires.IsZero() && !at.Before(t.Expires):
		return errExpired
	}
	for _, s := range t.Scopes {
		if s == ScopeAll || s == scope {
			return nil
		}
	}
	return errScope
}

var (
	errNotYet  = errors.New("admin: token is not valid yet")
	errExpired = errors.New("admin: token has expired")
	errScope   = errors.New("admin: token lacks the scope")
)

// Generate returns a new token of 256 random bits: [tokenPrefix] and 43 characters.
func Generate() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns what to keep of a token after checking its form: [tokenPrefix], then
// letters, digits, '-' and '_', and enough of them, chosen without pattern, for
// 128 bits. With weak, the runbook's rule suffices: at least 20 characters in all.
// Published examples and plain repetitions are refused either way. The error does
// not contain the token.
func Hash(token string, weak bool) ([sha256.Size]byte, error) {
	secret, ok := strings.CutPrefix(token, tokenPrefix)
	switch {
	case !ok:
		return [sha256.Size]byte{}, fmt.Errorf("admin: token does not begin with %q", tokenPrefix)
	case len(token) < minLength:
		return [sha256.Size]byte{}, fmt.Errorf("admin: token has %d characters, fewer than %d", len(token), minLength)
	case strings.ContainsFunc(secret, notInToken):
		return [sha256.Size]byte{}, errors.New("admin: token has characters other than letters, digits, '-' and '_'")
	case secret == "7f8a9b2c3d4e5f6g7h8i":
		return [sha256.Size]byte{}, errors.New("admin: token is the published example")
	}
	if patterned(secret) {
		return [sha256.Size]byte{}, errors.New("admin: token is a repetition or a sequence")
	}
	if bits := maxEntropy(secret); bits < minBits && !weak {
		return [sha256.Size]byte{}, fmt.Errorf("admin: token has at most %.0f bits, fewer than %d: generate one", bits, minBits)
	}
	return sha256.Sum256([]byte(token)), nil
}

func notInToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// patterned reports whether s has few different characters, or mostly ones that
// repeat or continue the one before.
func patterned(s string) bool {
	seen := make(map[byte]bool)
	continued := 0
	for i := range len(s) {
		seen[s[i]] = true
		if i > 0 && (s[i] == s[i-1] || s[i] == s[i-1]+1 || s[i] == s[i-1]-1) {
			continued++
		}
	}
	return len(seen) < 6 || continued > len(s)/2
}

// maxEntropy returns how many bits s can have at most: its length times what a
// character of the smallest usual alphabet that it fits into carries.
func maxEntropy(s string) float64 {
	alphabet := 64
	for _, a := range []string{"0123456789", "0123456789abcdef", "0123456789ABCDEF", "0123456789abcdefghijklmnopqrstuvwxyz"} {
		if strings.Trim(s, a) == "" {
			alphabet = len(a)
			break
		}
	}
	return float64(len(s)) * math.Log2(float64(alphabet))
}

// ParseTokens reads tokens from an environment variable: entries separated by
// commas or white space, each
//
//	[label=]token[@scope+scope…]
//
// without a label it is called "admin1", "admin2", …; without scopes it is good
// for everything. weak is as in [Hash]. All mistakes are returned at once and do
// not contain the tokens.
func ParseTokens(list string, weak bool) ([]Token, error) {
	var tokens []Token
	var errs []error
	for i, entry := range strings.FieldsFunc(policy.Visible(list), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		label, rest, ok := strings.Cut(entry, "=")
		if !ok {
			label, rest = fmt.Sprintf("admin%d", i+1), entry
		}
		secret, scopes, scoped := strings.Cut(rest, "@")
		t := Token{Label: label, Scopes: []string{ScopeAll}}
		if scoped {
			t.Scopes = strings.Split(scopes, "+")
		}
		var err error
		if t.Hash, err = Hash(secret, weak); err != nil {
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
			continue
		}
		if label == "" || (scoped && scopes == "") {
			errs = append(errs, fmt.Errorf("entry %d: admin: empty label or scopes", i+1))
			continue
		}
		tokens = append(tokens, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return tokens, nil
}
