package oracle

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"agentos.dev/dialtone/internal/fakestt"
)

func TestOpenAISDK(t *testing.T) {
	server := fakestt.NewOpenAI(t, func(n int, r fakestt.OpenAIRequest) fakestt.Reply {
		switch n {
		case 0:
			return fakestt.Reply{Body: `{"text":"book a room"}`}
		default:
			return fakestt.Reply{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`}
		}
	})
	client := openai.NewClient(option.WithBaseURL(server.URL+"/v1/"), option.WithAPIKey("a-key"), option.WithMaxRetries(0))
	ask := func() (string, error) {
		r, err := client.Audio.Transcriptions.New(context.Background(), openai.AudioTranscriptionNewParams{
			File: openai.File(bytes.NewReader([]byte("RIFF....WAVE")), "audio.wav", "audio/wav"), Model: "whisper-1", Language: openai.String("en")})
		if err != nil {
			return "", err
		}
		return r.Text, nil
	}
	text, err := ask()
	if err != nil || text != "book a room" {
		t.Fatal(text, err)
	}
	_, err = ask()
	var refused *openai.Error
	if !errors.As(err, &refused) || refused.StatusCode != 429 || refused.Message != "slow down" || refused.Code != "rate_limit_exceeded" {
		t.Fatal(err)
	}
	r := server.Requests()[0]
	if r.Path != "/v1/audio/transcriptions" || r.Header.Get("Authorization") != "Bearer a-key" || r.Name != "audio.wav" ||
		r.Fields.Get("model") != "whisper-1" || r.Fields.Get("language") != "en" {
		t.Errorf("%+v", r)
	}
}
