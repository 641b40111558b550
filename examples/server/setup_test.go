package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// TestSetup says what it would change, and changes it when it is told to.
func TestSetup(t *testing.T) {
	number := map[string]any{"sid": "PN1", "phone_number": "+14155550199", "voice_url": "https://demo.twilio.com/", "voice_method": "POST", "status_callback_method": "POST"}
	posts := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			posts++
			if r.ParseForm(); strings.Contains(r.URL.Path, "IncomingPhoneNumbers") {
				number["voice_url"], number["status_callback"] = r.PostForm.Get("VoiceUrl"), r.PostForm.Get("StatusCallback")
			}
			json.NewEncoder(w).Encode(map[string]any{"sid": "PN1"})
		case strings.Contains(r.URL.Path, "IncomingPhoneNumbers"):
			json.NewEncoder(w).Encode(map[string]any{"incoming_phone_numbers": []any{number}})
		default:
			json.NewEncoder(w).Encode(map[string]any{"usage_triggers": []any{}})
		}
	}))
	defer api.Close()
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "TWILIO_ACCOUNT_SID="+voicetest.AccountSID,
		"TWILIO_API_KEY="+voicetest.APIKey, "TWILIO_API_SECRET="+voicetest.APISecret, "TWILIO_NUMBER=+14155550199"))
	require.NoError(t, err)
	c.restURL = api.URL
	set := func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, setUp(t.Context(), c, nil, args, &out), out.String())
		return out.String()
	}
	const url = "voice URL: https://demo.twilio.com/ -> https://calls.example.com/api/voice/twilio/inbound\n"
	text := set("-trigger", "250", "-trigger-url", "https://calls.example.com/spent")
	require.Contains(t, text, url)
	require.Contains(t, text, "250.00 dollars monthly")
	require.Contains(t, text, "nothing was changed")
	require.Zero(t, posts)
	require.Contains(t, set("-apply"), url)
	require.Equal(t, 1, posts)
	require.Equal(t, "everything is as it should be\n", set("-apply"))
	require.ErrorContains(t, setUp(t.Context(), c, nil, []string{"-trigger", "5"}, &bytes.Buffer{}), "go together")
	c.number = ""
	require.ErrorContains(t, setUp(t.Context(), c, nil, nil, &bytes.Buffer{}), "TWILIO_NUMBER")
	require.ErrorContains(t, run(t.Context(), []string{"setup"}, environment(), &bytes.Buffer{}, &bytes.Buffer{}), "nothing was started")
}
