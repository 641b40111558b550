package signature_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/signature"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		options signature.Options
		want    string
	}{
		{signature.Options{}, "signature: no auth token: set Tokens"},
		{signature.Options{Tokens: []string{""}}, "signature: Tokens[0] is empty"},
		{signature.Options{Tokens: []string{token, " \n"}}, "signature: Tokens[1] is empty"},
		{signature.Options{Tokens: []string{token[:5] + "\n" + token[5:]}}, "signature: Tokens[0] contains white space or control characters"},
		{signature.Options{Tokens: []string{`"` + token + `"`}}, "signature: Tokens[0] is in quotes, which are not part of it"},
		{signature.Options{Tokens: []string{"\u201c" + token + "\u201d"}}, "signature: Tokens[0] is in quotes, which are not part of it"},
		{signature.Options{SharedKeys: map[string]string{keyID: "'shared'"}}, "signature: SharedKeys[" + keyID + "] is in quotes, which are not part of it"},
		{signature.Options{Tokens: []string{token}, AccountSIDs: []string{sid, "AC1"}}, "signature: AccountSIDs[1] is not AC and 32 hexadecimal digits in small letters"},
		{signature.Options{Tokens: []string{token}, AccountSIDs: []string{"AC" + strings.Repeat("A", 32)}}, "signature: AccountSIDs[0] is not AC and 32 hexadecimal digits in small letters"},
		{signature.Options{TokensByAccount: map[string][]string{"sub": {token}}}, `signature: TokensByAccount["sub"] is not AC and 32 hexadecimal digits in small letters`},
		{signature.Options{SharedKeys: map[string]string{"k": other}, SharedKeyPins: map[string]signature.Pin{"k": {AccountSID: "US1"}}}, `signature: SharedKeyPins["k"].AccountSID is not AC and 32 hexadecimal digits in small letters`},
		{signature.Options{Tokens: []string{"a\x00b"}}, "signature: Tokens[0] contains white space or control characters"},
		{signature.Options{TokensByAccount: map[string][]string{sid: {""}}}, "signature: TokensByAccount[" + sid + "][0] is empty"},
		{signature.Options{TokensByAccount: map[string][]string{sid: nil}}, "signature: TokensByAccount[" + sid + "] is empty"},
		{signature.Options{SharedKeys: map[string]string{"KS1": ""}}, "signature: SharedKeys[KS1] is empty"},
		{signature.Options{SharedKeys: map[string]string{keyID: "a b"}}, "signature: SharedKeys[" + keyID + "] contains white space or control characters"},
		{signature.Options{SharedKeys: map[string]string{"": other}}, `signature: SharedKeys[""] is not a key id: X-Twilio-Webhooks-Signature-Settings could not name it`},
		{signature.Options{SharedKeys: map[string]string{"a,b": other}}, `signature: SharedKeys["a,b"] is not a key id: X-Twilio-Webhooks-Signature-Settings could not name it`},
		{signature.Options{SharedKeys: map[string]string{"a\n": other}}, `signature: SharedKeys["a\n"] is not a key id: X-Twilio-Webhooks-Signature-Settings could not name it`},
		{signature.Options{Tokens: []string{token}, SharedKeyPins: map[string]signature.Pin{keyID: {}}}, "signature: SharedKeyPins[" + keyID + "] has no key in SharedKeys"},
		{signature.Options{SharedKeys: map[string]string{keyID: other}, SharedKeyPins: map[string]signature.Pin{keyID: {Algorithm: "none"}}}, "signature: SharedKeyPins[" + keyID + `].Algorithm "none" is neither HMAC_SHA1 nor HMAC_SHA256`},
		{signature.Options{Tokens: []string{token}, MaxPending: -1}, "signature: MaxPending and BodyTimeout must not be negative"},
		{signature.Options{Tokens: []string{token}, BodyTimeout: -1}, "signature: MaxPending and BodyTimeout must not be negative"},
		{signature.Options{Tokens: []string{token}, MaxBody: -1}, "signature: MaxBody, MaxParams and ProxyHops must not be negative"},
		{signature.Options{Tokens: []string{token}, TrustedProxies: make([]netip.Prefix, 1)}, "signature: TrustedProxies contains an invalid prefix"},
		{signature.Options{Tokens: []string{token}, AllowedHosts: []string{"https://a"}}, "signature: AllowedHosts: https://a is not a host"},
		{signature.Options{Tokens: []string{"", ""}, PublicURL: "x"}, "signature: Tokens[0] is empty\nsignature: Tokens[1] is empty\nsignature: PublicURL is not scheme://host[:port][/prefix]"},
	} {
		v, err := signature.New(c.options)
		require.EqualError(t, err, c.want)
		require.Nil(t, v)
	}
	for _, bad := range []string{"calls.example.com", "wss://calls.example.com", "https://", "https://a?b", "https://a#b", "https://a b", "https://a:b", "https://a:", "https://[::1", "https://a/%zz", "https://a\nb"} {
		_, err := signature.New(signature.Options{Tokens: []string{token}, PublicURL: bad})
		require.ErrorContains(t, err, "signature: PublicURL ", bad)
	}
	for _, good := range []string{"https://a", "http://a", "https://a/", "https://a:8443/b/c", "https://u:p@a", "https://[::1]:80", "HTTPS://a", "Http://a"} {
		_, err := signature.New(signature.Options{Tokens: []string{token}, PublicURL: good})
		require.NoError(t, err, good)
	}
}

// TestFIPSOnly runs itself in a process where SHA-1 is forbidden.
func TestFIPSOnly(t *testing.T) {
	if os.Getenv("SIGNATURE_TEST_FIPS") != "" {
		_, err := signature.New(signature.Options{Tokens: []string{token}})
		require.EqualError(t, err, "signature: Twilio signs with HMAC-SHA1, which FIPS-140-only mode forbids")
		require.Len(t, signature.Sign(token, public, nil), 28)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$", "-test.v")
	command.Env = append(os.Environ(), "SIGNATURE_TEST_FIPS=1", "GODEBUG=fips140=only")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestFIPSOnly")
}

// The log of a signature that fits nothing says what that can mean.
func TestForeignTokenIsLogged(t *testing.T) {
	var log bytes.Buffer
	v := newValidator(t, signature.Options{PublicURL: public, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	r := request{form: call}.build()
	r.Header.Set("X-Twilio-Signature", signature.Sign("another token of 32 characters..", "https://calls.example.com/in", nil))
	require.Error(t, v.Verify(r))
	require.Contains(t, log.String(), `reason=mismatch detail="fits no URL that was tried: signed with another token, or changed on the way"`)
}

func TestLogIsThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		results := 0
		v := newValidator(t, signature.Options{PublicURL: public, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			OnResult: func(signature.Result) { results++ }})
		lines := func(requests int) int {
			log.Reset()
			for range requests {
				require.Error(t, v.Verify(request{form: call, signed: "http://calls.example.com/in"}.build()))
			}
			return strings.Count(log.String(), "\n")
		}
		require.Equal(t, 10, lines(100))
		got, _ := reason(t, v, request{form: call, signed: "http://calls.example.com/in"}.build())
		require.Equal(t, signature.ReasonMismatch, got, "nor is there a search")
		time.Sleep(time.Second)
		require.Equal(t, 10, lines(20))
		require.Contains(t, log.String(), "unlogged=91")
		require.Contains(t, log.String(), "unlogged=0")
		time.Sleep(time.Hour)
		require.Equal(t, 10, lines(20))
		require.Equal(t, 141, results)
	})
}

func TestSign(t *testing.T) {
	form := url.Values{"b": {"2", "1", "2"}, "a": nil, "": {"x"}}
	require.Equal(t, reference(token, public, [][2]string{{"b", "1"}, {"b", "2"}, {"", "x"}}), signature.Sign(token, public+"#rc=2", form))
	require.Equal(t, url.Values{"b": {"2", "1", "2"}, "a": nil, "": {"x"}}, form, "left as it was")
}
