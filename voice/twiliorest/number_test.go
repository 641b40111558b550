package twiliorest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/twiliorest"
)

// account is Twilio's API of numbers and usage triggers.
type account struct {
	number   map[string]any
	triggers []map[string]any
	posted   []url.Values
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if r.Method == http.MethodPost {
		a.posted = append(a.posted, r.PostForm)
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/IncomingPhoneNumbers.json"):
		numbers := []any{}
		if a.number != nil {
			numbers = append(numbers, a.number)
		}
		json.NewEncoder(w).Encode(map[string]any{"incoming_phone_numbers": numbers})
	case strings.HasSuffix(r.URL.Path, "/IncomingPhoneNumbers/PN1.json"):
		json.NewEncoder(w).Encode(a.number)
	case strings.HasSuffix(r.URL.Path, "/Usage/Triggers.json") && r.Method == http.MethodGet:
		json.NewEncoder(w).Encode(map[string]any{"usage_triggers": a.triggers})
	case strings.HasSuffix(r.URL.Path, "/Usage/Triggers.json"):
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"sid": "UT1"})
	default:
		http.NotFound(w, r)
	}
}

func (a *account) client(t *testing.T) *twiliorest.Client {
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return client(t, twiliorest.Options{BaseURL: s.URL})
}

var wanted = twiliorest.NumberURLs{Voice: "https://new.example.com/inbound", StatusCallback: "https://new.example.com/status"}

// TestSetNumber: a dry run changes nothing, and what is as it should be is left alone.
func TestSetNumber(t *testing.T) {
	a := &account{number: map[string]any{"sid": "PN1", "phone_number": us, "voice_url": "https://old.example.com/", "voice_method": "GET", "status_callback_method": "POST"}}
	c := a.client(t)
	want := []string{
		"voice URL: https://old.example.com/ -> https://new.example.com/inbound", "voice method: GET -> POST",
		"status callback: none -> https://new.example.com/status",
	}
	for _, dry := range []bool{true, false} {
		changes, err := c.SetNumber(t.Context(), us, wanted, dry)
		require.NoError(t, err)
		var texts []string
		for _, change := range changes {
			texts = append(texts, change.String())
		}
		require.Equal(t, want, texts)
		require.Equal(t, dry, len(a.posted) == 0)
	}
	require.Equal(t, url.Values{"VoiceUrl": {wanted.Voice}, "VoiceMethod": {"POST"}, "StatusCallback": {wanted.StatusCallback}}, a.posted[0])
	a.number["voice_url"], a.number["voice_method"], a.number["status_callback"] = wanted.Voice, "POST", wanted.StatusCallback
	changes, err := c.SetNumber(t.Context(), us, wanted, false)
	require.NoError(t, err)
	require.Empty(t, changes)
	require.Len(t, a.posted, 1)
}

func TestSetNumberRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		is     map[string]any
		number string
		to     twiliorest.NumberURLs
		want   error
	}{
		"none of the account's": {nil, us, wanted, twiliorest.ErrNumber},
		"another":               {map[string]any{"sid": "PN1", "phone_number": alice}, us, wanted, twiliorest.ErrNumber},
		"no number":             {nil, "us", wanted, twiliorest.ErrNumber},
		"a trunk's":             {map[string]any{"sid": "PN1", "phone_number": us, "trunk_sid": "TK1"}, us, wanted, twiliorest.ErrNumberElsewhere},
		"an application's":      {map[string]any{"sid": "PN1", "phone_number": us, "voice_application_sid": "AP1"}, us, wanted, twiliorest.ErrNumberElsewhere},
		"a relative URL":        {map[string]any{"sid": "PN1", "phone_number": us}, us, twiliorest.NumberURLs{Voice: "/inbound"}, nil},
	} {
		a := &account{number: test.is}
		_, err := a.client(t).SetNumber(t.Context(), test.number, test.to, false)
		require.Error(t, err, name)
		require.True(t, test.want == nil || errors.Is(err, test.want), "%s: %v", name, err)
		require.Empty(t, a.posted, name)
	}
}

func TestSetUsageTrigger(t *testing.T) {
	trigger := twiliorest.UsageTrigger{Name: "calls", Dollars: 250, Callback: "https://calls.example.com/spent"}
	a := &account{triggers: []map[string]any{{"friendly_name": "calls", "trigger_value": "100.0", "recurring": "monthly", "callback_url": trigger.Callback}}}
	c := a.client(t)
	for _, dry := range []bool{true, false} {
		changes, err := c.SetUsageTrigger(t.Context(), trigger, dry)
		require.NoError(t, err)
		require.Len(t, changes, 1)
		require.Equal(t, "usage trigger calls: 100.0 dollars monthly, told to https://calls.example.com/spent (which stays) -> 250.00 dollars monthly, told to https://calls.example.com/spent", changes[0].String())
		require.Equal(t, dry, len(a.posted) == 0)
	}
	require.Equal(t, url.Values{"CallbackUrl": {trigger.Callback}, "CallbackMethod": {"POST"}, "TriggerValue": {"250.00"}, "UsageCategory": {"totalprice"},
		"FriendlyName": {"calls"}, "Recurring": {"monthly"}, "TriggerBy": {"price"}}, a.posted[0])
	a.triggers = append(a.triggers, map[string]any{"friendly_name": "calls", "trigger_value": "250.0", "recurring": "monthly", "callback_url": trigger.Callback})
	changes, err := c.SetUsageTrigger(t.Context(), trigger, false)
	require.NoError(t, err)
	require.Empty(t, changes, "there is one")
	for name, bad := range map[string]twiliorest.UsageTrigger{
		"Name": {Dollars: 1, Callback: trigger.Callback}, "Dollars": {Name: "x", Callback: trigger.Callback},
		"Callback": {Name: "x", Dollars: 1}, "Every": {Name: "x", Dollars: 1, Callback: trigger.Callback, Every: "hourly"},
	} {
		_, err := c.SetUsageTrigger(t.Context(), bad, false)
		require.ErrorContains(t, err, name)
	}
	require.Len(t, a.posted, 1)
}
