package signature_test

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"

	"agentos.dev/dialtone/voice/signature"
)

// FuzzForm sends a body under the signature of what url.ParseQuery reads from
// it. It must be accepted when ParseQuery has no error, and refused otherwise;
// the handler must read what ParseQuery reads; the order of the parameters and
// their repetition must not matter, and one more must.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"", "a=1", "a=1&a=2&a=1", "&&=&a&=b&a==", "a=%41%zz", "%4", "a;b", "+=+&%2B=%2b", "\x00\xff=\r\n",
		"CallerCity=a&CallerCi=b&CallerCit=c&CallerCi%00=d", strings.Repeat("k=v&", 40)} {
		f.Add(seed, uint64(1))
	}
	v := newValidator(f, signature.Options{PublicURL: public, MaxParams: 1000})
	theirs := client.NewRequestValidator(token)
	f.Fuzz(func(t *testing.T, body string, seed uint64) {
		const at = public + "/in"
		form, parseErr := url.ParseQuery(body)
		var pairs [][2]string
		for key, values := range form {
			for _, value := range values {
				pairs = append(pairs, [2]string{key, value})
			}
		}
		if len(body) > 64<<10 || len(pairs) > 900 {
			t.Skip()
		}
		sig := reference(token, at, pairs)
		require.Equal(t, sig, signature.Sign(token, at, form))
		r := formRequest(body, sig)
		got, err := reason(t, v, r)
		if parseErr != nil {
			require.Equal(t, signature.ReasonMalformedBody, got)
			return
		}
		require.Empty(t, got, "%v", err)
		require.Equal(t, form, r.PostForm)
		again := make([]byte, len(body)+1)
		n, _ := r.Body.Read(again)
		require.Equal(t, body, string(again[:n]))

		// Their validator knows no repeated keys.
		if !slices.ContainsFunc(pairs, func(p [2]string) bool { return len(form[p[0]]) > 1 }) {
			require.True(t, theirs.ValidateBody(at, []byte(body), sig))
		}

		random := rand.New(rand.NewPCG(seed, 0))
		if len(pairs) > 0 {
			pairs = append(pairs, pairs[random.IntN(len(pairs))])
		}
		random.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		require.NoError(t, v.Verify(formRequest(encode(pairs), sig)))
		extra := append(slices.Clone(pairs), [2]string{"extra", body})
		require.Error(t, v.Verify(formRequest(encode(extra), sig)))

		wrong := []byte(sig)
		wrong[random.IntN(len(wrong))] ^= 1 << random.IntN(8)
		require.Error(t, v.Verify(formRequest(body, string(wrong))))
	})
}

func formRequest(body, sig string) *http.Request {
	r := httptest.NewRequest("POST", "/in", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", sig)
	return r
}

// FuzzURL verifies URLs under their own signature, and with one byte changed.
// Only the port, the slash of an empty path and the capitals of a scheme may differ,
// and only in the ways that are documented.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://a", "HTTPS://a/b", "Wss://a?b=c", "http://a:80/b?c#d", "https://u:p@[::1]:443", "wss://a/é?x=%20", "wss://a?b=c&a=d",
		"https://a?bodySHA256=00", "https://@a", "https://a:/b", "ftp://a", "https://a//b", "https://a@b@c:1"} {
		f.Add(seed, 3, byte(1))
	}
	v := newValidator(f, signature.Options{})
	f.Fuzz(func(t *testing.T, at string, i int, flip byte) {
		if len(at) > 64<<10 {
			t.Skip()
		}
		sig := signature.Sign(token, at, nil)
		signed, _, _ := strings.Cut(at, "#")
		require.Equal(t, reference(token, signed, nil), sig)
		scheme, rest, ok := strings.Cut(signed, "://")
		ok = ok && slices.Contains([]string{"http", "https", "ws", "wss"}, strings.ToLower(scheme)) && rest != "" && rest[0] != '/' && rest[0] != '?'
		if strings.Contains(signed, "bodySHA256=") {
			v.VerifyBody(at, nil, sig)
			return
		}
		require.Equal(t, ok, v.VerifyBody(at, nil, sig) == nil)
		if !ok {
			return
		}
		changed := []byte(signed)
		if len(changed) > 0 && flip != 0 {
			changed[uint(i)%uint(len(changed))] ^= flip
		}
		if text := string(changed); !equivalent(signed, text) && !strings.Contains(text, "bodySHA256=") {
			require.Error(t, v.VerifyBody(text, nil, sig), "signed for %q", signed)
		}
	})
}

// equivalent reports whether the signature of a URL is good for another, in the
// simplest code there is.
func equivalent(signed, other string) bool {
	other, _, _ = strings.Cut(other, "#")
	good := variants(other)
	if scheme, rest, _ := strings.Cut(other, "://"); strings.ToLower(scheme) != scheme {
		good = append(good, variants(strings.ToLower(scheme)+"://"+rest)...)
	}
	return slices.ContainsFunc(variants(signed), func(v string) bool { return slices.Contains(good, v) })
}

func variants(at string) []string {
	scheme, rest, _ := strings.Cut(at, "://")
	end := strings.IndexAny(rest+"/", "/?")
	authority, target := rest[:end], rest[end:]
	targets := []string{target}
	if target == "" || target[0] == '?' {
		targets = append(targets, "/"+target)
	} else if target == "/" || strings.HasPrefix(target, "/?") {
		targets = append(targets, target[1:])
	}
	if path, query, ok := strings.Cut(target, "?"); ok && strings.HasPrefix(strings.ToLower(scheme), "ws") {
		if form, err := url.ParseQuery(query); err == nil { // ConversationRelay
			text := path
			for _, key := range slices.Sorted(maps.Keys(form)) {
				for _, value := range slices.Compact(slices.Sorted(slices.Values(form[key]))) {
					text += key + value
				}
			}
			targets = append(targets, text)
			if path == "" {
				targets = append(targets, "/"+text)
			} else if path == "/" {
				targets = append(targets, text[1:])
			}
		}
	}
	authorities := []string{authority}
	if colon := strings.LastIndex(authority, ":"); colon > strings.LastIndexAny(authority, "@]") {
		authorities = append(authorities, authority[:colon])
	} else if strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "wss") {
		authorities = append(authorities, authority+":443")
	} else {
		authorities = append(authorities, authority+":80")
	}
	var all []string
	for _, a := range authorities {
		for _, t := range targets {
			all = append(all, scheme+"://"+a+t)
		}
	}
	return all
}

// FuzzRequest throws whole requests at a validator that believes its proxy.
// Nothing may be accepted, for nothing is signed, and nothing may panic.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/in?a=b", "application/x-www-form-urlencoded", "a=1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "https, http", "a, b", "for=a;host=b;proto=https", "key=b,algorithm=HMAC_SHA256")
	f.Add("GET", "*", "", "", "", "", "", `a="\"`, "key=a\nkey=b")
	f.Add("POST", "http://a?", "application/json", "{}", "AAAA\r\nAAAA", ",", "[::1]:80", "=,;", ",=,")
	f.Fuzz(func(t *testing.T, method, target, contentType, body, sig, proto, host, forwarded, settings string) {
		for _, rfc7239 := range []bool{false, true} {
			v := newValidator(t, signature.Options{TrustedProxies: everybody, Forwarded: rfc7239, Tokens: []string{token}, SharedKeys: map[string]string{"b": other}})
			r := httptest.NewRequest("POST", "/", strings.NewReader(body))
			r.Method, r.RequestURI = method, target
			r.Header = http.Header{"Content-Type": {contentType}, "X-Twilio-Signature": {sig}, "X-Forwarded-Proto": {proto},
				"X-Forwarded-Host": {host}, "Forwarded": {forwarded}, signature.SettingsHeader: strings.Split(settings, "\n")}
			if err := v.Verify(r); err == nil {
				t.Fatalf("accepted %q", sig)
			}
		}
	})
}
