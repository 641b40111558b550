package voice_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/cartesia"
	"agentos.dev/dialtone/voice/tts/deepgram"
	"agentos.dev/dialtone/voice/tts/elevenlabs"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestServicesSpeakInACall: a text is heard to its end, one that is interrupted is told as far
// as it was heard, and the connection says the next one.
func TestServicesSpeakInACall(t *testing.T) {
	const text, long = "Your table is booked. See you at eight.", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday."
	for name, open := range map[string]func(t *testing.T) (*faketts.Live, tts.Synthesizer, error){
		"deepgram": func(t *testing.T) (*faketts.Live, tts.Synthesizer, error) {
			l := faketts.NewDeepgram(t, nil)
			s, err := deepgram.New(deepgram.Options{Key: "key", URL: l.URL})
			return l, s, err
		},
		"elevenlabs": func(t *testing.T) (*faketts.Live, tts.Synthesizer, error) {
			l := faketts.NewElevenLabs(t, nil)
			s, err := elevenlabs.New(elevenlabs.Options{Key: "key", URL: l.URL})
			return l, s, err
		},
		"cartesia": func(t *testing.T) (*faketts.Live, tts.Synthesizer, error) {
			l := faketts.NewCartesia(t, nil)
			s, err := cartesia.New(cartesia.Options{Key: "key", URL: l.URL})
			return l, s, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, speaks, err := open(t)
			require.NoError(t, err)
			t.Cleanup(func() { tts.Close(speaks) })
			heard := make(chan string, 3)
			_, mux := newHost(t, voice.Config{TTS: speaks, Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for i, text := range []string{text, long, text} {
					playback, err := call.Say(ctx, text)
					if err != nil {
						return err
					}
					if i == 1 {
						for playback.HeardText() == "" && ctx.Err() == nil {
							time.Sleep(10 * time.Millisecond)
						}
						call.Interrupt()
					} else if err := playback.Wait(ctx); err != nil {
						return err
					}
					heard <- playback.HeardText()
				}
				return nil
			})})
			call := voicetest.New(t, mux).Dial(caller, callee)
			require.Equal(t, text, next(t, heard))
			cut := next(t, heard)
			require.NotEmpty(t, cut)
			require.Less(t, len(cut), len(long))
			require.Contains(t, long, cut)
			require.Equal(t, text, next(t, heard))
			require.NoError(t, call.Wait(t.Context()))
			require.NotZero(t, service.Connections())
		})
	}
}
