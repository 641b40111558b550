package stt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/stt/twilio"
	"agentos.dev/dialtone/stt/vosk"
)

// TestOptionsThatCannotWork are refused by every engine, all at once, each by its name,
// and no key is in the error.
func TestOptionsThatCannotWork(t *testing.T) {
	cut := stt.Segmentation{Timeout: 5}
	engines := map[string]func(key, url string) error{
		"assemblyai": func(key, url string) error {
			_, err := assemblyai.New(assemblyai.Options{Key: key, URL: url, MaxSilence: 500})
			return err
		},
		"deepgram": func(key, url string) error {
			_, err := deepgram.New(deepgram.Options{Key: key, URL: url, Endpointing: 300})
			return err
		},
		"openai": func(key, url string) error {
			_, err := openai.New(openai.Options{Key: key, BaseURL: url, Workers: -1, MaxWait: 2, Segmentation: cut})
			return err
		},
		"openairealtime": func(key, url string) error {
			_, err := openairealtime.New(openairealtime.Options{Key: key, URL: url, Silence: -time.Second, NoiseReduction: "much"})
			return err
		},
	}
	want := map[string][]string{
		"assemblyai":     {"MaxSilence is 500ns"},
		"deepgram":       {"Endpointing is 300ns"},
		"openai":         {"Workers is negative", "MaxWait is 2ns", "Timeout is 5ns"},
		"openairealtime": {"Silence is negative", `NoiseReduction "much"`},
	}
	for name, open := range engines {
		for key, why := range map[string]string{"canary\nkey": "line break", "'canary'": "quotes", "Bearer canary": "blanks", " ": "empty"} {
			err := open(key, "ftp://example.com")
			for _, part := range append(want[name], "Options.Key", why, "URL is n") {
				require.ErrorContains(t, err, part, name)
			}
			require.NotContains(t, err.Error(), "canary")
		}
		for url, why := range map[string]string{"nowhere": "is not", "wss://example.com/#a": "URL"} {
			require.ErrorContains(t, open("key", url), why, "%s: %s", name, url)
		}
	}
	for _, url := range []string{"https://example.com/v1?key=canary", "https://example.com/v1/audio/transcriptions/"} {
		_, err := openai.New(openai.Options{BaseURL: url})
		require.ErrorContains(t, err, "BaseURL")
		require.NotContains(t, err.Error(), "canary")
	}
	_, err := vosk.New(vosk.Options{URL: "localhost:2700"})
	require.ErrorContains(t, err, "URL")
	err = stt.Validate(twilio.New(twilio.Options{Track: "both", Gap: -1}))
	require.ErrorContains(t, err, `Track "both"`)
	require.ErrorContains(t, err, "Gap is negative")
	o := pocketsphinx.Options{Phrases: []string{"a"}, Dictation: true, Workers: -1, MaxWait: 2, Timeout: -1, Rejection: 18, Segmentation: cut}
	_, err = pocketsphinx.New(o)
	for _, part := range []string{"Dictation", "Workers", "MaxWait", "Options.Timeout", "Rejection", "segmentation: Timeout"} {
		require.ErrorContains(t, err, part)
		require.ErrorContains(t, o.Validate(), part)
	}
}

// TestKeysAsTheyArePasted work.
func TestKeysAsTheyArePasted(t *testing.T) {
	const pasted = "\ufeff key\r\n"
	for name, open := range map[string]func() (stt.Engine, error){
		"assemblyai": func() (stt.Engine, error) { return assemblyai.New(assemblyai.Options{Key: pasted}) },
		"deepgram": func() (stt.Engine, error) {
			return deepgram.New(deepgram.Options{Key: pasted, URL: " wss://example.com\n"})
		},
		"openai": func() (stt.Engine, error) {
			return openai.New(openai.Options{Key: pasted, BaseURL: "https://example.com/v1\n"})
		},
		"openairealtime": func() (stt.Engine, error) { return openairealtime.New(openairealtime.Options{Key: pasted}) },
		"vosk":           func() (stt.Engine, error) { return vosk.New(vosk.Options{URL: "\tws://localhost:2700\n"}) },
		"twilio":         func() (stt.Engine, error) { return twilio.New(twilio.Options{}), nil },
	} {
		engine, err := open()
		require.NoError(t, err, name)
		require.NoError(t, stt.Validate(engine), name)
		if closer, ok := engine.(interface{ Close() error }); ok {
			closer.Close()
		}
	}
}
