package voice_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// book asks for a number of people, by voice or key, and for a key alone.
func book(ctx context.Context, call *voice.Call) error {
	people, err := call.Ask(ctx, voice.Question{
		Prompt: "For how many people?", Again: "I did not get that. How many people?",
		Digits: 1, Silence: 7 * time.Second,
	})
	switch {
	case errors.Is(err, voice.ErrNoAnswer):
		return nil // hangs up
	case err != nil:
		return err
	}
	_, err = call.Ask(ctx, voice.Question{
		Prompt:   "A table for " + people.Text() + ". Press the hash key to confirm.",
		NoSpeech: true, KeysWait: true, Times: 1, // a key that was pressed too early confirms nothing
	})
	return err
}

// A caller answers with a key.
func ExampleCall_Ask() {
	ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		STT:        ear,
		TTS:        mouth,
		Handler:    voice.HandlerFunc(book),
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	tw, err := voicetest.Start(voicetest.Config{Handler: mux, Ear: ear, Voice: mouth})
	if err != nil {
		log.Fatal(err)
	}
	call := tw.Dial("+14155550100", "+14155550199")
	call.HearsText("For how many people?", 10*time.Second)
	call.Digits("4")
	fmt.Println(call.HearsText("A table for 4. Press the hash key to confirm.", 10*time.Second))
	call.HangUp()
	fmt.Println(tw.Close(), srv.Shutdown(context.Background()))
	// Output:
	// <nil>
	// <nil> <nil>
}

// A bot lets the caller finish a word before it pauses, takes single words for no
// interruption, and knows two words of its own trade. What happens is logged.
func ExampleInterruption() {
	_ = voice.Config{
		Interruption: voice.Interruption{
			PauseAfter: 100 * time.Millisecond,
			MinLength:  500 * time.Millisecond,
			MinWords:   2,
			Decide:     time.Second,
			Words: map[string]voice.InterruptionWords{
				"en": {Backchannels: []string{"uh-huh", "okay", "noted"}, Hard: []string{"stop", "wait", "operator"}},
			},
		},
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			for event, err := range call.Events(ctx) {
				if err != nil {
					return err
				}
				switch b := event.BargeIn; b.Step {
				case voice.BargeInConfirmed:
					fmt.Println("interrupted by", b.Text, b.After, "after he began")
				case voice.BargeInTakenBack:
					switch b.Cause {
					case voice.CauseShort, voice.CauseNoise:
						fmt.Println("only a noise")
					case voice.CauseBackchannel, voice.CauseFewWords:
						fmt.Println("he only listens:", b.Text)
					case voice.CauseEcho:
						fmt.Println("the call's own echo")
					}
				case voice.BargeInFalse, voice.BargeInMissed:
					fmt.Println("decided wrongly:", b.Step, b.Cause)
				}
			}
			return nil
		}),
	}
}

// A caller who says nothing is asked twice before the call is ended.
func ExampleSilence() {
	_ = voice.Config{
		Silence: voice.Silence{Once: 8 * time.Second, Twice: 6 * time.Second, Gone: 4 * time.Second},
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			for event, err := range call.Events(ctx) {
				if err != nil {
					return err
				}
				switch event.Silent {
				case voice.SilentOnce:
					_, err = call.Say(ctx, "Are you still there?")
				case voice.SilentTwice:
					_, err = call.Say(ctx, "I will end the call if I hear nothing.")
				case voice.SilentForGood:
					return nil // hangs up
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
	}
}
