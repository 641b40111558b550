package fraud_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

func Example() {
	score, err := fraud.NewScore(fraud.ScoreOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := policy.All(score, policy.PerCaller(10, time.Hour)) // the score sees every attempt
	d := p.Decide(context.Background(), policy.Call{
		SID: "CA1", From: "+14155550100", StirVerstat: "TN-Validation-Failed-A",
	})
	fmt.Println(d.Verdict, d.Detail)
	// Output: challenge score 0.60: failed attestation (+0.60)
}

func ExampleChallenge() {
	challenge, err := fraud.NewChallenge(fraud.ChallengeOptions{Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// In the answer to the inbound webhook:
	q := challenge.Ask("CA1")
	_ = `<Gather input="dtmf" numDigits="4" action="captcha/` + q.Token + `"><Say>Please press …</Say></Gather>`

	// In the webhook of that action, on any instance, with the Digits it brings:
	outcome, _, err := challenge.Answer("CA1", q.Token, q.Digits)
	fmt.Println(outcome, err)
	// Output: pass <nil>
}

func ExampleNewPasses() {
	score, err := fraud.NewScore(fraud.ScoreOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := policy.All(
		fraud.NewPasses(score, fraud.PassesOptions{}), // remembers who passed for a day
		policy.PerCaller(10, time.Hour),
	)
	ctx := context.Background()
	call := policy.Call{SID: "CA1", From: "+14155550100", ForwardedFrom: "+19005550100"}
	fmt.Println(p.Decide(ctx, call).Verdict)
	policy.Tell(ctx, policy.Outcome{Kind: policy.OutcomePassed}, p, nil, call) // as package voice does when the right digits were pressed
	call.SID = "CA2"
	fmt.Println(p.Decide(ctx, call).Verdict)
	// Output:
	// challenge
	// allow
}

// A service whose callers are all in one country, and withhold no numbers, refuses earlier.
func ExampleNewScore() {
	score, err := fraud.NewScore(fraud.ScoreOptions{
		Weights: map[fraud.Signal]float64{
			fraud.SignalWithheld:      0.5,
			fraud.SignalPremiumNumber: 1,
			fraud.SignalGenuine:       -0.5,
		},
		ChallengeAt:     0.4,
		RejectAt:        0.9,
		AttemptsPerHour: 10,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range []policy.Call{
		{From: "anonymous"},
		{From: "+19005550100"},
		{From: "+14155550100", StirVerstat: "TN-Validation-Passed-A"},
	} {
		d := score.Decide(context.Background(), c)
		fmt.Println(d.Verdict, d.Detail)
	}
	// Output:
	// challenge score 0.50: withheld (+0.50)
	// reject score 1.00: premium number (+1.00)
	// allow
}
