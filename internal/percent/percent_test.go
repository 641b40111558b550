package percent_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/percent"
)

func redact(text string) string { return strings.ReplaceAll(text, "a:b@", "[redacted]") }

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"no secret":                      "no secret",
		"100% of 5%2 and %zz and %":      "100% of 5%2 and %zz and %",
		"caf%C3%A9":                      "caf%C3%A9", // as it is: nothing in it is secret
		"https://a:b@host":               "https://[redacted]host",
		"a%3Ab%40":                       "[redacted]",
		"a%3ab%40 x%20y":                 "[redacted] x y",
		"%61%3A%62%40":                   "[redacted]",
		"a%253Ab%2540":                   "[redacted]",
		"a%25253Ab%252540":               "[redacted]",
		"a:b@ and a%3Ab%40 and %253a:b@": "[redacted] and [redacted] and %3[redacted]",
		"a%3A%ffb@ a%3Ab%40%":            "a:\xffb@ [redacted]%",
		"%41%5B%60%7B%4a%4A%2f":          "%41%5B%60%7B%4a%4A%2f",
	} {
		require.Equal(t, want, percent.Redact(text, redact), "%q", text)
	}
}

// FuzzRedact: however a URL writes a secret, it is found.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "%", "%2", "100%", "\xff", "a%3", "?a=b&c"} {
		f.Add(seed, seed, uint8(2))
	}
	f.Fuzz(func(t *testing.T, before, after string, times uint8) {
		secret := "a:b@"
		for range times % 4 {
			secret = url.QueryEscape(secret)
		}
		text := percent.Redact(before+" "+secret+" "+after, redact)
		require.NotContains(t, text, secret)
		require.NotContains(t, text, "a:b@")
	})
}
