package signature_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

const (
	token  = "0123456789abcdef0123456789abcdef"
	other  = "fedcba9876543210fedcba9876543210"
	sid    = "AC0123456789abcdef0123456789abcdef"
	subsid = "AC11111111111111111111111111111111"
	public = "https://calls.example.com"
	keyID  = "webhooks_sharedkey_01kxabcdefghijklmnopqrstuv"
)

var everybody = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

var call = [][2]string{{"AccountSid", sid}, {"CallSid", "CA01"}, {"From", "+14155550100"}, {"Empty", ""}, {"City", " San José "}}

// A request is what arrives, and what Twilio signed when it was sent.
type request struct {
	method string      // "" = POST when there is a form or a body, GET otherwise
	target string      // "" = /in
	host   string      // "" = inner.local:8080, what a proxy makes of it
	tls    bool        // whether the connection is TLS
	peer   string      // "" = 192.0.2.1
	form   [][2]string // sent, and signed
	body   string      // sent in place of the form
	header http.Header // beyond those that Twilio sends
	signed string      // the URL that Twilio was given
	token  string      // "" = token
	sig    string      // the signature, when it is none that can be computed
}

func (q request) build() *http.Request {
	method, target, host, peer, key := q.method, q.target, q.host, q.peer, q.token
	if method == "" {
		method = "GET"
		if q.form != nil || q.body != "" {
			method = "POST"
		}
	}
	if target == "" {
		target = "/in"
	}
	if host == "" {
		host = "inner.local:8080"
	}
	if peer == "" {
		peer = "192.0.2.1"
	}
	if key == "" {
		key = token
	}
	body := q.body
	if body == "" {
		body = encode(q.form)
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "/", reader)
	r.RequestURI = target
	r.URL, _ = url.ParseRequestURI(target)
	r.Host = host
	r.RemoteAddr = net(peer)
	if q.tls {
		r.TLS = &tls.ConnectionState{}
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	sig := q.sig
	if sig == "" {
		sig = reference(key, q.signed, q.form)
	}
	r.Header.Set("X-Twilio-Signature", sig)
	for name, values := range q.header {
		r.Header[name] = values
	}
	return r
}

func net(peer string) string {
	if strings.Contains(peer, ":") {
		return "[" + peer + "]:40000"
	}
	return peer + ":40000"
}

func sum256(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

var (
	json    = http.Header{"Content-Type": {"application/json"}}
	upgrade = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
)

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func settings(lines ...string) http.Header { return http.Header{signature.SettingsHeader: lines} }

func with(h http.Header, pairs ...string) http.Header {
	h = h.Clone()
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func newValidator(t testing.TB, o signature.Options) *signature.Validator {
	t.Helper()
	if o.Tokens == nil && o.TokensByAccount == nil && o.SharedKeys == nil {
		o.Tokens = []string{token}
	}
	v, err := signature.New(o)
	require.NoError(t, err)
	return v
}

// reason is what Verify says about a request, "" when it accepts it.
func reason(t testing.TB, v *signature.Validator, r *http.Request) (signature.Reason, *signature.Error) {
	t.Helper()
	err := v.Verify(r)
	if err == nil {
		return "", nil
	}
	var e *signature.Error
	require.True(t, errors.As(err, &e))
	return e.Reason, e
}

func TestVerify(t *testing.T) {
	const payload = `{"a":1}`
	jsonTarget := "/in?bodySHA256=" + sum256(payload)
	at := signature.Options{PublicURL: public}
	direct := signature.Options{}
	proxied := signature.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
	hops := proxied
	hops.ProxyHops = 2
	rfc7239 := proxied
	rfc7239.Forwarded = true
	rfc7239hops := rfc7239
	rfc7239hops.ProxyHops = 2
	hosts := proxied
	hosts.AllowedHosts = []string{"calls.example.com"}
	subaccounts := signature.Options{PublicURL: public, Tokens: []string{token}, TokensByAccount: map[string][]string{subsid: {other}}}
	onlySubaccounts := signature.Options{PublicURL: public, TokensByAccount: map[string][]string{subsid: {other}}}
	pinned := signature.Options{PublicURL: public, AccountSIDs: []string{sid}}
	shared := signature.Options{PublicURL: public, Tokens: []string{token}, SharedKeys: map[string]string{keyID: other}}
	sharedPinned := shared
	sharedPinned.AccountSIDs = []string{sid}
	sharedSub := subaccounts
	sharedSub.SharedKeys = map[string]string{"any": "shared-any", "sub": "shared-sub"}
	sharedSub.SharedKeyPins = map[string]signature.Pin{"sub": {AccountSID: subsid}}
	firstSegment := func(r *http.Request) string { return strings.Split(r.RequestURI, "/")[1] }
	crowd := func(accountOf func(*http.Request) string) signature.Options {
		o := signature.Options{PublicURL: public, Tokens: []string{token}, TokensByAccount: map[string][]string{subsid: {other}}, AccountOf: accountOf}
		for i := range 16 {
			o.TokensByAccount[fmt.Sprintf("AC%032d", i)] = []string{fmt.Sprintf("token-%d", i)}
		}
		return o
	}
	pinnedPath := pinned
	pinnedPath.AccountOf = firstSegment
	capitals := signature.Options{PublicURL: "HTTPS://calls.example.com"}
	public8443 := signature.Options{PublicURL: public + ":8443"}
	ipv6 := signature.Options{PublicURL: "https://[2001:db8::1]"}
	ipv6port := signature.Options{PublicURL: "https://[2001:db8::1]:8443"}
	secret := signature.Options{PublicURL: "https://user:pa:ss@calls.example.com"}
	prefix := signature.Options{PublicURL: public + "/tenant/"}
	plain := signature.Options{PublicURL: "http://calls.example.com"}
	subcall := [][2]string{{"AccountSid", subsid}, {"CallSid", "CA01"}}
	forwarded := func(proto, host string) http.Header {
		return header("X-Forwarded-Proto", proto, "X-Forwarded-Host", host)
	}

	for _, c := range []struct {
		name    string
		options signature.Options
		request request
		want    signature.Reason
	}{
		// Forms.
		{"form", at, request{form: call, signed: public + "/in"}, ""},
		{"form with a query", at, request{form: call, target: "/in?a=%27&b=%7e+x", signed: public + "/in?a=%27&b=%7e+x"}, ""},
		{"query of another encoding", at, request{form: call, target: "/in?a=%27", signed: public + "/in?a='"}, "query"},
		{"query encoded on the way", at, request{form: call, target: "/in?a=sip%3Abob%40example.com&b=x%20y", signed: public + "/in?a=sip:bob@example.com&b=x%20y"}, "query"},
		{"query in another order", at, request{form: call, target: "/in?a=1&b=2&c=3", signed: public + "/in?c=3&a=1&b=2"}, "query"},
		{"long query in another order", at, request{form: call, target: "/in?a=1&b=2&c=3&d=4&e=5&f=6", signed: public + "/in?f=6&a=1&b=2&c=3&d=4&e=5"}, "query"},
		{"empty form", at, request{method: "POST", signed: public + "/in"}, ""},
		{"repeated pair", at, request{form: [][2]string{{"b", "2"}, {"a", "1"}, {"b", "2"}, {"b", "1"}}, signed: public + "/in"}, ""},
		{"key that begins another", at, request{form: [][2]string{{"ReasonConferenceEnded", "x"}, {"Reason", "z"}}, signed: public + "/in"}, ""},
		{"keys that share eight bytes", at, request{form: [][2]string{{"CallerCi2", "x"}, {"CallerCi", "z"}, {"CallerCi\x00", ""}, {"CallerCi1", "y"}}, signed: public + "/in"}, ""},
		{"byte order of keys", at, request{form: [][2]string{{"b", "1"}, {"B", "2"}, {"é", "3"}, {"_", "4"}}, signed: public + "/in"}, ""},
		{"bytes that are no text", at, request{form: [][2]string{{"a", "\xff\x00\r\n"}}, signed: public + "/in"}, ""},
		{"empty parameters", at, request{form: [][2]string{{"a", "1"}}, body: "&&a=1&", signed: public + "/in"}, ""},
		{"key without =", at, request{form: [][2]string{{"a", ""}, {"", "b"}}, body: "a&=b", signed: public + "/in"}, ""},
		{"= in a value", at, request{form: [][2]string{{"a", "=b="}}, body: "a==b=", signed: public + "/in"}, ""},
		{"lower-case escapes", at, request{form: [][2]string{{"a", "+/"}}, body: "a=%2b%2f", signed: public + "/in"}, ""},
		{"a parameter more", at, request{form: call, body: encode(call) + "&Digits=1", signed: public + "/in"}, "mismatch"},
		{"a second value", at, request{form: call, body: encode(call) + "&From=%2B19005550100", signed: public + "/in"}, "mismatch"},
		{"wrong token", at, request{form: call, signed: public + "/in", token: other}, "mismatch"},
		{"form type in capitals", at, request{form: call, signed: public + "/in", header: header("Content-Type", "Application/X-WWW-Form-Urlencoded")}, ""},
		{"form whose URL has a bodySHA256", at, request{form: call, target: jsonTarget, signed: public + jsonTarget}, ""},
		{"a form under a signature of the URL alone", at, request{body: encode(call), signed: public + "/in"}, "unsigned_body"},

		// GET.
		{"GET", at, request{target: "/in?CallSid=CA01&From=%2B1", signed: public + "/in?CallSid=CA01&From=%2B1"}, ""},
		{"GET with a body", at, request{method: "GET", body: "a=1", signed: public + "/in"}, "unsigned_body"},
		{"query appended as parameters", at, request{target: "/in?a=1", signed: public + "/ina1"}, "mismatch"},

		// JSON.
		{"JSON", at, request{body: payload, target: jsonTarget, header: json, signed: public + jsonTarget}, ""},
		{"JSON, other body", at, request{body: payload + " ", target: jsonTarget, header: json, signed: public + jsonTarget}, "body_hash"},
		{"JSON, body taken away", at, request{method: "POST", target: jsonTarget, header: json, signed: public + jsonTarget}, "body_hash"},
		{"JSON sent again as an empty form", at, request{method: "POST", target: jsonTarget, signed: public + jsonTarget}, "body_hash"},
		{"JSON sent again as GET", at, request{target: jsonTarget, signed: public + jsonTarget}, "body_hash"},
		{"JSON, upper-case hash", at, request{body: payload, target: strings.ToUpper(jsonTarget), header: json, signed: public + strings.ToUpper(jsonTarget)}, "unsigned_body"},
		{"JSON, hash right and URL wrong", at, request{body: payload, target: jsonTarget, header: json, signed: public + "/in"}, "query"},
		{"JSON without a hash", at, request{body: payload, header: json, signed: public + "/in"}, "unsigned_body"},
		{"JSON, one hash twice", at, request{body: payload, target: jsonTarget + "&bodySHA256=" + sum256(payload), header: json, signed: public + jsonTarget + "&bodySHA256=" + sum256(payload)}, ""},
		{"JSON, two hashes", at, request{body: payload, target: jsonTarget + "&bodySHA256=00", header: json, signed: public + jsonTarget + "&bodySHA256=00"}, "body_hash"},
		{"JSON, two hashes, the last one right", at, request{body: payload, target: "/in?bodySHA256=00&" + jsonTarget[4:], header: json, signed: public + "/in?bodySHA256=00&" + jsonTarget[4:]}, "body_hash"},
		{"no content type", at, request{body: payload, header: http.Header{"Content-Type": nil}, signed: public + "/in"}, "unsigned_body"},
		{"multipart", at, request{body: payload, header: header("Content-Type", "multipart/form-data; boundary=x"), signed: public + "/in"}, "unsigned_body"},

		// WebSocket handshakes.
		{"handshake", at, request{header: upgrade, signed: "wss://calls.example.com/in"}, ""},
		{"handshake, default port", at, request{header: upgrade, signed: "wss://calls.example.com:443/in"}, ""},
		{"handshake, port 80", at, request{header: upgrade, signed: "wss://calls.example.com:80/in"}, "mismatch"},
		{"handshake over http", plain, request{header: upgrade, signed: "ws://calls.example.com/in"}, ""},
		{"handshake, several protocols", at, request{header: header("Upgrade", "h2c, WebSocket"), signed: "wss://calls.example.com/in"}, ""},
		{"handshake with its query in the URL", at, request{header: upgrade, target: "/in?b=2&a=1", signed: "wss://calls.example.com/in?b=2&a=1"}, ""},
		{"handshake with its query as parameters", at, request{header: upgrade, target: "/in?b=%20&a=1", signed: "wss://calls.example.com/ina1b "}, ""},
		{"a webhook's signature on a stream", at, request{header: upgrade, signed: public + "/in"}, "scheme"},
		{"a stream's signature on a webhook", at, request{signed: "wss://calls.example.com/in"}, "scheme"},
		{"handshake by POST", at, request{method: "POST", header: upgrade, signed: "wss://calls.example.com/in"}, "method"},

		// The URL: PublicURL.
		{"user information", secret, request{form: call, signed: "https://user:pa:ss@calls.example.com/in"}, ""},
		{"user information and port", secret, request{form: call, signed: "https://user:pa:ss@calls.example.com:443/in"}, ""},
		{"user information not given to Twilio", secret, request{form: call, signed: public + "/in"}, "host"},
		{"port added", at, request{form: call, signed: public + ":443/in"}, ""},
		{"port added, http", plain, request{form: call, signed: "http://calls.example.com:80/in"}, ""},
		{"port 8443", public8443, request{form: call, signed: public + ":8443/in"}, ""},
		{"port 8443 taken off", public8443, request{form: call, signed: public + "/in"}, ""},
		{"port 8443 for 443", public8443, request{form: call, signed: public + ":443/in"}, "port"},
		{"IPv6", ipv6, request{form: call, signed: "https://[2001:db8::1]/in"}, ""},
		{"IPv6, port added", ipv6, request{form: call, signed: "https://[2001:db8::1]:443/in"}, ""},
		{"IPv6, port taken off", ipv6port, request{form: call, signed: "https://[2001:db8::1]/in"}, ""},
		{"path with bytes beyond ASCII", at, request{form: call, target: "/é", signed: public + ":443/é"}, ""},
		{"root without slash", at, request{form: call, target: "/", signed: public}, ""},
		{"root without slash, port added", at, request{form: call, target: "/", signed: public + ":443"}, ""},
		{"root without slash, query", at, request{form: call, target: "/?a=1", signed: public + "?a=1"}, ""},
		{"root with slash", at, request{form: call, target: "/", signed: public + "/"}, ""},
		{"prefix taken away by a proxy", prefix, request{form: call, signed: public + "/tenant/in"}, ""},
		{"prefix, root", prefix, request{form: call, target: "/", signed: public + "/tenant"}, ""},
		{"prefix not taken away", prefix, request{form: call, target: "/tenant/in", signed: public + "/tenant/in"}, "path"},
		{"scheme in capitals", capitals, request{form: call, signed: "HTTPS://calls.example.com/in"}, ""},
		{"scheme in capitals, port added", capitals, request{form: call, signed: "HTTPS://calls.example.com:443/in"}, ""},
		{"scheme in capitals, signed in lower case", capitals, request{form: call, signed: public + "/in"}, ""},
		{"scheme in capitals, not configured", at, request{form: call, signed: "HTTPS://calls.example.com/in"}, "scheme"},
		{"scheme in capitals, http for https", capitals, request{form: call, signed: "http://calls.example.com/in"}, "scheme"},
		{"scheme in capitals, handshake", capitals, request{header: upgrade, signed: "wss://calls.example.com/in"}, ""},
		{"scheme in capitals, handshake in capitals", capitals, request{header: upgrade, signed: "WSS://calls.example.com:443/in"}, ""},
		{"scheme in capitals, a webhook's signature on a stream", capitals, request{header: upgrade, signed: "HTTPS://calls.example.com/in"}, "scheme"},
		{"http for https", at, request{form: call, signed: "http://calls.example.com/in"}, "scheme"},
		{"https for http", plain, request{form: call, signed: public + "/in"}, "scheme"},
		{"inner host signed", at, request{form: call, signed: "https://inner.local:8080/in"}, "host"},
		{"slash at the end", at, request{form: call, target: "/in/", signed: public + "/in"}, "trailing_slash"},
		{"query added on the way", at, request{form: call, target: "/in?utm=1", signed: public + "/in"}, "query"},
		{"prefix added on the way", at, request{form: call, signed: public + "/v1/in", header: header("X-Forwarded-Prefix", "/v1/")}, "path"},
		{"absolute form", at, request{form: call, target: "http://inner.local/in", signed: public + "/in"}, ""},
		{"absolute form without a path", at, request{form: call, target: "http://inner.local?a=1", signed: public + "?a=1"}, ""},
		{"absolute form in capitals", at, request{form: call, target: "HTTP://inner.local/in", signed: public + "/in"}, ""},
		{"absolute form with a fragment", at, request{form: call, target: "http://inner.local/in#x", signed: public + "/in"}, "target"},
		{"asterisk form", at, request{form: call, target: "*", signed: public + "/in"}, "target"},
		{"fragment on the request line", at, request{form: call, target: "/in#x", signed: public + "/in"}, "target"},

		// The URL: the connection.
		{"connection", direct, request{form: call, host: "calls.example.com", tls: true, signed: public + "/in"}, ""},
		{"connection without TLS", direct, request{form: call, host: "calls.example.com", signed: "http://calls.example.com/in"}, ""},
		{"behind a proxy that is not configured", direct, request{form: call, header: forwarded("https", "calls.example.com"), signed: public + "/in"}, "scheme"},
		{"user information in Host", direct, request{form: call, host: "a@calls.example.com", tls: true, signed: "https://a@calls.example.com/in"}, "host"},
		{"no Host", direct, request{form: call, host: " ", signed: public + "/in"}, "host"},

		// The URL: forwarded headers.
		{"forwarded", proxied, request{form: call, header: forwarded("https", "calls.example.com"), signed: public + "/in"}, ""},
		{"forwarded by an IPv6 peer", proxied, request{form: call, peer: "2001:db8::9", header: forwarded("https", "calls.example.com"), signed: public + "/in"}, ""},
		{"forwarded by a mapped IPv4 peer", proxied, request{form: call, peer: "::ffff:192.0.2.1", header: forwarded("https", "calls.example.com"), signed: public + "/in"}, ""},
		{"forwarded, Host kept", proxied, request{form: call, host: "calls.example.com", header: header("X-Forwarded-Proto", "https"), signed: public + "/in"}, ""},
		{"forwarded handshake", proxied, request{header: with(upgrade, "X-Forwarded-Proto", "wss", "X-Forwarded-Host", "calls.example.com"), signed: "wss://calls.example.com/in"}, ""},
		{"forwarded by anybody", proxied, request{form: call, peer: "198.51.100.1", header: forwarded("https", "calls.example.com"), signed: public + "/in"}, "scheme"},
		{"forwarded, the client's entry is not believed", proxied, request{form: call, header: forwarded("https, http", "calls.example.com, inner"), signed: public + "/in"}, "mismatch"},
		{"forwarded over two hops", hops, request{form: call, header: forwarded("https, http", "evil, calls.example.com, inner"), signed: public + "/in"}, ""},
		{"forwarded over two hops in two lines", hops, request{form: call, header: http.Header{"X-Forwarded-Proto": {"https", "http"}, "X-Forwarded-Host": {"calls.example.com", "inner"}}, signed: public + "/in"}, ""},
		{"forwarded over too few hops", hops, request{form: call, header: forwarded("https", "calls.example.com"), signed: public + "/in"}, "forwarded"},
		{"forwarded, odd protocol", proxied, request{form: call, header: forwarded("gopher", "calls.example.com"), signed: public + "/in"}, "forwarded"},
		{"forwarded, empty entry", proxied, request{form: call, header: forwarded("https", "calls.example.com,"), signed: public + "/in"}, "forwarded"},
		{"forwarded, user information", proxied, request{form: call, header: forwarded("https", "a@calls.example.com"), signed: public + "/in"}, "host"},
		{"forwarded, path in the host", proxied, request{form: call, header: forwarded("https", "calls.example.com/x"), signed: public + "/x/in"}, "host"},
		{"RFC 7239", rfc7239, request{form: call, header: header("Forwarded", `for=1.2.3.4, for="[2001:db8::1]:80";Host="calls.example.com";proto=https`), signed: public + "/in"}, ""},
		{"RFC 7239, the other header is not believed", rfc7239, request{form: call, header: forwarded("https", "calls.example.com"), signed: public + "/in"}, "scheme"},
		{"RFC 7239 over two hops", rfc7239hops, request{form: call, header: http.Header{"Forwarded": {"host=evil", "host=calls.example.com;proto=https , for=x"}}, signed: public + "/in"}, ""},
		{"RFC 7239 over too few hops", rfc7239hops, request{form: call, header: header("Forwarded", "host=calls.example.com;proto=https"), signed: public + "/in"}, "forwarded"},
		{"RFC 7239, broken", rfc7239, request{form: call, header: header("Forwarded", `host="calls.example.com`), signed: public + "/in"}, "forwarded"},
		{"RFC 7239, host twice", rfc7239, request{form: call, header: header("Forwarded", `host=a;host=b`), signed: public + "/in"}, "forwarded"},
		{"allowed host", hosts, request{form: call, header: forwarded("https", "Calls.Example.com:443"), signed: "https://Calls.Example.com/in"}, ""},
		{"host that is not allowed", hosts, request{form: call, header: forwarded("https", "evil.example.com"), signed: "https://evil.example.com/in"}, "host"},

		// Accounts and shared keys.
		{"subaccount", subaccounts, request{form: subcall, token: other, signed: public + "/in"}, ""},
		{"subaccount by GET", subaccounts, request{target: "/in?AccountSid=" + subsid, token: other, signed: public + "/in?AccountSid=" + subsid}, ""},
		{"subaccount with the main token", subaccounts, request{form: subcall, signed: public + "/in"}, "account"},
		{"main account beside subaccounts", subaccounts, request{form: call, signed: public + "/in"}, ""},
		{"main account with a subaccount's token", subaccounts, request{form: call, token: other, signed: public + "/in"}, "account"},
		{"subaccount's handshake", subaccounts, request{header: upgrade, token: other, signed: "wss://calls.example.com/in"}, ""},
		{"unknown account", onlySubaccounts, request{form: call, token: other, signed: public + "/in"}, "account"},
		{"two accounts", subaccounts, request{form: append([][2]string{{"AccountSid", sid}}, subcall...), token: other, signed: public + "/in"}, "account"},
		{"allowed account", pinned, request{form: call, signed: public + "/in"}, ""},
		{"account that is not allowed", pinned, request{form: subcall, signed: public + "/in"}, "account"},
		{"no account", pinned, request{form: [][2]string{{"a", "1"}}, signed: public + "/in"}, "account"},
		{"no account in an empty form", pinned, request{method: "POST", signed: public + "/in"}, "account"},
		{"parameters moved into the URL", pinned, request{method: "POST", target: "/inAccountSid" + sid, signed: public + "/inAccountSid" + sid}, "account"},
		{"allowed account, GET", pinned, request{target: "/in?AccountSid=" + sid, signed: public + "/in?AccountSid=" + sid}, ""},
		{"account that is not allowed, GET", pinned, request{target: "/in?AccountSid=" + subsid, signed: public + "/in?AccountSid=" + subsid}, "account"},
		{"no account, GET", pinned, request{signed: public + "/in"}, "account"},
		{"allowed account, handshake", pinned, request{header: upgrade, signed: "wss://calls.example.com/in"}, ""},
		{"allowed account, JSON", pinned, request{body: payload, target: jsonTarget, header: json, signed: public + jsonTarget}, ""},
		{"shared key", shared, request{form: call, token: other, header: settings("key=" + keyID), signed: public + "/in"}, ""},
		{"shared key, signed with the auth token", shared, request{form: call, header: settings("key=" + keyID), signed: public + "/in"}, "account"},
		{"shared key, http for https", shared, request{form: call, token: other, header: settings("key=" + keyID), signed: "http://calls.example.com/in"}, "scheme"},
		{"shared key, wrong secret", shared, request{form: call, token: "another", header: settings("key=" + keyID), signed: public + "/in"}, "mismatch"},
		{"shared key, JSON", shared, request{body: payload, target: jsonTarget, header: with(json, signature.SettingsHeader, "key="+keyID), token: other, signed: public + jsonTarget}, ""},
		{"shared key, handshake", shared, request{header: with(upgrade, signature.SettingsHeader, "key="+keyID), token: other, signed: "wss://calls.example.com/in"}, ""},
		{"auth token beside shared keys, handshake", shared, request{header: upgrade, signed: "wss://calls.example.com/in"}, ""},
		{"auth token beside shared keys", shared, request{form: call, signed: public + "/in"}, ""},
		{"unknown shared key", shared, request{form: call, token: other, header: settings("key=webhooks_sharedkey_2"), signed: public + "/in"}, "unknown_key"},
		{"unknown shared key, signed with the auth token", shared, request{form: call, header: settings("key=webhooks_sharedkey_2"), signed: public + "/in"}, "unknown_key"},
		{"shared keys not configured", at, request{form: call, header: settings("key=" + keyID), signed: public + "/in"}, "unknown_key"},
		{"empty settings", shared, request{form: call, header: settings(""), signed: public + "/in"}, ""},
		{"settings taken away on the way", shared, request{form: call, token: other, signed: public + "/in"}, "signature_settings"},
		{"only shared keys", signature.Options{PublicURL: public, SharedKeys: shared.SharedKeys}, request{form: call, signed: public + "/in"}, "unknown_key"},
		{"the header of a blog", shared, request{form: call, token: other, header: header("X-Twilio-Signature-Key-Sid", keyID), signed: public + "/in"}, "signature_settings"},
		{"shared key of no pinned account, for a subaccount", sharedSub, request{form: subcall, token: "shared-any", header: settings("key=any"), signed: public + "/in"}, ""},
		{"shared key for a subaccount, the subaccount's token", sharedSub, request{form: subcall, token: other, header: settings("key=any"), signed: public + "/in"}, "account"},
		{"shared key pinned to an account", sharedSub, request{form: subcall, token: "shared-sub", header: settings("key=sub"), signed: public + "/in"}, ""},
		{"shared key pinned to an account, for another", sharedSub, request{form: call, token: "shared-sub", header: settings("key=sub"), signed: public + "/in"}, "account"},
		{"shared key pinned to an account, for none", sharedSub, request{form: [][2]string{{"a", "1"}}, token: "shared-sub", header: settings("key=sub"), signed: public + "/in"}, ""},
		{"shared key for an account that is not allowed", sharedPinned, request{form: subcall, token: other, header: settings("key=" + keyID), signed: public + "/in"}, "account"},
		{"shared key for an allowed account", sharedPinned, request{form: call, token: other, header: settings("key=" + keyID), signed: public + "/in"}, ""},

		// Accounts that the request does not name.
		{"form without an account, subaccount's token", subaccounts, request{form: [][2]string{{"a", "1"}}, token: other, signed: public + "/in"}, "account"},
		{"form without an account, main token", subaccounts, request{form: [][2]string{{"a", "1"}}, signed: public + "/in"}, ""},
		{"form without an account, no main token", onlySubaccounts, request{form: [][2]string{{"a", "1"}}, token: other, signed: public + "/in"}, "account"},
		{"GET without an account, subaccount's token", subaccounts, request{token: other, signed: public + "/in"}, "account"},
		{"subaccount's JSON", subaccounts, request{body: payload, target: jsonTarget, header: json, token: other, signed: public + jsonTarget}, ""},
		{"subaccount's handshake, 2 KiB of a URL", subaccounts, request{header: upgrade, target: "/" + strings.Repeat("x", 2<<10-1), token: other, signed: "wss://calls.example.com/" + strings.Repeat("x", 2<<10-1)}, ""},
		{"subaccount's handshake, 2 KiB of a URL and one byte", subaccounts, request{header: upgrade, target: "/" + strings.Repeat("x", 2<<10), token: other, signed: "wss://calls.example.com/" + strings.Repeat("x", 2<<10)}, "account"},
		{"handshake of one of many subaccounts", crowd(nil), request{header: upgrade, token: other, signed: "wss://calls.example.com/in"}, "account"},
		{"handshake of the main account beside many", crowd(nil), request{header: upgrade, signed: "wss://calls.example.com/in"}, ""},
		{"handshake of one of many, named by its path", crowd(firstSegment), request{header: upgrade, target: "/" + subsid + "/in", token: other, signed: "wss://calls.example.com/" + subsid + "/in"}, ""},
		{"handshake of one of many, named wrongly", crowd(firstSegment), request{header: upgrade, target: "/" + sid + "/in", token: other, signed: "wss://calls.example.com/" + sid + "/in"}, "account"},
		{"form whose path names an account", crowd(firstSegment), request{form: [][2]string{{"a", "1"}}, target: "/" + subsid + "/in", token: other, signed: public + "/" + subsid + "/in"}, "account"},
		{"handshake for an account that is not allowed", pinnedPath, request{header: upgrade, target: "/" + subsid + "/in", signed: "wss://calls.example.com/" + subsid + "/in"}, "account"},

		// What is refused before anything is hashed.
		{"no signature", at, request{form: call, header: http.Header{"X-Twilio-Signature": nil}}, "missing_signature"},
		{"two signatures", at, request{form: call, signed: public + "/in", header: http.Header{"X-Twilio-Signature": {reference(token, public+"/in", call), reference(token, public+"/in", call)}}}, "malformed_signature"},
		{"empty signature", at, request{form: call, header: header("X-Twilio-Signature", "")}, "malformed_signature"},
		{"signature without padding", at, request{form: call, sig: strings.TrimSuffix(reference(token, public+"/in", call), "=")}, "malformed_signature"},
		{"signature with a line break", at, request{form: call, sig: reference(token, public+"/in", call) + "\r\n"}, "malformed_signature"},
		{"signature with blanks", at, request{form: call, sig: " " + reference(token, public+"/in", call)}, "malformed_signature"},
		{"signature of 64 KiB", at, request{form: call, sig: strings.Repeat("A", 64<<10)}, "malformed_signature"},
		{"signature of another length", at, request{form: call, sig: "AAAA"}, "malformed_signature"},
		{"signature of a longer hash", at, request{form: call, sig: strings.Repeat("A", 43) + "="}, "malformed_signature"},
		{"PUT", at, request{method: "PUT", form: call, signed: public + "/in"}, "method"},
		{"HEAD", at, request{method: "HEAD", signed: public + "/in"}, "method"},
		{"not compressed", at, request{form: call, signed: public + "/in", header: header("Content-Encoding", "Identity")}, ""},
		{"16 KiB of a URL", at, request{target: "/" + strings.Repeat("x", 16<<10-1), signed: public + "/" + strings.Repeat("x", 16<<10-1)}, ""},
		{"16 KiB of a URL and one byte", at, request{target: "/" + strings.Repeat("x", 16<<10), signed: public + "/" + strings.Repeat("x", 16<<10)}, "target"},
		{"compressed", at, request{form: call, signed: public + "/in", header: header("Content-Encoding", "gzip")}, "content_encoding"},
		{"two content types", at, request{form: call, signed: public + "/in", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded", "application/json"}}}, "malformed_body"},
		{"bad escape", at, request{form: call, body: "a=%zz", signed: public + "/in"}, "malformed_body"},
		{"escape cut short", at, request{form: call, body: "a=%4", signed: public + "/in"}, "malformed_body"},
		{"escape across parameters", at, request{form: call, body: "a=%4&b", signed: public + "/in"}, "malformed_body"},
		{"semicolon", at, request{form: [][2]string{{"a", "1"}, {"b", "2"}}, body: "a=1;b=2", signed: public + "/in"}, "malformed_body"},
		{"256 parameters", at, request{form: many(256), signed: public + "/in"}, ""},
		{"257 parameters", at, request{form: many(257), signed: public + "/in"}, "too_many_params"},
		{"64 KiB", at, request{form: [][2]string{{"a", strings.Repeat("x", 64<<10-2)}}, signed: public + "/in"}, ""},
		{"64 KiB under http: too much to look for the reason", at, request{form: [][2]string{{"a", strings.Repeat("x", 64<<10-2)}}, signed: "http://calls.example.com/in"}, "mismatch"},
		{"64 KiB and one byte", at, request{form: [][2]string{{"a", strings.Repeat("x", 64<<10-1)}}, signed: public + "/in"}, "body_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.request.build()
			got, err := reason(t, newValidator(t, c.options), r)
			require.Equal(t, c.want, got, "%v", err)
			if c.want == "" && r.Method == "POST" && strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www") {
				want := url.Values{}
				for _, p := range c.request.form {
					want.Add(p[0], p[1])
				}
				require.Equal(t, want, r.PostForm)
			}
		})
	}
}

func many(n int) [][2]string {
	form := make([][2]string, n)
	for i := range form {
		form[i] = [2]string{"k" + strings.Repeat("x", i%7) + hex.EncodeToString([]byte{byte(i >> 8), byte(i)}), "v"}
	}
	return form
}

// TestOneBit flips every bit of the signature, and of the last character whose
// spare bits a lenient decoder would not see.
func TestOneBit(t *testing.T) {
	v := newValidator(t, signature.Options{})
	const at = public + "/in"
	right := reference(token, at, call)
	require.NoError(t, v.VerifyBody(at, []byte(encode(call)), right))
	for i := range right {
		for bit := range 8 {
			wrong := []byte(right)
			wrong[i] ^= 1 << bit
			require.Error(t, v.VerifyBody(at, []byte(encode(call)), string(wrong)), "%s", wrong)
		}
	}
}

func TestVerifyBody(t *testing.T) {
	v := newValidator(t, signature.Options{MaxBody: 1000})
	const payload = `{"a":1}`
	at := public + "/in?bodySHA256=" + sum256(payload)
	require.NoError(t, v.VerifyBody(at, []byte(payload), reference(token, at, nil)))
	require.Error(t, v.VerifyBody(at, []byte(payload+" "), reference(token, at, nil)))
	require.NoError(t, v.VerifyBody(public+"/in#rc=2&rp=all", nil, reference(token, public+"/in", nil)))
	require.NoError(t, v.VerifyBody("wss://calls.example.com/in", nil, reference(token, "wss://calls.example.com/in", nil)))
	require.Error(t, v.VerifyBody("wss://calls.example.com/in", []byte("a=1"), reference(token, "wss://calls.example.com/ina1", nil)))
	require.NoError(t, v.VerifyBody(public, nil, reference(token, public+"/", nil)))
	for _, bad := range []string{"", "calls.example.com/in", "ftp://calls.example.com", "https://", "https:///in"} {
		var e *signature.Error
		require.ErrorAs(t, v.VerifyBody(bad, nil, reference(token, bad, nil)), &e)
		require.Equal(t, signature.ReasonTarget, e.Reason)
	}
	var e *signature.Error
	require.ErrorAs(t, v.VerifyBody(public, make([]byte, 1001), reference(token, public, nil)), &e)
	require.Equal(t, signature.ReasonBodyTooLarge, e.Reason)
}
