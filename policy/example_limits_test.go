package policy_test

import (
	"context"
	"fmt"
	"time"

	"agentos.dev/dialtone/policy"
)

// Of two places one is kept for the calls to a number, and the log says when both are taken.
func ExampleConcurrent() {
	const emergency = "+14155550199"
	p := policy.Concurrent(2, policy.ConcurrencyOptions{
		Reserved: 1,
		Priority: func(c policy.Call) bool { return c.To == emergency },
		Warn:     2,
		OnWarn:   func(inUse, limit int) { fmt.Println("taken:", inUse, "of", limit) },
	})
	for _, c := range []policy.Call{
		{SID: "CA1", From: "+14155550100", To: "+14155550111"},
		{SID: "CA2", From: "+14155550101", To: "+14155550111"},
		{SID: "CA3", From: "+14155550102", To: emergency},
	} {
		d := p.Decide(context.Background(), c)
		fmt.Printf("%s %s %q\n", c.SID, d.Verdict, d.Reason)
	}
	// Output:
	// CA1 allow ""
	// CA2 reject "capacity"
	// taken: 2 of 2
	// CA3 allow ""
}

// A customer may call more often than others, and withheld numbers may not at all.
func ExamplePerCaller() {
	p := policy.PerCaller(1, time.Hour, policy.CallerLimitOptions{
		Overrides:  map[string]int{"+14155550100": 2, "anonymous": 0},
		MaxCallers: 100_000, // a bound of the memory
	})
	for _, from := range []string{"+14155550100", "+14155550100", "+14155550101", "+14155550101", "Anonymous"} {
		d := p.Decide(context.Background(), policy.Call{From: from})
		fmt.Printf("%s %s %q\n", from, d.Verdict, d.Reason)
	}
	used, limit, err := p.Used(context.Background(), "+14155550100")
	fmt.Println(used, "of", limit, err)
	// Output:
	// +14155550100 allow ""
	// +14155550100 allow ""
	// +14155550101 allow ""
	// +14155550101 reject "rate_limit"
	// Anonymous reject "rate_limit"
	// 2 of 2 <nil>
}

// Calls of a number that its carrier attests are told apart from those that anybody may forge.
func ExampleStanding() {
	for _, verstat := range []string{"", "TN-Validation-Passed-A", "TN-Validation-Failed-A"} {
		who := policy.Call{From: "+14155550100", StirVerstat: verstat}.Identity()
		switch who.Standing {
		case policy.StandingAttested:
			fmt.Println(who, "is the caller's own")
		case policy.StandingForged:
			fmt.Println(who, "is not")
		case policy.StandingUnattested:
			fmt.Println(who, "may be anybody's")
		}
	}
	// Output:
	// +14155550100 may be anybody's
	// +14155550100/attested is the caller's own
	// +14155550100/forged is not
}
