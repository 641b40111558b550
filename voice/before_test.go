package voice_test

import (
	"bytes"
	"log/slog"
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

// TestBeforeMayBeNewer than this package: that is logged.
func TestBeforeMayBeNewer(t *testing.T) {
	var log bytes.Buffer
	_, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: waiting,
		Before: []twiml.Verb{&twiml.Element{Name: "Announce"}, &twiml.Say{Text: "Hi", Extra: twiml.Extra{Attrs: []twiml.Attr{{Name: "mood", Value: "glad"}}}}},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	require.Contains(t, log.String(), "Config.Before: Twilio may ignore some of the TwiML")
	require.Contains(t, log.String(), "Response/Announce: unknown element")
}
