package voice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestBefore: what cannot stand before the stream is an error of the configuration.
func TestBefore(t *testing.T) {
	_, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: waiting,
		Before: []twiml.Verb{&twiml.Gather{NumDigits: -5}},
	})
	require.ErrorContains(t, err, "Before")
}
