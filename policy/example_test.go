package policy_test

import (
	"context"
	"fmt"
	"time"

	"agentos.dev/dialtone/policy"
)

func Example() {
	blocked, err := policy.ParseNumbers("+14155550666, +1900*, anonymous")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := policy.All(
		policy.Blocked(blocked),
		policy.PerCaller(2, time.Hour),
		policy.Concurrent(100),
	)
	ctx := context.Background()
	for _, c := range []policy.Call{
		{SID: "CA1", From: "+14155550100"},
		{SID: "CA2", From: "+14155550100"},
		{SID: "CA2", From: "+14155550100"}, // delivered twice
		{SID: "CA3", From: "+14155550100"},
		{SID: "CA4", From: "+19005550123"},
		{SID: "CA5", From: "Restricted"},
	} {
		d := p.Decide(ctx, c)
		fmt.Printf("%s %s %q\n", c.SID, d.Verdict, d.Reason)
	}
	// Package voice reports this when a call has ended. It frees the place in Concurrent.
	policy.Tell(ctx, policy.Outcome{Kind: policy.OutcomeEnded}, p, nil, policy.Call{SID: "CA1"})

	// Output:
	// CA1 allow ""
	// CA2 allow ""
	// CA2 allow ""
	// CA3 reject "rate_limit"
	// CA4 reject "prefix"
	// CA5 reject "anonymous"
}

func ExampleExcept() {
	hours, err := policy.ParseHours("Mon-Fri 09:00-17:00; 2026-12-25 closed", "America/New_York")
	if err != nil {
		fmt.Println(err)
		return
	}
	emergency := "+14155550199"
	p := policy.Except(func(c policy.Call) bool { return c.To == emergency },
		policy.Say("We are open on weekdays from nine to five.", hours))

	night := time.Date(2026, time.November, 24, 3, 0, 0, 0, time.UTC)
	for _, to := range []string{"+14155550111", emergency} {
		d := p.Decide(context.Background(), policy.Call{From: "+14155550100", To: to, At: night})
		fmt.Printf("%s %q %q\n", d.Verdict, d.Reason, d.Message)
	}
	// Output:
	// reject "hours" "We are open on weekdays from nine to five."
	// allow "" ""
}
