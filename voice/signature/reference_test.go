package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"hash"
	"net/url"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// reference is the algorithm in the simplest code there is, written from
// Twilio's description and from nothing in this package.
func reference(token, signedURL string, form [][2]string) string {
	return hmacText(sha1.New, token, signedURL, form)
}

func hmacText(h func() hash.Hash, token, signedURL string, form [][2]string) string {
	seen := map[[2]string]bool{}
	var pairs [][2]string
	for _, p := range form {
		if !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	sort.Slice(pairs, func(i, j int) bool {
		if pairs[i][0] != pairs[j][0] {
			return pairs[i][0] < pairs[j][0]
		}
		return pairs[i][1] < pairs[j][1]
	})
	text := signedURL
	for _, p := range pairs {
		text += p[0] + p[1]
	}
	mac := hmac.New(h, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// encode writes pairs as a form body, in their order.
func encode(pairs [][2]string) string {
	var parts []string
	for _, p := range pairs {
		parts = append(parts, url.QueryEscape(p[0])+"="+url.QueryEscape(p[1]))
	}
	return strings.Join(parts, "&")
}

// TestPublishedVectors holds the signatures that Twilio's documentation and the
// test suites of its SDKs publish for the token 12345.
func TestPublishedVectors(t *testing.T) {
	const at, json = "https://mycompany.com/myapp.php?foo=1&bar=2", `{"property": "value", "boolean": true}`
	v, err := signature.New(signature.Options{Tokens: []string{"12345"}})
	require.NoError(t, err)
	for _, vector := range []struct {
		name, url string
		form      [][2]string
		body      string
		signature string
	}{
		{"form", at, [][2]string{{"CallSid", "CA1234567890ABCDE"}, {"Digits", "1234"}, {"From", "+14158675309"}, {"To", "+18005551212"}, {"Caller", "+14158675309"}}, "", "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"repeated key", at, [][2]string{{"Sid", "CA123"}, {"SidAccount", "AC123"}, {"Digits", "5678"}, {"Digits", "1234"}, {"Digits", "1234"}}, "", "IK+Dwps556ElfBT0I3Rgjkr1wJU="},
		{"body", at + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620", nil, json, "a9nBmqA0ju/hNViExpshrM61xv4="},
	} {
		t.Run(vector.name, func(t *testing.T) {
			form := url.Values{}
			for _, p := range vector.form {
				form.Add(p[0], p[1])
			}
			require.Equal(t, vector.signature, reference("12345", vector.url, vector.form))
			require.Equal(t, vector.signature, signature.Sign("12345", vector.url, form))
			body := vector.body
			if body == "" {
				body = encode(vector.form)
			}
			require.NoError(t, v.VerifyBody(vector.url, []byte(body), vector.signature))
		})
	}
}
