package openairealtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...stttest.Fault) (*openairealtime.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewOpenAIRealtime(t, texts, faults...)
	e, err := openairealtime.New(openairealtime.Options{URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

// offline returns an engine for a bubble, and the server that it reaches without a
// network.
func offline(t *testing.T, texts []string, faults ...stttest.Fault) (*openairealtime.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewOpenAIRealtime(nil, texts, faults...)
	e, err := openairealtime.New(openairealtime.Options{Client: server.Client(t), URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestFailures(t *testing.T) {
	stttest.Failures{Secret: key, Messages: []string{"speech_started", "speech_stopped", ".committed", ".delta", ".completed"}, New: func(t *testing.T, texts []string, faults ...stttest.Fault) (stt.Engine, *stttest.Live) {
		return offline(t, texts, faults...)
	}}.Run(t)
}

func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := offline(t, texts)
		return e
	}}.Run(t)
}

const key = "very-secret"

func TestSession(t *testing.T) {
	e, server := engine(t, []string{"one"})
	s, err := stttest.Open(t.Context(), e, stt.Config{Language: "en-US", Phrases: []string{"book a room", "yes"}})
	require.NoError(t, err)
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, "Bearer "+key, server.Requests()[0].Header.Get("Authorization"))
	require.JSONEq(t, `{"type":"session.update","session":{"type":"transcription","audio":{"input":{
		"format":{"type":"audio/pcmu"},
		"transcription":{"model":"gpt-4o-mini-transcribe","language":"en","prompt":"book a room, yes"},
		"turn_detection":{"type":"server_vad","silence_duration_ms":300}}}}}`, server.Messages()[0])
}

func TestTranscriptsOutOfOrder(t *testing.T) {
	e, _ := engine(t, []string{"one", "two", "three", "four"}, stttest.Fault{Reversed: true})
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	stttest.Send(t, s, stttest.Speech(4, stt.Format{}), stt.Format{})
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"one", "two", "three", "four"}, stttest.Finals(stttest.Drain(t, s)))
}

func TestOtherRatesAreRefused(t *testing.T) {
	e, _ := engine(t, nil)
	_, err := stttest.Open(t.Context(), e, stt.Config{Format: stt.Format{SampleRate: 16000}})
	require.ErrorIs(t, err, stt.ErrBadAudio)
}
