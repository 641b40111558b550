package signature

import (
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// countingHash counts the HMACs that are begun.
type countingHash struct {
	hash.Hash
	n *int
}

func (c countingHash) Reset() { *c.n++; c.Hash.Reset() }

// count makes every key of a validator count into n.
func count(v *Validator, n *int) {
	ring := v.config.Load().keys
	keys := append(append(append([]*key{}, ring.all...), ring.sharedAll...), ring.tokens...)
	for _, decoys := range ring.decoys {
		keys = append(keys, decoys...)
	}
	for _, list := range ring.byAccount {
		keys = append(keys, list...)
	}
	seen := map[*key]bool{}
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			made := k.macs.New
			k.macs.New = func() any { return countingHash{made().(hash.Hash), n} }
		}
	}
}

// TestCostOfARefusal counts what refusals cost in HMACs: as much with ten thousand
// subaccounts as with one, and as much for an account or a shared key that is not
// known as for a wrong signature.
func TestCostOfARefusal(t *testing.T) {
	const wrong, wrong256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	account := func(i int) string { return fmt.Sprintf("AC%032x", i) }
	form := func(body string) *http.Request {
		r := httptest.NewRequest("POST", "/in", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	json := func() *http.Request {
		r := httptest.NewRequest("POST", "/in?bodySHA256=00", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	handshake := func() *http.Request {
		r := httptest.NewRequest("GET", "/in", nil)
		r.Header.Set("Upgrade", "websocket")
		return r
	}
	shared := func(r *http.Request, settings string) *http.Request {
		r.Header.Set(SettingsHeader, settings)
		return r
	}
	shapes := []struct {
		name string
		r    func() *http.Request
		want int // HMACs; 0 = at most those of maxGuesses
	}{
		{"form, wrong signature", func() *http.Request { return form("AccountSid=" + account(0)) }, 4},
		{"form, unknown account", func() *http.Request { return form("AccountSid=" + account(1<<20)) }, 4},
		{"form without an account", func() *http.Request { return form("a=b") }, 4},
		{"form with two accounts", func() *http.Request { return form("AccountSid=a&AccountSid=b") }, 4},
		{"GET without an account", func() *http.Request { return httptest.NewRequest("GET", "/in", nil) }, 4},
		{"shared key, wrong signature", func() *http.Request { return shared(form("a=b"), "key=k7") }, 2},
		{"unknown shared key", func() *http.Request { return shared(form("a=b"), "key=none") }, 2},
		{"shared key, wrong signature, SHA-256", func() *http.Request { return shared(form("a=b"), "key=k7,algorithm=HMAC_SHA256") }, 2},
		{"unknown shared key, SHA-256", func() *http.Request { return shared(form("a=b"), "key=none,algorithm=HMAC_SHA256") }, 2},
		{"shared key pinned to another algorithm", func() *http.Request { return shared(form("a=b"), "key=k0,algorithm=HMAC_SHA256") }, 2},
		{"shared key pinned to another account", func() *http.Request { return shared(form("AccountSid="+account(1)), "key=k1") }, 2},
		{"handshake", handshake, 0},
		{"JSON", json, 0},
	}
	for _, accounts := range []int{1, 1000, 10_000} {
		for _, allowed := range [][]string{nil, {account(0)}} {
			o := Options{PublicURL: "https://calls.example.com", Tokens: []string{"main"}, AccountSIDs: allowed,
				TokensByAccount: map[string][]string{account(0): {"a", "b"}}, SharedKeys: map[string]string{},
				SharedKeyPins: map[string]Pin{"k0": {Algorithm: HMACSHA1}, "k1": {AccountSID: account(0)}}}
			for i := 1; i < accounts; i++ {
				o.TokensByAccount[account(i)] = []string{fmt.Sprint("token", i)}
			}
			for i := range 1000 {
				o.SharedKeys[fmt.Sprintf("k%d", i)] = fmt.Sprint("secret", i)
			}
			v, err := New(o)
			require.NoError(t, err)
			n := 0
			count(v, &n)
			for _, shape := range shapes {
				for range 20 { // the first refusals are explained, which costs more
					v.Verify(form("x=y"))
				}
				n = 0
				r := shape.r()
				r.Header.Set(Header, wrong)
				if strings.Contains(r.Header.Get(SettingsHeader), "256") {
					r.Header.Set(Header, wrong256)
				}
				require.Error(t, v.Verify(r))
				if shape.want > 0 {
					require.Equal(t, shape.want, n, "%s, %d accounts", shape.name, accounts)
				}
				require.LessOrEqual(t, n, 2*maxGuesses, "%s, %d accounts", shape.name, accounts)
			}
		}
	}
}

// TestCostOfAnExplanation bounds what a refusal costs that is explained.
func TestCostOfAnExplanation(t *testing.T) {
	o := Options{PublicURL: "https://calls.example.com", Tokens: []string{"main"}, TokensByAccount: map[string][]string{}, SharedKeys: map[string]string{}}
	for i := range 10_000 {
		o.TokensByAccount[fmt.Sprintf("AC%032x", i)] = []string{fmt.Sprint("token", i)}
		o.SharedKeys[fmt.Sprint("k", i)] = fmt.Sprint("secret", i)
	}
	v, err := New(o)
	require.NoError(t, err)
	n := 0
	count(v, &n)
	r := httptest.NewRequest("GET", "/in?a=1&b=2&c=3&d=4&e=5&f=%20", nil)
	r.Header.Set(Header, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	require.Error(t, v.Verify(r))
	require.Greater(t, n, 500)
	require.Less(t, n, 5*searchBudget/128)
}
