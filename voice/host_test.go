package voice_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

// mulaw reads a recording as the audio of a call.
func mulaw(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	return audio
}

// newHost mounts a server, configured for the fake Twilio, in a mux of its own.
func newHost(t testing.TB, config voice.Config) (*voice.Server, *http.ServeMux) {
	t.Helper()
	config.AuthTokens = []string{voicetest.AuthToken}
	config.PublicURL = voicetest.PublicURL
	srv, err := voice.New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, srv.Shutdown(ctx), "calls outlived the test")
		require.Equal(t, 0, srv.Stats().ActiveCalls)
		require.Equal(t, 0, srv.Stats().Streams)
	})
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	return srv, mux
}

// patience is how long a test waits for what the server is about to do: long
// enough for a slow machine, as only a failure takes it.
const patience = 20 * time.Second

// next returns what comes over a channel, or fails the test where nothing does.
func next[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("no %T came within %v", *new(T), patience)
		panic("unreachable")
	}
}

// hears returns an engine that hears the given texts, one an utterance.
func hears(texts ...string) stt.Engine {
	return stt.Segmented(&stttest.Recognizer{Texts: texts}, stt.Segmentation{})
}

// TestHost is what the author of a host writes.
func TestHost(t *testing.T) {
	t.Parallel()
	confirmation := mulaw(t, "testdata/noted.wav")
	answer := func(ctx context.Context, call *voice.Call) error {
		for transcript, err := range call.Transcripts(ctx) {
			if err != nil {
				return err
			}
			if transcript.Final && transcript.Text == "book a room" {
				if _, err := call.Play(ctx, confirmation); err != nil {
					return err
				}
			}
		}
		return nil
	}
	_, mux := newHost(t, voice.Config{Handler: voice.HandlerFunc(answer), STT: hears("book a room")})

	tw := voicetest.New(t, mux)
	call := tw.Dial("+14155550100", "+14155550199")
	call.Speak("testdata/book_a_room.wav")
	call.Hears(confirmation, patience)
	call.HangUp()

	require.Empty(t, call.Warnings())
	require.Equal(t, "completed", call.Status())
}

// TestConversation has the caller of the example go on while the bot thinks: it
// answers what was said last, and only that.
func TestConversation(t *testing.T) {
	t.Parallel()
	think = func(ctx context.Context, text string) (string, error) { // nobody else's
		if text == "book a room" { // thinks for as long as it is let
			<-ctx.Done()
			return "too late", nil
		}
		return text, nil
	}
	fake := &ttstest.Fake{}
	speaks := voicetest.NewVoice(fake)
	_, mux := newHost(t, voice.Config{Handler: voice.HandlerFunc(converse), STT: hears("book a room", "no, two rooms"), TTS: speaks})
	tw := voicetest.New(t, mux, voicetest.Config{Voice: speaks})
	call := tw.Dial(caller, callee)
	call.Speak("testdata/book_a_room.wav")
	call.Speak("testdata/book_a_room.wav")
	call.HearsText("no, two rooms", patience)
	call.Listen(200 * time.Millisecond)
	said := strings.Join(fake.Texts(), " ")
	require.Equal(t, 1, strings.Count(said, "two rooms"), said)
	require.NotContains(t, said, "late")
	call.HangUp()
	require.Empty(t, call.Warnings())
}
