package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestSharedKeys: a webhook that a shared key signed is taken, in the algorithm that
// it is pinned to.
func TestSharedKeys(t *testing.T) {
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off",
		"TWILIO_SHARED_KEYS= webhooks_sharedkey_1=one= , webhooks_sharedkey_2:HMAC_SHA256=two"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"webhooks_sharedkey_1": "one=", "webhooks_sharedkey_2": "two"}, c.sharedKeys)
	a, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	defer a.close()
	tw := voicetest.New(t, a.handler)
	for _, c := range []struct {
		id, secret string
		algorithm  signature.Algorithm
		taken      bool
	}{
		{"webhooks_sharedkey_1", "one=", signature.HMACSHA1, true},
		{"webhooks_sharedkey_1", "one=", signature.HMACSHA256, true},
		{"webhooks_sharedkey_2", "two", signature.HMACSHA256, true},
		{"webhooks_sharedkey_2", "two", signature.HMACSHA1, false},
	} {
		call := tw.Dial("+14155550100", "+14155550199", voicetest.SharedKey(c.id, c.secret, c.algorithm, voicetest.Webhook), voicetest.Unsigned(voicetest.Handshake))
		err := call.Wait(t.Context())
		require.Equal(t, c.taken, err == nil, "%+v", c)
	}
	require.NoError(t, a.voice.Shutdown(t.Context()))
}

// TestMalformedSharedKeys: every one is reported by its number, and no secret.
func TestMalformedSharedKeys(t *testing.T) {
	_, err := configFromEnv(environment("TWILIO_SHARED_KEYS=canary,=canary,a=canary,a=,b:MD5=canary,c d=canary,e='canary'"))
	for _, part := range []string{"key 1 is not", "key 2 is not", "key 4 has the id", "the secret of key 4", "the algorithm of key 5", "key 6 is not", "the secret of key 7", "TWILIO_AUTH_TOKEN: "} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "canary")
}
