// Command plan prints the runbook's scaling and cost tables next to the figures that
// queueing theory and whole-minute billing give, and can draw them as a chart.
//
//	go run ./examples/plan
//	go run ./examples/plan -calls 2000 -mean 4m -svg plan.svg
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"agentos.dev/dialtone/policy/capacity"
)

func main() {
	var p plan
	var chart string
	flag.Float64Var(&p.demand.CallsPerDay, "calls", 10_000, "calls a day")
	flag.DurationVar(&p.demand.MeanCall, "mean", 3*time.Minute, "mean length of a call")
	flag.Float64Var(&p.demand.BusyHour, "busy", 0.17, "share of the day's calls in the busiest hour")
	flag.Float64Var(&p.demand.Blocking, "blocking", 0.01, "share of calls that may find all lines taken in it")
	flag.IntVar(&p.limit, "limit", 100, "calls at once that the account allows")
	flag.Float64Var(&p.machine.SpeechDuty, "duty", 0.4, "share of a call in which somebody speaks")
	flag.Float64Var(&p.machine.RealTimeFactor, "rtf", 0.25, "seconds a worker needs for a second of speech")
	flag.Float64Var(&p.machine.Waiting, "waiting", 0.05, "share of utterances that may wait for a worker")
	flag.Float64Var(&p.machine.MemoryPerCall, "memory", 50, "MB for each call")
	flag.Float64Var(&p.rates.Inbound, "inbound", 0.0085, "dollars for a minute inbound")
	flag.Float64Var(&p.rates.Outbound, "outbound", 0.013, "dollars for a minute outbound")
	flag.Float64Var(&p.rates.Number, "number", 1, "dollars for a number and month")
	flag.Float64Var(&p.rates.Stream, "stream", 0, "dollars for a minute of media stream")
	flag.Float64Var(&p.rates.Transcription, "stt", 0, "dollars for a minute of speech-to-text")
	flag.StringVar(&chart, "svg", "", "also draw a chart into this file")
	flag.Parse()

	wrong := p.check()
	if flag.NArg() > 0 {
		wrong = errors.Join(fmt.Errorf("%q is not a flag: flags begin with -", flag.Arg(0)), wrong)
	}
	if wrong != nil {
		fail(wrong)
	}
	if err := p.print(os.Stdout); err != nil {
		fail(err)
	}
	if chart != "" {
		if err := os.WriteFile(chart, p.svg(), 0o644); err != nil {
			fail(err)
		}
		fmt.Println("\nchart:", chart)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "plan:", err)
	os.Exit(1)
}

// plan is what is asked for.
type plan struct {
	demand  capacity.Demand
	machine capacity.Machine
	rates   capacity.Rates
	limit   int
}

// check returns everything that would make figures of nonsense, such as a percentage where
// a share is wanted.
func (p plan) check() error {
	var errs []error
	wrong := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	type value struct {
		name string
		v    float64
	}
	for _, share := range []value{
		{"busy", p.demand.BusyHour}, {"blocking", p.demand.Blocking}, {"duty", p.machine.SpeechDuty}, {"waiting", p.machine.Waiting},
	} {
		wrong(share.v > 0 && share.v < 1, "-%s %g: want more than 0 and less than 1", share.name, share.v)
	}
	for _, amount := range []value{
		{"calls", p.demand.CallsPerDay}, {"mean", p.demand.MeanCall.Minutes()}, {"rtf", p.machine.RealTimeFactor}, {"memory", p.machine.MemoryPerCall},
	} {
		wrong(amount.v > 0 && amount.v <= 1e6, "-%s: want more than 0 and at most a million", amount.name)
	}
	wrong(p.limit >= 1 && p.limit <= 10_000, "-limit %d: want 1 to 10000", p.limit)
	for _, rate := range []value{
		{"inbound", p.rates.Inbound}, {"outbound", p.rates.Outbound}, {"number", p.rates.Number}, {"stream", p.rates.Stream}, {"stt", p.rates.Transcription},
	} {
		wrong(rate.v >= 0 && rate.v <= 1e9, "-%s: want dollars, 0 or more", rate.name)
	}
	return errors.Join(errs...)
}

// scalingRow is a row of the runbook's table "Scaling Guidelines".
type scalingRow struct {
	calls, cores, memoryGB, workers int
}

func runbookScaling() []scalingRow {
	return []scalingRow{{10, 2, 4, 1}, {50, 4, 8, 2}, {100, 8, 16, 4}, {500, 16, 32, 8}}
}

// costRow is a row of the runbook's table "Example Monthly Costs".
type costRow struct {
	callsPerDay, minutes, cost float64
}

func runbookCosts() []costRow {
	return []costRow{{10, 900, 11}, {100, 9_000, 108}, {1_000, 90_000, 1_080}, {10_000, 900_000, 10_800}}
}

func (p plan) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	p.printDemand(w)
	p.printScaling(w, t)
	p.printCosts(w, t)
	p.printNumbers(w, tabwriter.NewWriter(w, 0, 0, 2, ' ', 0))
	return t.Flush()
}

func (p plan) printDemand(w io.Writer) {
	lines := p.demand.Lines()
	r := p.machine.For(lines)
	bill := p.rates.Month(capacity.Usage{CallsPerDay: p.demand.CallsPerDay, MeanCall: p.demand.MeanCall, Numbers: 1, Streamed: true, Transcribed: true})
	fmt.Fprintf(w, "%.0f calls a day of %v, %.0f %% of them in the busiest hour: %.1f erlangs\n",
		p.demand.CallsPerDay, p.demand.MeanCall, 100*p.demand.BusyHour, p.demand.Erlangs())
	fmt.Fprintf(w, "  lines for at most %.3g %% lost calls  %d", 100*p.demand.Blocking, lines)
	if lines > p.limit {
		fmt.Fprintf(w, "  (more than the account's %d)", p.limit)
	}
	fmt.Fprintf(w, "\n  speech-to-text workers             %d\n  cores                              %d\n  memory                             %.1f GB\n  instances                          %d\n  dollars a month, all inbound       %.2f\n",
		r.Workers, r.Cores, r.MemoryMB/1000, r.Instances, bill.Total())
	fmt.Fprintf(w, "%d lines carry %.0f calls a day; with the alarm at %d calls at once, %.0f a day stay below it\n\n",
		p.limit, p.demand.CallsPerDayOn(p.limit), p.limit*8/10, p.demand.CallsPerDayOn(p.limit*8/10))
}

func (p plan) printScaling(w io.Writer, t *tabwriter.Writer) {
	fmt.Fprintf(w, "Scaling: the runbook's table | what those calls need (speech in %.0f %% of the time, %.2f s of work a second, %.0f %% wait)\n",
		100*p.machine.SpeechDuty, p.machine.RealTimeFactor, 100*p.machine.Waiting)
	fmt.Fprintln(t, "calls\tcores\tmemory\tworkers\t|\tcores\tmemory\tworkers\tcalls those workers do\tnote\t")
	for _, row := range runbookScaling() {
		need := p.machine.For(row.calls)
		note := ""
		if row.calls > p.limit {
			note = fmt.Sprintf("above the account's %d", p.limit)
		}
		fmt.Fprintf(t, "%d\t%d\t%d GB\t%d\t|\t%d\t%.1f GB\t%d\t%d\t%s\t\n", row.calls, row.cores, row.memoryGB, row.workers,
			need.Cores, need.MemoryMB/1000, need.Workers, p.machine.CallsOn(row.workers), note)
	}
	t.Flush()
	fmt.Fprintln(w)
}

// numberRow is a row of the runbook's table of number types.
type numberRow struct {
	kind    string
	dollars float64 // a month
	calls   bool    // it takes calls
	use     string
}

func runbookNumbers() []numberRow {
	return []numberRow{
		{"local", 1, true, "one region: callers know the area code"},
		{"mobile", 1, true, "calls and text messages"},
		{"toll-free", 2, true, "the whole country: callers pay nothing, and inbound minutes cost more"},
		{"short code", 1000, false, "text messages in great numbers; takes no calls"},
	}
}

// printNumbers prints what the types of numbers cost, in a month and for a call.
func (p plan) printNumbers(w io.Writer, t *tabwriter.Writer) {
	fmt.Fprintf(w, "\nNumbers: the runbook's dollars a month | and for a call, of %.0f a day | use\n", p.demand.CallsPerDay)
	for _, n := range runbookNumbers() {
		each := "-"
		if n.calls {
			each = fmt.Sprintf("%.6f", n.dollars/(p.demand.CallsPerDay*30))
		}
		fmt.Fprintf(t, "%s\t%.2f\t|\t%s\t|\t%s\n", n.kind, n.dollars, each, n.use)
	}
	t.Flush()
}

func (p plan) printCosts(w io.Writer, t *tabwriter.Writer) {
	fmt.Fprintf(w, "Cost of a month in dollars, without the number: the runbook's table | at $%.4f in, $%.4f out, minutes as talked | and as billed, begun ones whole\n", p.rates.Inbound, p.rates.Outbound)
	fmt.Fprintln(t, "calls/day\tminutes\tcost\t|\tin\tcost off by\tout\tcost off by\t|\tminutes\tin\tout\t")
	for _, row := range runbookCosts() {
		bill := p.rates.Month(capacity.Usage{CallsPerDay: row.callsPerDay})
		in, out := row.minutes*p.rates.Inbound, row.minutes*p.rates.Outbound
		fmt.Fprintf(t, "%.0f\t%.0f\t%.0f\t|\t%.2f\t%+.0f %%\t%.2f\t%+.0f %%\t|\t%.0f\t%.2f\t%.2f\t\n", row.callsPerDay, row.minutes, row.cost,
			in, 100*(row.cost/in-1), out, 100*(row.cost/out-1), bill.BilledMinutes, bill.BilledMinutes*p.rates.Inbound, bill.BilledMinutes*p.rates.Outbound)
	}
	t.Flush()
}
