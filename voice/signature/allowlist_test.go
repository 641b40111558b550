package signature_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

func TestAllowList(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:1::/48")}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	direct := signature.AllowOptions{Prefixes: networks}
	proxied := signature.AllowOptions{Prefixes: networks, TrustedProxies: proxies}
	twoHops := signature.AllowOptions{Prefixes: networks, TrustedProxies: proxies, ProxyHops: 2}
	rfc7239 := signature.AllowOptions{Prefixes: networks, TrustedProxies: proxies, Forwarded: true}
	xff := func(values ...string) http.Header { return http.Header{"X-Forwarded-For": values} }
	for _, c := range []struct {
		name    string
		options signature.AllowOptions
		peer    string
		header  http.Header
		allowed bool
	}{
		{"peer", direct, "198.51.100.7:1", nil, true},
		{"other peer", direct, "198.51.101.7:1", nil, false},
		{"mapped peer", direct, "[::ffff:198.51.100.7]:1", nil, true},
		{"IPv6 peer", direct, "[2001:db8:1::7]:1", nil, true},
		{"peer without an address", direct, "@", nil, false},
		{"header of nobody trusted", direct, "198.51.101.7:1", xff("198.51.100.7"), false},
		{"through the proxy", proxied, "10.0.0.1:1", xff("198.51.100.7"), true},
		{"through the proxy, other", proxied, "10.0.0.1:1", xff("198.51.101.7"), false},
		{"what the client claims", proxied, "10.0.0.1:1", xff("198.51.100.7, 203.0.113.1"), false},
		{"what the client claims, in a line of its own", proxied, "10.0.0.1:1", xff("198.51.100.7", "203.0.113.1"), false},
		{"two hops", twoHops, "10.0.0.1:1", xff("203.0.113.1, 198.51.100.7, 10.0.0.2"), true},
		{"too few hops", twoHops, "10.0.0.1:1", xff("198.51.100.7"), false},
		{"entry with a port", proxied, "10.0.0.1:1", xff("198.51.100.7:1234"), true},
		{"IPv6 entry", proxied, "10.0.0.1:1", xff("[2001:db8:1::7]"), true},
		{"entry that is no address", proxied, "10.0.0.1:1", xff("unknown"), false},
		{"proxy that names nobody", proxied, "10.0.0.1:1", nil, false},
		{"header of a peer that is no proxy", proxied, "203.0.113.1:1", xff("198.51.100.7"), false},
		{"RFC 7239", rfc7239, "10.0.0.1:1", http.Header{"Forwarded": {`for="[2001:db8:1::7]:80"`}}, true},
		{"RFC 7239, hidden", rfc7239, "10.0.0.1:1", http.Header{"Forwarded": {`for=_hidden`}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, reportOnly := range []bool{false, true} {
				var results []bool
				c.options.ReportOnly = reportOnly
				c.options.OnResult = func(allowed bool) { results = append(results, allowed) }
				list, err := signature.AllowList(c.options)
				require.NoError(t, err)
				r := httptest.NewRequest("POST", "/in", nil)
				r.RemoteAddr, r.Header = c.peer, c.header
				w := httptest.NewRecorder()
				list(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })).ServeHTTP(w, r)
				want := 403
				if c.allowed || reportOnly {
					want = 204
				}
				require.Equal(t, want, w.Code)
				require.Empty(t, w.Body.String())
				require.Equal(t, []bool{c.allowed}, results)
			}
		})
	}
}

func TestAllowListRefusesToBeWrong(t *testing.T) {
	for _, o := range []signature.AllowOptions{
		{},
		{Prefixes: make([]netip.Prefix, 1)},
		{Prefixes: []netip.Prefix{netip.MustParsePrefix("::/0")}, TrustedProxies: make([]netip.Prefix, 1)},
		{Prefixes: []netip.Prefix{netip.MustParsePrefix("::/0")}, ProxyHops: -1},
	} {
		_, err := signature.AllowList(o)
		require.ErrorContains(t, err, "signature: AllowList")
	}
}
