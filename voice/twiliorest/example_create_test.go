package twiliorest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// A service calls somebody. The gate says whether it may and for how long, and
// the handler of inbound calls talks.
func ExampleClient_Create() {
	const number = "+14155550199" // the service's own
	mux := http.NewServeMux()
	tw, err := voicetest.Start(voicetest.Config{Handler: mux})
	if err != nil {
		log.Fatal(err)
	}
	rest, err := twiliorest.New(twiliorest.Options{
		AccountSID: voicetest.AccountSID,
		APIKey:     voicetest.APIKey,
		APISecret:  voicetest.APISecret,
		BaseURL:    tw.RESTURL(), // api.twilio.com if empty
	})
	if err != nil {
		log.Fatal(err)
	}
	where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"US", "CA"}, Own: []string{number}})
	if err != nil {
		log.Fatal(err)
	}
	gate, err := outbound.NewGate(outbound.GateOptions{
		Destinations: where,
		Caps:         []outbound.Cap{{To: "*", Calls: 60, Minutes: 600}},
	})
	if err != nil {
		log.Fatal(err)
	}
	// The policy is asked about these calls too, and they all come from number.
	placed := func(c policy.Call) bool { return strings.HasPrefix(c.Direction, "outbound") }
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		Policy:     policy.Except(placed, policy.PerCaller(10, time.Hour)),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			return nil // call.Direction is "outbound-api", call.To who was called
		}),
		Observers: []policy.Observer{gate}, // gives back the minutes that a call did not last
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/api/voice/", srv)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ring := func(to string) error {
		permit, err := gate.Decide(ctx, to, 0)
		if err != nil {
			return err
		}
		sid, err := rest.Create(ctx, twiliorest.Outbound{
			From:           number,
			To:             to,
			URL:            voicetest.PublicURL + "/api/voice/twilio/inbound",
			StatusCallback: voicetest.PublicURL + "/api/voice/twilio/status",
			TimeLimit:      permit.TimeLimit,
		})
		if err != nil {
			return err // it may ring all the same, so it stays counted
		}
		permit.Placed(sid)
		return nil
	}
	fmt.Println(ring("+14155550142"))
	if call, err := tw.Picked(ctx); err == nil {
		call.Wait(ctx)
		fmt.Println(call.To, call.Status())
	}
	fmt.Println(ring("+19005550100"))
	fmt.Println(tw.Close(), srv.Shutdown(ctx))
	// Output:
	// <nil>
	// +14155550142 completed
	// outbound: may not dial: class of number is not allowed (country "US", class premium)
	// <nil> <nil>
}
