package main

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestSpeakerIsWhatTTSNames(t *testing.T) {
	base := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off"}
	for want, more := range map[string][]string{
		`TTS: "festival" is none of`:                       {"TTS=festival"},
		"TTS_URL: neither Options.Key nor Options.BaseURL": {"TTS=openai"},
		"TTS_URL: is not an http or https URL":             {"TTS=openai", "TTS_URL=ftp://example.com"},
		"TTS_KEY: has blanks":                              {"TTS=openai", "TTS_KEY=a b"},
		"TTS_KEY: is empty":                                {"TTS=deepgram"},
		"TTS_URL: is not a ws or wss URL":                  {"TTS=cartesia", "TTS_KEY=key", "TTS_URL=ftp://example.com"},
		"TTS_VOICE: \"no voice\" is not the id of a voice": {"TTS=elevenlabs", "TTS_KEY=key", "TTS_VOICE=no voice"},
	} {
		_, err := configFromEnv(environment(append(base, more...)...))
		require.ErrorContains(t, err, want)
	}
	c, err := configFromEnv(environment(append(base, "TTS_KEY=key", "TTS_VOICE=alloy")...))
	require.NoError(t, err)
	require.Contains(t, c.doubts, mistake{"TTS_KEY", "is not used with TTS=recordings"})
	require.Contains(t, c.doubts, mistake{"TTS_VOICE", "is not used with TTS=recordings"})
	c, err = configFromEnv(environment(append(base, "TTS=deepgram", "TTS_KEY=key", "TTS_MODEL=aura-2")...))
	require.NoError(t, err)
	require.Contains(t, c.doubts, mistake{"TTS_MODEL", "is not used with TTS=deepgram"})
	for _, name := range synthesizers[1:] {
		var more []string
		switch {
		case name == "openai" || name == "deepgram" || name == "elevenlabs" || name == "cartesia":
			more = []string{"TTS_KEY=key", "TTS_URL=http://127.0.0.1:1"}
		case local.Available() != nil:
			continue
		}
		c, err := configFromEnv(environment(append(append(base, "TTS="+name), more...)...))
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

// TestDoctorTriesASpeechService: it says a sentence, or why it cannot.
func TestDoctorTriesASpeechService(t *testing.T) {
	service := faketts.NewDeepgram(t, nil)
	refusing := faketts.NewDeepgram(t, func(int) faketts.Trouble { return faketts.Trouble{Status: 401} })
	for url, want := range map[string]string{
		service.URL:  "ok    voice     deepgram begins to speak after ",
		refusing.URL: "FAIL  voice     deepgram does not work: tts/deepgram: open: credentials refused: status 401",
	} {
		var said strings.Builder
		d := &doctor{c: config{tts: "deepgram", ttsURL: url, ttsKey: "key"}, out: &said}
		d.speaker(t.Context())
		require.Contains(t, said.String(), want)
	}
	d := &doctor{c: config{tts: recorded}, out: io.Discard}
	d.speaker(t.Context())
	require.Zero(t, d.fails)
}

// TestPlaysWhatItCannotSay: a call whose synthesiser fails hears the recordings, to its end.
func TestPlaysWhatItCannotSay(t *testing.T) {
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "METRICS_ADDR=public"))
	require.NoError(t, err)
	broken := &ttstest.Fake{Fault: func(int, string) ttstest.Fault {
		return ttstest.Fault{Err: &tts.Error{Engine: "ttstest", Op: "synthesize", Kind: tts.ErrUnavailable}}
	}}
	engine := &stttest.Engine{}
	a := &app{engine: engine, speaker: broken, log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry()}
	require.NoError(t, a.build(c, nil))
	t.Cleanup(a.close)
	prompts, err := newReceptionist(slog.New(slog.DiscardHandler), true)
	require.NoError(t, err)
	call := voicetest.New(t, a.handler).Dial("+14155550100", "+14155550199")
	require.NoError(t, call.Hears(prompts.greeting, patience))
	caller, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	caller.Say("goodbye")
	require.NoError(t, call.Hears(prompts.sure, patience))
	require.NoError(t, call.Digits("1"))
	require.NoError(t, call.Hears(prompts.goodbye, patience))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, "completed", call.Status())
}
