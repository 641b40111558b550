package voicetest_test

import (
	"context"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestHearsText finds what was heard to its end, and nothing else.
func TestHearsText(t *testing.T) {
	for name, speaks := range map[string]*voicetest.Voice{"tones": voicetest.NewVoice(nil), "PCM": voicetest.NewVoice(&ttstest.Fake{PCM: true})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				if _, err := call.Say(ctx, "Hello. Your **table** is booked for 7:30. It is under the name of a person who will not be heard."); err != nil {
					return err
				}
				_, err := call.Digits(ctx, 1, "") // the key interrupts
				if err == nil {
					err = call.Interrupt() // the host that does it by hand as well
				}
				if err == nil {
					_, err = call.Say(ctx, "Hello.")
				}
				return err
			})
			srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, TTS: speaks, Handler: answer})
			require.NoError(t, err)
			tw, err := voicetest.Start(voicetest.Config{Handler: srv, Voice: speaks})
			require.NoError(t, err)
			defer tw.Close()
			call := tw.Dial("+14155550100", "+14155550199")
			require.NoError(t, call.HearsText("your table is booked", 5*time.Second))
			require.Error(t, call.HearsText("your table is booked", 0), "it was found before")
			require.NoError(t, call.Digits("1"))
			require.NoError(t, call.HearsText("hello", 5*time.Second))
			require.ErrorContains(t, call.HearsText("the name of a person", 0), "did not hear")
			require.NoError(t, call.Wait(t.Context()))
			require.Error(t, call.HearsText("...", 0))
		})
	}
}

// TestSayTakesTime, as its words do.
func TestSayTakesTime(t *testing.T) {
	for _, speaks := range []*voicetest.Voice{nil, voicetest.NewVoice(nil)} {
		handler := voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })
		srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: handler,
			Before: []twiml.Verb{&twiml.Say{Text: "This call may be recorded for training.", Loop: 2}}})
		require.NoError(t, err)
		tw := voicetest.New(t, srv, voicetest.Config{Voice: speaks})
		began := time.Now()
		call := tw.Dial("+14155550100", "+14155550199")
		require.NoError(t, call.Wait(t.Context()))
		require.GreaterOrEqual(t, time.Since(began), 4*time.Second)
		require.Equal(t, []string{"This call may be recorded for training."}, call.Said())
	}
}

// TestSayIsHeard with a Voice: the caller hears it, a Media Stream beside it has it, and a
// key cuts it off where it may.
func TestSayIsHeard(t *testing.T) {
	t.Parallel()
	f := functions{
		"/inbound": func(url.Values) string {
			return `<Say>Welcome.</Say><Gather numDigits="1" action="/chosen"><Say>For sales press one, for our opening hours press two.</Say></Gather>`
		},
		"/chosen": func(url.Values) string { return `<Say>Goodbye.</Say>` },
		"/status": nothing,
	}
	synctest.Test(t, func(t *testing.T) {
		tw := voicetest.New(t, served(t, f), voicetest.Config{InMemory: true, InboundPath: "/inbound", StatusPath: "/status", Voice: voicetest.NewVoice(nil)})
		call := tw.Dial(alice, us)
		require.NoError(t, call.HearsText("welcome", 5*time.Second))
		time.Sleep(time.Second)
		require.NoError(t, call.Digits("1"))
		require.NoError(t, call.HearsText("goodbye", 5*time.Second))
		ended(t, call)
		require.Less(t, len(call.Heard()), 4*8000, "the rest of the menu was not heard")
		require.NoError(t, tw.Close())
	})
}
