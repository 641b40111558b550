package voicetest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// receive says a sentence and waits for the caller.
func receive(ctx context.Context, call *voice.Call) error {
	if _, err := call.Say(ctx, "Welcome to the Lantern, how can I help you this evening?"); err != nil {
		return err
	}
	for range call.Events(ctx) {
	}
	return nil
}

// TestEcho: a bot that its own voice interrupts does not come to the end of its sentence; one
// that takes an echo back does, and so does one whose ear knows what it says.
func TestEcho(t *testing.T) {
	for name, test := range map[string]struct {
		policy voice.Interruption
		relay  bool
		heard  bool
	}{
		"irreversible":             {policy: voice.Interruption{Irreversible: true}, heard: true},
		"taken back":               {heard: true},
		"irreversible, over relay": {policy: voice.Interruption{Irreversible: true}, relay: true},
		"filtered by Twilio":       {relay: true, heard: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
				config := voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, STT: ear, TTS: mouth,
					Interruption: test.policy, Handler: voice.HandlerFunc(receive)}
				if test.relay {
					relay, err := voice.NewRelay(voice.RelayOptions{Settings: twiml.ConversationRelay{}})
					require.NoError(t, err)
					config.Relay = func(voice.Info) *voice.Relay { return relay }
				}
				srv, err := voice.New(config)
				require.NoError(t, err)
				tw, err := voicetest.Start(voicetest.Config{Handler: srv, InMemory: true, Voice: mouth, Ear: ear})
				require.NoError(t, err)
				defer tw.Close()

				call := tw.Dial("+14155550100", "+14155550199", voicetest.Echo(-18, 250*time.Millisecond))
				err = call.HearsText("how can I help you this evening", 12*time.Second)
				if test.heard {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, "did not hear")
				}
				call.HangUp()
			})
		})
	}
}
