package outbound_test

import (
	"context"
	"fmt"

	"agentos.dev/dialtone/policy/outbound"
)

func Example() {
	allowed, err := outbound.New(outbound.Options{Countries: []string{"US", "CA"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pacer := outbound.NewPacer(1) // Twilio's default
	for _, to := range []string{"+14155550100", "+19005550100", "+18765550100", "911"} {
		if err := allowed.Check(to); err != nil {
			fmt.Println(err)
			continue
		}
		if err := pacer.Wait(context.Background(), 0); err != nil {
			return
		}
		fmt.Println("dial", to)
	}
	// Output:
	// dial +14155550100
	// outbound: may not dial: class of number is not allowed (country "US", class premium)
	// outbound: may not dial: country is not on the list of allowed ones (country "JM", class nanp-foreign)
	// outbound: may not dial: not a telephone number in E.164
}
