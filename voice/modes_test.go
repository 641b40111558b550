package voice_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// relayed has all calls go over ConversationRelay with the given settings.
func relayed(t testing.TB, settings twiml.ConversationRelay) func(voice.Info) *voice.Relay {
	t.Helper()
	relay, err := voice.NewRelay(voice.RelayOptions{Settings: settings})
	require.NoError(t, err)
	return func(voice.Info) *voice.Relay { return relay }
}

// TestHostInEitherMode is a host whose handler knows nothing of the mode.
func TestHostInEitherMode(t *testing.T) {
	for _, mode := range voicetest.Modes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
			heard := make(chan string, 1)
			config := voice.Config{STT: ear, TTS: mouth, Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for transcript, err := range call.Transcripts(ctx) {
					if err != nil {
						return err
					}
					if !transcript.Final {
						continue
					}
					noted, err := call.Say(ctx, "I have noted: "+transcript.Text+".")
					if err != nil {
						return err
					}
					err = noted.Wait(ctx)
					heard <- noted.HeardText()
					return err
				}
				return nil
			})}
			if mode == voicetest.Relay {
				config.Relay = relayed(t, twiml.ConversationRelay{})
			}
			_, mux := newHost(t, config)
			tw := voicetest.New(t, mux, voicetest.Config{Voice: mouth, Ear: ear})
			call := tw.Dial(caller, callee)
			call.Says("book a room")
			call.HearsText("I have noted: book a room.", patience)
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, "I have noted: book a room.", next(t, heard))
			require.Empty(t, call.Warnings())
			require.Equal(t, "completed", call.Status())
		})
	}
}
