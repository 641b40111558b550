package signature_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// TestDoubt names what is given as an auth token by mistake, with no part of it.
func TestDoubt(t *testing.T) {
	require.Empty(t, signature.Doubt(token))
	hex := "9f86d081884c7d659a2feaa0c55ad015"
	require.Empty(t, signature.Doubt(hex))
	for given, want := range map[string]string{
		"SK" + hex: "SID of an API key", "AC" + hex: "SID of an account", "CA" + hex: "a SID", "PN" + strings.ToUpper(hex): "a SID",
		"your_auth_token": "placeholder", "YOUR_AUTH_TOKEN_HERE": "placeholder", "changeme": "placeholder", "change-me": "placeholder",
		"xxx": "placeholder", strings.Repeat("x", 32): "placeholder", strings.Repeat("0", 32): "placeholder", "<auth-token>": "placeholder",
		"${TWILIO_AUTH_TOKEN}": "placeholder", "{{ token }}": "placeholder", "****": "placeholder", "null": "placeholder", "test": "placeholder",
		strings.ToUpper(hex): "capital letters", "wEfz4fVq8pJmKxT2hN7rYbC1aLsD9gU3": "secret of an API key",
		`"` + hex + `"`: "quotes", "'" + hex + "'": "quotes",
		hex[:31]: "31 characters", hex + "0": "33 characters", "0123456789abcdef": "16 characters", "": "0 characters",
	} {
		what := signature.Doubt(given)
		require.Contains(t, what, want, "%q", given)
		for i := 0; i+8 <= len(given); i++ {
			if part := given[i : i+8]; strings.Trim(part, "0123456789abcdefABCDEF") == "" {
				require.NotContains(t, what, part)
			}
		}
	}
}

// TestDoubtsAreLogged once for each configuration, and the token is taken.
func TestDoubtsAreLogged(t *testing.T) {
	const key = "SK9f86d081884c7d659a2feaa0c55ad015"
	var log bytes.Buffer
	o := signature.Options{Tokens: []string{token, key}, TokensByAccount: map[string][]string{sid: {"changeme"}}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	v, err := signature.New(o)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(log.String(), "level=WARN"), "%s", &log)
	require.Contains(t, log.String(), `token=1 account="" looks_like="the SID of an API key`)
	require.Contains(t, log.String(), "token=0 account="+sid+` looks_like="a placeholder"`)
	require.NotContains(t, log.String(), key[2:])
	require.NotContains(t, log.String(), "changeme")

	log.Reset()
	o.Tokens, o.TokensByAccount = []string{token}, nil
	require.NoError(t, v.Reload(o))
	require.Empty(t, log.String())
}

// TestLoggerWithoutHandler would panic at its first line.
func TestLoggerWithoutHandler(t *testing.T) {
	_, err := signature.New(signature.Options{Tokens: []string{token}, Logger: &slog.Logger{}})
	require.EqualError(t, err, "signature: Logger has no handler: make it with slog.New")
}
