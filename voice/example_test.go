package voice_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// A caller who presses a key speaks to a person. The fake Twilio stands in for
// the caller and for the REST API.
func ExampleCall_Transfer() {
	person := twiml.New(
		&twiml.Dial{Nouns: []twiml.DialNoun{&twiml.Number{PhoneNumber: "+14155550123"}}, TimeLimit: 5 * time.Minute},
		&twiml.Say{Text: "Goodbye."},
	)
	answer := func(ctx context.Context, call *voice.Call) error {
		if _, err := call.Say(ctx, "Press 1 for a person."); err != nil {
			return err
		}
		if _, err := call.Digits(ctx, 1, ""); err != nil {
			return err
		}
		return call.Transfer(ctx, person)
	}

	mux := http.NewServeMux()
	tw, err := voicetest.Start(voicetest.Config{Handler: mux})
	if err != nil {
		log.Fatal(err)
	}
	rest, err := twiliorest.New(twiliorest.Options{
		AccountSID: voicetest.AccountSID,
		APIKey:     voicetest.APIKey,
		APISecret:  voicetest.APISecret,
		BaseURL:    tw.RESTURL(),
	})
	if err != nil {
		log.Fatal(err)
	}
	srv, err := voice.New(voice.Config{
		AuthTokens:  []string{voicetest.AuthToken},
		PublicURL:   voicetest.PublicURL,
		TTS:         voicetest.NewVoice(nil), // in the place of local.New
		Handler:     voice.HandlerFunc(answer),
		CallControl: rest,
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/api/voice/", srv)

	call := tw.Dial("+14155550100", "+14155550199")
	call.Digits("1")
	call.Wait(context.Background())
	fmt.Println(call.Said())
	fmt.Println(tw.Close(), srv.Shutdown(context.Background()))
	// Output:
	// [Goodbye.]
	// <nil> <nil>
}
