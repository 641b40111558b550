package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestREADME finds the program and its test in the README as they are.
func TestREADME(t *testing.T) {
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	test, err := os.ReadFile("main_test.go")
	require.NoError(t, err)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, functions, _ := strings.Cut(string(program), "\n)\n\n")
	require.Less(t, strings.Count(functions, "\n"), 40)
	require.Contains(t, string(readme), "```go\n"+functions+"```")
	_, body, _ := strings.Cut(string(test), "// In the README:\n")
	body, _, _ = strings.Cut(body, "}\n")
	require.Contains(t, string(readme), "```go\n"+strings.ReplaceAll(body, "\t", "")+"```")
}

// TestBook books a table, for two people who say so and press the hour.
func TestBook(t *testing.T) {
	engine, speaks := &stttest.Engine{}, voicetest.NewVoice(nil)
	srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, STT: engine, TTS: speaks, Handler: voice.HandlerFunc(book)})
	require.NoError(t, err)

	// In the README:
	tw := voicetest.New(t, srv, voicetest.Config{Voice: speaks})
	call := tw.Dial("+14155550100", "+14155550199")
	call.HearsText("for how many people", 2*time.Second)
	says, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	says.Say("two")
	call.HearsText("at what hour", 5*time.Second)
	call.Digits("7")
	call.HearsText("your table for two at seven is booked", 2*time.Second)
	require.NoError(t, call.Wait(t.Context()))
}

// TestItSpeaks with what is installed.
func TestItSpeaks(t *testing.T) {
	if local.Available() != nil {
		apt.Need(t, "flite", "flite")
	}
	engine, err := local.New(local.Options{})
	require.NoError(t, err)
	defer tts.Close(engine)
	speaks := voicetest.NewVoice(engine)
	srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, TTS: speaks, Handler: voice.HandlerFunc(book)})
	require.NoError(t, err)
	call := voicetest.New(t, srv, voicetest.Config{Voice: speaks}).Dial("+14155550100", "+14155550199")
	call.Digits("2")
	call.HearsText("and at what hour this evening", 10*time.Second)
	call.Digits("7")
	call.HearsText("your table for two at seven is booked", 10*time.Second)
	require.NoError(t, call.Wait(t.Context()))
}
