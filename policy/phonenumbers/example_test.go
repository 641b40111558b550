package phonenumbers_test

import (
	"fmt"

	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/policy/phonenumbers"
)

func Example() {
	where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"GB"}, Look: phonenumbers.Look})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, to := range []string{"+442079460018", "+449012345678", "+44207946" /* too short for any plan */} {
		fmt.Println(to, where.Check(to))
	}
	// Output:
	// +442079460018 <nil>
	// +449012345678 outbound: may not dial: class of number is not allowed (country "GB", class premium)
	// +44207946 outbound: may not dial: country is not on the list of allowed ones
}
