package capacity_test

import (
	"fmt"
	"time"

	"agentos.dev/dialtone/policy/capacity"
)

func Example() {
	demand := capacity.Demand{CallsPerDay: 2000, MeanCall: 4 * time.Minute}
	lines := demand.Lines()
	fmt.Printf("%.1f erlangs need %d lines, of which one call in a hundred finds none free\n", demand.Erlangs(), lines)

	need := capacity.Machine{RealTimeFactor: 0.1}.For(lines)
	fmt.Printf("%d workers, %d cores, %.1f GB\n", need.Workers, need.Cores, need.MemoryMB/1000)

	bill := capacity.USRates().Month(capacity.Usage{CallsPerDay: demand.CallsPerDay, MeanCall: demand.MeanCall, Numbers: 1})
	fmt.Printf("$%.2f a month for %.0f minutes talked, %.0f billed\n", bill.Total(), bill.TalkMinutes, bill.BilledMinutes)
	// Output:
	// 22.7 erlangs need 33 lines, of which one call in a hundred finds none free
	// 5 workers, 6 cores, 2.1 GB
	// $2306.61 a month for 240000 minutes talked, 271249 billed
}

func ExampleBudget() {
	budget := capacity.NewBudget(0.05, capacity.USRates(), nil)
	cost := budget.Add(capacity.Ended{Length: 130 * time.Second, Outbound: true}) // three minutes have begun
	fmt.Printf("$%.3f\n", cost)

	var now time.Time // zero means now
	fmt.Printf("%.0f %% spent\n", 100*budget.Share(now))
	// Output:
	// $0.039
	// 78 % spent
}
