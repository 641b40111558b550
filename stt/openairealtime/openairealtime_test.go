package openairealtime_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...fakestt.Fault) (*openairealtime.Engine, *fakestt.Live) {
	t.Helper()
	server := fakestt.NewOpenAIRealtime(t, texts, faults...)
	e, err := openairealtime.New(openairealtime.Options{URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestAdapter(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewOpenAIRealtime, Messages: []string{"speech_started", "speech_stopped", ".committed", ".delta", ".completed"}, New: func(key, url string, c *http.Client) (stt.Engine, error) {
		return openairealtime.New(openairealtime.Options{Key: key, URL: url, Client: c})
	}})
}

func TestAdapterWithSemanticDetection(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewOpenAIRealtime, Messages: []string{"speech_started", "speech_stopped", ".committed", ".delta", ".completed"}, New: func(key, url string, c *http.Client) (stt.Engine, error) {
		return openairealtime.New(openairealtime.Options{Key: key, URL: url, Client: c, Eagerness: "auto"})
	}})
}

const key = livetest.Secret

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
	e, _ := engine(t, []string{"one", "two", "three", "four"}, fakestt.Fault{Reversed: true})
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	stttest.Send(t, s, stttest.Speech(4, codec.Format{}), codec.Format{})
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"one", "two", "three", "four"}, stttest.Finals(stttest.Drain(t, s)))
}

func TestOtherRatesAreRefused(t *testing.T) {
	e, _ := engine(t, nil)
	_, err := stttest.Open(t.Context(), e, stt.Config{Format: codec.Format{Rate: 16000}})
	require.ErrorIs(t, err, stt.ErrBadAudio)
}
