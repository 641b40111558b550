package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRelayDemo needs no engine.
func TestRelayDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo"}, environment("RELAY=1", "RELAY_TTS=Google", "RELAY_LANGUAGE=en-US"), &out, &out), "%s", &out)
	for _, want := range []string{
		`transcript: "go forward ten meters"`, `transcript: "book a room"`, `has heard "I have noted that.`,
		"interrupts the answer", "word errors  0.0 %", `twilio_calls_total{from_country="US",status="completed"} 1`, "back to 0",
	} {
		require.Contains(t, out.String(), want)
	}
	require.NotContains(t, out.String(), "warning")
}

// TestRelayMistakes are told in the operator's names.
func TestRelayMistakes(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"-demo"}, environment("RELAY=perhaps"), &out, &out)
	require.ErrorContains(t, err, "RELAY: \"perhaps\" is neither true nor false")
	err = run(t.Context(), []string{"-demo"}, environment("RELAY=1", "RELAY_RECONNECT=often"), &out, &out)
	require.ErrorContains(t, err, "RELAY_RECONNECT: \"often\" is neither true nor false")
}
