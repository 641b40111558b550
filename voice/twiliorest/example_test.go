package twiliorest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// A host hangs up by REST. The fake Twilio stands in for api.twilio.com.
func ExampleClient_HangUp() {
	tw, err := voicetest.Start(voicetest.Config{Handler: host(`<Response><Gather timeout="600"/></Response>`)})
	if err != nil {
		log.Fatal(err)
	}
	defer tw.Close()
	calls, err := twiliorest.New(twiliorest.Options{
		AccountSID: voicetest.AccountSID,
		APIKey:     voicetest.APIKey,
		APISecret:  voicetest.APISecret,
		BaseURL:    tw.RESTURL(),
	})
	if err != nil {
		log.Fatal(err)
	}

	call := tw.Dial("+14155550100", "+14155550199")
	fmt.Println(calls.HangUp(context.Background(), call.SID))
	call.Wait(context.Background())
	fmt.Println(call.Status())
	// Output:
	// <nil>
	// completed
}

// A host gives a live call other TwiML. Of a call that package voice serves,
// voice.Call.Transfer does it.
func ExampleClient_Update() {
	tw, err := voicetest.Start(voicetest.Config{Handler: host(`<Response><Gather timeout="600"/></Response>`)})
	if err != nil {
		log.Fatal(err)
	}
	defer tw.Close()
	calls, err := twiliorest.New(twiliorest.Options{
		AccountSID: voicetest.AccountSID,
		APIKey:     voicetest.APIKey,
		APISecret:  voicetest.APISecret,
		BaseURL:    tw.RESTURL(),
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	call := tw.Dial("+14155550100", "+14155550199")
	document := twiml.New(&twiml.Say{Text: "We close in a minute."}, &twiml.Hangup{})
	fmt.Println(calls.Update(ctx, call.SID, document.String()))
	call.Wait(ctx)
	fmt.Println(call.Said())

	var refused *twiliorest.Error
	err = calls.Update(ctx, call.SID, document.String())
	fmt.Println(errors.As(err, &refused) && refused.Code == twiliorest.CodeNotInProgress)
	// Output:
	// <nil>
	// [We close in a minute.]
	// true
}
