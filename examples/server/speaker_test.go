package main

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestSpeakerIsWhatTTSNames(t *testing.T) {
	base := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off"}
	for want, more := range map[string][]string{
		`TTS: "festival" is none of`:                       {"TTS=festival"},
		"TTS_URL: neither Options.Key nor Options.BaseURL": {"TTS=openai"},
		"TTS_URL: is not an http or https URL":             {"TTS=openai", "TTS_URL=ftp://example.com"},
		"TTS_KEY: ":                                        {"TTS=openai", "TTS_KEY=a b"},
	} {
		_, err := configFromEnv(environment(append(base, more...)...))
		require.ErrorContains(t, err, want)
	}
	c, err := configFromEnv(environment(append(base, "TTS_KEY=key", "TTS_VOICE=alloy")...))
	require.NoError(t, err)
	require.Contains(t, c.doubts, mistake{"TTS_KEY", "is not used with TTS=recordings"})
	require.Contains(t, c.doubts, mistake{"TTS_VOICE", "is not used with TTS=recordings"})
	for _, name := range synthesizers[1:] {
		if name != "openai" && local.Available() != nil {
			continue
		}
		c, err := configFromEnv(environment(append(base, "TTS="+name, "TTS_URL=http://127.0.0.1:1/v1")...))
		require.NoError(t, err)
		speaker, err := newSpeaker(t.Context(), c, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.NotNil(t, speaker)
		a := &app{speaker: speaker, log: slog.New(slog.DiscardHandler)}
		a.close()
	}
}

// TestAnswersInWords: with a synthesiser the receptionist says what it plays without.
func TestAnswersInWords(t *testing.T) {
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "METRICS_ADDR=public"))
	require.NoError(t, err)
	engine, speaks := &stttest.Engine{}, voicetest.NewVoice(nil)
	a := &app{engine: engine, speaker: speaks, log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry()}
	require.NoError(t, a.build(c, nil))
	t.Cleanup(a.close)
	call := voicetest.New(t, a.handler, voicetest.Config{Voice: speaks}).Dial("+14155550100", "+14155550199")
	require.NoError(t, call.HearsText("Hello. How can I help you?", patience))
	caller, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	caller.Say("goodbye")
	require.NoError(t, call.HearsText("Say yes, or press 1", patience))
	require.NoError(t, call.Digits("1"))
	require.NoError(t, call.HearsText("Thank you for calling. Goodbye.", patience))
	require.NoError(t, call.Wait(t.Context()))
}
