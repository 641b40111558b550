package outbound_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/outbound"
)

func Example() {
	where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"US", "CA"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := outbound.NewGate(outbound.GateOptions{
		Destinations: where,
		Caps:         []outbound.Cap{{To: "*", Calls: 60, Minutes: 600}, {To: "CA", Calls: 1, Minutes: 30}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, to := range []string{"+14165550100", "+14165550199", "+19005550100", "+18765550100", "911"} {
		permit, err := gate.Decide(context.Background(), to, 0)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("dial", to, "for at most", permit.TimeLimit)
		permit.Placed("CA0123") // the CallSid that Twilio gave it
	}
	// Package voice does this when the call has ended, with gate in Config.Observers.
	gate.Observe(context.Background(), policy.Call{SID: "CA0123", To: "+14165550100", Direction: "outbound-api"},
		policy.Outcome{Kind: policy.OutcomeEnded, Duration: 90 * time.Second, Billed: true})
	// Output:
	// dial +14165550100 for at most 5m0s
	// outbound: may not dial: the calls of this hour are used up (country "CA", class ordinary)
	// outbound: may not dial: class of number is not allowed (country "US", class premium)
	// outbound: may not dial: country is not on the list of allowed ones (country "JM", class nanp-foreign)
	// outbound: may not dial: not a telephone number in E.164
}

// Who asks for calls has a limit too, whatever the caps leave.
func ExampleGate_requesters() {
	where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"US"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := outbound.NewGate(outbound.GateOptions{
		Destinations: where,
		Caps:         []outbound.Cap{{To: "*", Calls: 60, Minutes: 600}},
		Pacer:        outbound.NewPacer(10),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	requesters := policy.PerCaller(2, time.Hour)
	dial := func(ctx context.Context, user, to string) (*outbound.Permit, error) {
		if !requesters.Decide(ctx, policy.Call{From: "user:" + user}).Allowed() {
			return nil, errors.New(user + " has had the calls of this hour")
		}
		return gate.Decide(ctx, to, 0)
	}
	for range 3 {
		_, err := dial(context.Background(), "alice", "+14155550100")
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
	// alice has had the calls of this hour
}
