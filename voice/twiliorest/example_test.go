package twiliorest_test

import (
	"context"
	"fmt"
	"log"

	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// A host hangs up by REST. The fake Twilio stands in for api.twilio.com.
func ExampleClient_HangUp() {
	tw, err := voicetest.Start(voicetest.Config{Handler: host(`<Response><Pause length="600"/></Response>`)})
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
