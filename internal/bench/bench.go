// Package bench compares dialtone with its peers, side by side in one run.
//
// These machines are noisy: another process can slow a loop by half for a
// second. So the contestants take turns in short slices, hundreds of rounds
// long, every figure is CPU time, and what is reported is the ratio of the
// tenth percentiles and of the medians. Only the ratios are worth quoting.
package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Contestant is one implementation of the job that a comparison measures.
type Contestant struct {
	Name string
	Run  func(n int) // does the job n times
}

// Result is the cost of one contestant per job.
type Result struct {
	Name        string
	P10, Median float64 // CPU nanoseconds per job
}

// slice is how long one contestant runs before the next takes its turn.
const slice = 150 * time.Microsecond

// Compare runs the contestants in turns for the given number of rounds.
func Compare(rounds int, contestants ...Contestant) []Result {
	counts := make([]int, len(contestants))
	for i, c := range contestants {
		counts[i] = calibrate(c.Run)
	}
	samples := make([][]float64, len(contestants))
	for range rounds {
		for i, c := range contestants {
			before := CPU()
			c.Run(counts[i])
			samples[i] = append(samples[i], float64(CPU()-before)/float64(counts[i]))
		}
	}
	results := make([]Result, len(contestants))
	for i, s := range samples {
		slices.Sort(s)
		p10, median := s[len(s)/10], s[len(s)/2]
		results[i] = Result{contestants[i].Name, p10, median}
	}
	return results
}

// Report runs Compare and prints a table: each line is one contestant, its cost
// per job and how many times the first contestant's cost it needs. With -short
// (as .ci/run uses it) it makes few rounds: enough to see that it still runs.
func Report(tb testing.TB, title string, contestants ...Contestant) []Result {
	tb.Helper()
	rounds := 300
	if testing.Short() {
		rounds = 5
	}
	results := Compare(rounds, contestants...)
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%d interleaved rounds, CPU time)\n", title, rounds)
	fmt.Fprintf(&b, "  %-44s %12s %12s %9s %9s\n", "", "p10 ns", "median ns", "p10 x", "median x")
	for _, r := range results {
		fmt.Fprintf(&b, "  %-44s %12.1f %12.1f %9.2f %9.2f\n", r.Name, r.P10, r.Median,
			r.P10/results[0].P10, r.Median/results[0].Median)
	}
	tb.Log("\n" + b.String())
	return results
}

// calibrate finds how many jobs fill a slice.
func calibrate(run func(int)) int {
	n := 1
	for {
		before := time.Now()
		run(n)
		took := time.Since(before)
		if took >= slice/2 || n >= 1<<24 {
			return max(1, int(float64(n)*float64(slice)/float64(max(took, 1))))
		}
		n *= 2
	}
}
