package signature_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// TestSettings holds what the header may look like. Each request is signed by the
// key and the algorithm that the header names, as Twilio's SDK reads it.
func TestSettings(t *testing.T) {
	options := signature.Options{PublicURL: public, Tokens: []string{token},
		SharedKeys:    map[string]string{keyID: other, "b": "secret-b", "c=d": "secret-c", "pinned": "secret-p"},
		SharedKeyPins: map[string]signature.Pin{"pinned": {Algorithm: signature.HMACSHA256}}}
	for _, c := range []struct {
		name   string
		lines  []string
		secret string
		hash   func() hash.Hash
		want   signature.Reason
	}{
		{"none", nil, token, sha1.New, ""},
		{"empty", []string{""}, token, sha1.New, ""},
		{"SHA-1", []string{"key=" + keyID + ",algorithm=HMAC_SHA1"}, other, sha1.New, ""},
		{"SHA-256", []string{"key=" + keyID + ",algorithm=HMAC_SHA256"}, other, sha256.New, ""},
		{"other order", []string{"algorithm=HMAC_SHA256,key=" + keyID}, other, sha256.New, ""},
		{"no algorithm", []string{"key=" + keyID}, other, sha1.New, ""},
		{"empty algorithm", []string{"key=" + keyID + ",algorithm="}, other, sha1.New, ""},
		{"empty algorithm before one", []string{"key=" + keyID + ",algorithm=,algorithm=HMAC_SHA256"}, other, sha256.New, ""},
		{"small letters", []string{"key=" + keyID + ",algorithm=hmac_Sha256"}, other, sha256.New, ""},
		{"blanks", []string{" key\t=  " + keyID + " ,\talgorithm =\tHMAC_SHA256 "}, other, sha256.New, ""},
		{"commas", []string{",,key=" + keyID + ",,algorithm=HMAC_SHA256,"}, other, sha256.New, ""},
		{"parts that nobody knows", []string{"v=2,key=" + keyID + ",x,=y,algorithm=HMAC_SHA256"}, other, sha256.New, ""},
		{"names in capitals are others", []string{"key=" + keyID + ",Algorithm=HMAC_SHA256"}, other, sha1.New, ""},
		{"= in a key", []string{"key=c=d"}, "secret-c", sha1.New, ""},
		{"another key", []string{"key=b,algorithm=HMAC_SHA256"}, "secret-b", sha256.New, ""},
		{"the same twice", []string{"key=b,algorithm=HMAC_SHA1,key=b,algorithm=HMAC_SHA1"}, "secret-b", sha1.New, ""},
		{"the same in two lines", []string{"key=b,algorithm=HMAC_SHA1", "key=b,algorithm=HMAC_SHA1"}, "secret-b", sha1.New, ""},
		{"two lines", []string{"key=b", "algorithm=HMAC_SHA256"}, "secret-b", sha256.New, ""},
		{"a line and an empty one", []string{"", "key=b"}, "secret-b", sha1.New, ""},
		{"pinned", []string{"key=pinned,algorithm=HMAC_SHA256"}, "secret-p", sha256.New, ""},

		{"pinned to another algorithm", []string{"key=pinned,algorithm=HMAC_SHA1"}, "secret-p", sha1.New, "algorithm"},
		{"pinned, algorithm left out", []string{"key=pinned"}, "secret-p", sha1.New, "algorithm"},
		{"two keys", []string{"key=b,key=" + keyID}, "secret-b", sha1.New, "signature_settings"},
		{"two keys in two lines", []string{"key=b", "key=" + keyID}, "secret-b", sha1.New, "signature_settings"},
		{"two algorithms", []string{"key=b,algorithm=HMAC_SHA256,algorithm=HMAC_SHA1"}, "secret-b", sha256.New, "signature_settings"},
		{"two empty lines", []string{"", ""}, token, sha1.New, "unknown_key"},
		{"a blank", []string{" "}, token, sha1.New, "unknown_key"},
		{"a comma", []string{","}, token, sha1.New, "unknown_key"},
		{"no key", []string{"algorithm=HMAC_SHA1"}, token, sha1.New, "unknown_key"},
		{"empty key", []string{"key=,algorithm=HMAC_SHA1"}, token, sha1.New, "unknown_key"},
		{"unknown key", []string{"key=z"}, token, sha1.New, "unknown_key"},
		{"a key's beginning", []string{"key=" + keyID[:20]}, other, sha1.New, "unknown_key"},
		{"a key in other letters", []string{"key=B"}, "secret-b", sha1.New, "unknown_key"},
		{"a key in quotes", []string{`key="b"`}, "secret-b", sha1.New, "unknown_key"},
		{"unknown algorithm", []string{"key=b,algorithm=HMAC_SHA512"}, "secret-b", sha1.New, "algorithm"},
		{"no hash at all", []string{"key=b,algorithm=none"}, "secret-b", sha1.New, "algorithm"},
		{"semicolons", []string{"key=b;algorithm=HMAC_SHA256"}, "secret-b", sha256.New, "unknown_key"},
		{"letters that fold to S", []string{"key=b,algorithm=HMAC_\u017fHA1"}, "secret-b", sha1.New, "signature_settings"},
		{"bytes beyond ASCII", []string{"key=b\xa0"}, "secret-b", sha1.New, "signature_settings"},
		{"control characters", []string{"key=b,\x0balgorithm=HMAC_SHA1"}, "secret-b", sha1.New, "signature_settings"},
		{"longer than 1 KiB", []string{"key=b,x=" + strings.Repeat("y", 1020)}, "secret-b", sha1.New, "signature_settings"},

		{"an auth token is no fallback", []string{"key=b"}, token, sha1.New, "account"},
		{"another shared key is none", []string{"key=b"}, other, sha1.New, "account"},
		{"SHA-1 where SHA-256 is named", []string{"key=b,algorithm=HMAC_SHA256"}, "secret-b", sha1.New, "algorithm"},
		{"SHA-256 where SHA-1 is named", []string{"key=b,algorithm=HMAC_SHA1"}, "secret-b", sha256.New, "algorithm"},
		{"the header taken off", nil, "secret-b", sha256.New, "signature_settings"},
		{"a secret that is not known", []string{"key=b,algorithm=HMAC_SHA256"}, "secret-z", sha256.New, "mismatch"},
		{"an auth token with SHA-256", nil, token, sha256.New, "malformed_signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newValidator(t, options)
			q := request{form: call, header: settings(c.lines...), sig: hmacText(c.hash, c.secret, public+"/in", call)}
			got, err := reason(t, v, q.build())
			require.Equal(t, c.want, got, "%v", err)
			var refused *signature.Error
			if err := v.VerifyBody(public+"/in", []byte(encode(call)), q.sig, c.lines...); err != nil {
				require.ErrorAs(t, err, &refused)
				require.Equal(t, c.want, refused.Reason)
			} else {
				require.Empty(t, c.want)
			}
		})
	}
}

// FuzzSettings reads the header as Twilio's SDK does, in the simplest code there
// is, and expects the same verdict but for what is stricter.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"", " ", "key=b", "key=b,algorithm=HMAC_SHA256", "key=b,algorithm=hmac_sha1", "algorithm=x,key=b", "key=b\nkey=c", ",=,key==,key=b,", "\n", "key=\xa0b"} {
		f.Add(seed)
	}
	v := newValidator(f, signature.Options{PublicURL: public, Tokens: []string{token}, SharedKeys: map[string]string{"b": "secret-b", "=c": "secret-c"}})
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		joined := strings.Join(lines, ", ") // as Node joins them
		secret, hash, ok := token, sha1.New, true
		if joined != "" {
			values := map[string][]string{}
			for _, part := range strings.Split(joined, ",") {
				if name, value, found := strings.Cut(part, "="); found && strings.Trim(value, " \t") != "" {
					name = strings.Trim(name, " \t")
					values[name] = append(values[name], strings.Trim(value, " \t"))
				}
			}
			first := func(name string) string {
				for _, value := range values[name] {
					ok = ok && value == values[name][0]
				}
				return append(values[name], "")[0]
			}
			secret = map[string]string{"b": "secret-b", "=c": "secret-c"}[first("key")]
			switch strings.ToUpper(first("algorithm")) {
			case "", "HMAC_SHA1":
			case "HMAC_SHA256":
				hash = sha256.New
			default:
				ok = false
			}
			ok = ok && secret != "" && len(text) <= 1<<10 && strings.Trim(text, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\t\n") == ""
		}
		q := request{form: call, header: settings(lines...), sig: hmacText(hash, secret, public+"/in", call)}
		require.Equal(t, ok, v.Verify(q.build()) == nil, "%q", lines)
	})
}

// TestDiagnosis holds what the log says of requests that an operator has to
// explain at night. The detail is the whole of it.
func TestDiagnosis(t *testing.T) {
	o := signature.Options{PublicURL: public, Tokens: []string{"old-token", token}, SharedKeys: map[string]string{"a": "secret-a", "b": "secret-b"},
		SharedKeyPins: map[string]signature.Pin{"b": {Algorithm: signature.HMACSHA256, AccountSID: sid}}}
	pinned := o
	pinned.AccountSIDs = []string{subsid}
	tenants := o
	tenants.TokensByAccount = map[string][]string{subsid: {"token-of-sub"}}
	onlyTenants := tenants
	onlyTenants.Tokens = nil
	onlyShared := signature.Options{PublicURL: public, SharedKeys: o.SharedKeys}
	tokens := signature.Options{PublicURL: public, Tokens: o.Tokens}
	for _, c := range []struct {
		name    string
		options signature.Options
		request request
		want    string
	}{
		{"another account", pinned, request{form: call, signed: public + "/in"},
			"account: account " + sid + " is not one of AccountSIDs; auth token 1 signed it"},
		{"another account, forged", pinned, request{form: call, signed: public + "/in", token: "forged"},
			"account: account " + sid + " is not one of AccountSIDs"},
		{"an account that is none", pinned, request{form: [][2]string{{"AccountSid", "AC\n level=ERROR"}}, signed: public + "/in", token: "forged"},
			"account: an AccountSid that is not AC and 32 hexadecimal digits is not one of AccountSIDs"},
		{"no account", pinned, request{form: [][2]string{{"a", "b"}}, signed: public + "/in"},
			"account: no account is named, and AccountSIDs asks for one; auth token 1 signed it"},
		{"two accounts", pinned, request{form: [][2]string{{"AccountSid", sid}, {"AccountSid", subsid}}, signed: public + "/in", token: "forged"},
			"account: two accounts are named"},
		{"an account without a token", onlyTenants, request{form: call, signed: public + "/in"},
			"account: account " + sid + " has no token: it is not in TokensByAccount, and there are no Tokens"},
		{"an account's token for another", tenants, request{form: call, signed: public + "/in", token: "token-of-sub"},
			"account: the URL is right, but auth token 0 of account " + subsid + " signed it, not one of account " + sid},
		{"the main token for an account", tenants, request{form: [][2]string{{"AccountSid", subsid}}, signed: public + "/in"},
			"account: the URL is right, but auth token 1 signed it, not one of account " + subsid},

		{"header taken off", o, request{form: call, sig: hmacText(sha256.New, "secret-a", public+"/in", call)},
			"signature_settings: shared key a with HMAC_SHA256 signed it, and X-Twilio-Webhooks-Signature-Settings is missing: something on the way takes it off"},
		{"header taken off, and http", o, request{form: call, signed: "http://calls.example.com/in", token: "secret-a"},
			"scheme: would be valid for http://calls.example.com/in: PublicURL says https://calls.example.com/in; and shared key a with HMAC_SHA1 signed it"},
		{"shared keys not configured", tokens, request{form: call, header: settings("key=a"), signed: public + "/in", token: "secret-a"},
			"unknown_key: a shared key is said to have signed it, and SharedKeys is empty"},
		{"no auth tokens", onlyShared, request{form: call, signed: public + "/in"},
			"unknown_key: X-Twilio-Webhooks-Signature-Settings is missing, and there are no auth tokens"},
		{"unknown id of a known secret", o, request{form: call, header: settings("key=A"), signed: public + "/in", token: "secret-a"},
			`unknown_key: SharedKeys has no key "A"; shared key a with HMAC_SHA1 signed it`},
		{"unknown id of a known secret, the other algorithm", o, request{form: call, header: settings("key=A,algorithm=HMAC_SHA256"), signed: public + "/in", token: "secret-a"},
			`unknown_key: SharedKeys has no key "A"; shared key a with HMAC_SHA1 signed it`},
		{"unknown id", o, request{form: call, header: settings("key=z"), signed: public + "/in", token: "secret-z"},
			`unknown_key: SharedKeys has no key "z"`},
		{"no key", o, request{form: call, header: settings("algorithm=HMAC_SHA1"), signed: public + "/in"},
			"unknown_key: X-Twilio-Webhooks-Signature-Settings names no key"},
		{"unknown algorithm", o, request{form: call, header: settings("key=a,algorithm=HMAC_SHA3"), signed: public + "/in", token: "secret-a"},
			"algorithm: X-Twilio-Webhooks-Signature-Settings names an algorithm that is neither HMAC_SHA1 nor HMAC_SHA256"},
		{"pinned algorithm", o, request{form: call, header: settings("key=b"), signed: public + "/in", token: "secret-b"},
			"algorithm: shared key b is pinned to another algorithm than HMAC_SHA1"},
		{"pinned account", o, request{form: [][2]string{{"AccountSid", subsid}}, header: settings("key=b,algorithm=HMAC_SHA256"), sig: hmacText(sha256.New, "secret-b", public+"/in", [][2]string{{"AccountSid", subsid}})},
			"account: account " + subsid + " is not the one that the shared key is pinned to; shared key b with HMAC_SHA256 signed it"},
		{"the other algorithm", o, request{form: call, header: settings("key=a,algorithm=HMAC_SHA256"), signed: public + "/in", token: "secret-a"},
			"algorithm: shared key a with HMAC_SHA1 signed it, and X-Twilio-Webhooks-Signature-Settings says HMAC_SHA256"},
		{"the auth token", o, request{form: call, header: settings("key=a"), signed: public + "/in"},
			"account: the URL is right, but auth token 1 signed it, and X-Twilio-Webhooks-Signature-Settings names shared key a"},
		{"wrong secret", o, request{form: call, header: settings("key=a"), signed: public + "/in", token: "secret-z"},
			"mismatch: fits no URL that was tried: shared key a has another secret, or the request was changed on the way"},
		{"wrong token", o, request{form: call, signed: public + "/in", token: "secret-z"},
			"mismatch: fits no URL that was tried: signed with another token, or changed on the way"},

		{"query sorted on the way", o, request{form: call, target: "/in?a=1&b=2", signed: public + "/in?b=2&a=1"},
			"query: would be valid for https://calls.example.com/in?b=[redacted]&a=[redacted], which is its query in another order: PublicURL says https://calls.example.com/in?a=[redacted]&b=[redacted]"},
		{"query encoded on the way", o, request{form: call, target: "/in?a=it%27s", signed: public + "/in?a=it's"},
			"query: would be valid for https://calls.example.com/in?a=[redacted], which is its query in another encoding: PublicURL says https://calls.example.com/in?a=[redacted]"},
		{"query sorted and encoded on the way", o, request{form: call, target: "/in?a=it%27s&b=2", signed: public + "/in?b=2&a=it's"},
			"query: would be valid for https://calls.example.com/in?b=[redacted]&a=[redacted], which is its query in another order and another encoding: PublicURL says https://calls.example.com/in?a=[redacted]&b=[redacted]"},
		{"four parameters in another order and encoding", o, request{form: call, target: "/in?a=1&b=x+y&c=3&d=%2Fp%3A1", signed: public + "/in?d=/p:1&c=3&b=x%20y&a=1"},
			"query: would be valid for https://calls.example.com/in?d=[redacted]&c=[redacted]&b=[redacted]&a=[redacted], which is its query in another order and another encoding: PublicURL says https://calls.example.com/in?a=[redacted]&b=[redacted]&c=[redacted]&d=[redacted]"},
		{"query in small escapes", o, request{form: call, target: "/in?a=%2Fp%3A1", signed: public + "/in?a=%2fp%3a1"},
			"query: would be valid for https://calls.example.com/in?a=[redacted], which is its query in another encoding: PublicURL says https://calls.example.com/in?a=[redacted]"},
		{"query taken off on the way", o, request{form: call, target: "/in?a=1", signed: public + "/in"},
			"query: would be valid for https://calls.example.com/in: PublicURL says https://calls.example.com/in?a=[redacted]"},
		{"host in other letters", o, request{form: call, signed: "https://Calls.Example.com/in", header: header("X-Forwarded-Host", "Calls.Example.com")},
			"host: would be valid for https://Calls.Example.com/in: PublicURL says https://calls.example.com/in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			c.options.Logger = slog.New(slog.NewTextHandler(&log, nil))
			got, err := reason(t, newValidator(t, c.options), c.request.build())
			require.NotEmpty(t, got)
			require.EqualError(t, err, "signature: "+c.want)
			require.Equal(t, 1, strings.Count(log.String(), "signature: refused"))
			require.NotContains(t, log.String(), "secret-")
		})
	}
}

func TestSignSettings(t *testing.T) {
	require.Equal(t, "key="+keyID+",algorithm=HMAC_SHA256", signature.Settings(keyID, signature.HMACSHA256))
	v := newValidator(t, signature.Options{SharedKeys: map[string]string{keyID: other}})
	for _, a := range []signature.Algorithm{signature.HMACSHA1, signature.HMACSHA256} {
		sig := a.Sign(other, public+"/in#rc=2", nil)
		require.NoError(t, v.VerifyBody(public+"/in", nil, sig, signature.Settings(keyID, a)))
	}
}
