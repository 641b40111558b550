package signature

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// authToken is the form of all auth tokens that Twilio issues.
const authToken = "32 hexadecimal digits in small letters"

// lookalikes are what is taken for an auth token, most telling first.
var lookalikes = []struct {
	form *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`^SK[0-9a-fA-F]{32}$`), "the SID of an API key, which signs no request: the auth token stands beside the account's SID in Twilio's console"},
	{regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`), "the SID of an account: the auth token stands beside it in Twilio's console"},
	{regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$`), "a SID"},
	{regexp.MustCompile(`(?i)^[<$%{\[(]|your|change.?me|replace|placeholder|example|dummy|secret|token|todo|^x+$|^\*+$|^\.+$|^(test|none|null|nil|undefined|false|true|password)$`), "a placeholder"},
	{regexp.MustCompile(`^[0-9a-fA-F]{32}$`), "an auth token in capital letters: Twilio's are " + authToken},
	{regexp.MustCompile(`^[0-9a-zA-Z]{32}$`), "the secret of an API key, which signs no request: an auth token is " + authToken},
	{regexp.MustCompile(`^["'].*["']$`), "an auth token in quotes, which are not part of it"},
}

// Doubt describes a token that is hardly an auth token of Twilio's, as "the SID of an API
// key", with what to do. It is empty for a token that may be one. The text
// holds no part of the token. [New] logs it, and accepts the token all the same: only
// Twilio knows.
func Doubt(token string) string {
	if len(token) == 32 && strings.Trim(token, "0123456789abcdef") == "" {
		if strings.Trim(token, token[:1]) == "" {
			return "a placeholder"
		}
		return ""
	}
	for _, l := range lookalikes {
		if l.form.MatchString(token) {
			return l.what
		}
	}
	return fmt.Sprintf("nothing that Twilio issues: it has %d characters, and an auth token is %s", len(token), authToken)
}

// doubt logs which tokens are hardly auth tokens.
func doubt(log *slog.Logger, o Options) {
	list := func(account string, tokens []string) {
		for i, token := range tokens {
			if what := Doubt(token); what != "" {
				log.Warn("signature: what is given as an auth token looks like something else, requests may all be refused",
					slog.Int("token", i), slog.String("account", account), slog.String("looks_like", what))
			}
		}
	}
	list("", o.Tokens)
	for _, account := range slices.Sorted(maps.Keys(o.TokensByAccount)) {
		list(account, o.TokensByAccount[account])
	}
}
