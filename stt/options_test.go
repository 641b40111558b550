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

// TestOptionsThatCannotWork are refused by every engine, by the name of the option.
func TestOptionsThatCannotWork(t *testing.T) {
	cut := stt.Segmentation{Timeout: 5}
	const key = "canary"
	_, err := assemblyai.New(assemblyai.Options{Key: key, MaxSilence: 500})
	require.ErrorContains(t, err, "MaxSilence is 500ns")
	_, err = deepgram.New(deepgram.Options{Key: key, Endpointing: 300})
	require.ErrorContains(t, err, "Endpointing is 300ns")
	_, err = openairealtime.New(openairealtime.Options{Key: key, Silence: -time.Second, NoiseReduction: "much"})
	require.ErrorContains(t, err, "Silence is negative")
	require.ErrorContains(t, err, `NoiseReduction "much"`)
	_, err = openai.New(openai.Options{Key: key, Workers: -1, MaxWait: 2, Segmentation: cut, BaseURL: "https://example.com/v1?key=canary"})
	for _, part := range []string{"Workers is negative", "MaxWait is 2ns", "Timeout is 5ns", "BaseURL has a query"} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "canary")
	_, err = openai.New(openai.Options{BaseURL: "https://example.com/v1/audio/transcriptions/"})
	require.ErrorContains(t, err, "BaseURL is to be without")
	_, err = vosk.New(vosk.Options{URL: "localhost:2700"})
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
