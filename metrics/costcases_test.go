package metrics_test

import (
	"fmt"
	"time"
)

// costRules matches the rules that costCases are about.
const costRules = `^job:twilio_cost_dollars:|^TwilioBudget(NearlySpent|Spent)$`

// costStep is how often the rules of a cost case are evaluated.
const costStep = time.Hour

// costCases are histories of ten days or more, told by the hour.
func costCases() []ruleCase {
	const nearly, spent = "TwilioBudgetNearlySpent", "TwilioBudgetSpent"
	var cases []ruleCase
	add := func(name string, hours int, series []string, fires ...string) {
		cases = append(cases, ruleCase{name: name, step: costStep, at: time.Duration(hours) * hour, series: series, fires: fires})
	}
	inbound := func(dollars string) string { return `twilio_cost_dollars_total{direction="inbound"} ` + dollars }
	outbound := func(dollars string) string { return `twilio_cost_dollars_total{direction="outbound"} ` + dollars }
	budget := func(dollars int) string { return fmt.Sprintf("twilio_budget_dollars{} %dx1000", dollars) }

	add("79 % of the budget", 240, []string{inbound("0+70x240"), outbound("0+9x240"), budget(24000)})
	add("81 % of the budget", 240, []string{inbound("0+72x240"), outbound("0+9x240"), budget(24000)}, nearly)
	add("101 % of the budget", 240, []string{inbound("0+92x240"), outbound("0+9x240"), budget(24000)}, nearly, spent)
	add("the whole budget", 240, []string{inbound("0+50x120 6000x120"), budget(6000)}, nearly, spent)
	add("the whole budget, and then a month of nothing", 1000, []string{inbound("0+50x240 12000x759"), budget(12000)})
	add("90 % of the budget on two instances, one of which restarted", 240, []string{
		`twilio_cost_dollars_total{instance="a",direction="inbound"} 0+45x120 0+45x119`, `twilio_budget_dollars{instance="a"} 24000x240`,
		`twilio_cost_dollars_total{instance="b",direction="inbound"} 0+45x240`, `twilio_budget_dollars{instance="b"} 24000x240`}, nearly)
	add("the whole budget, and a scrape that fails", 240, []string{inbound("0+50x240"), "twilio_budget_dollars{} 6000x238 _"}, nearly, spent)
	add("much is spent, and there is no budget", 240, []string{inbound("0+1000x240")})
	add("much is spent, and the budget is another job's", 240, []string{inbound("0+1000x240"), `twilio_budget_dollars{job="phone"} 1x240`})
	add("a budget of nothing", 240, []string{inbound("0+1000x240"), budget(0)})
	cases[0].recorded, cases[0].samples = "round(job:twilio_cost_dollars:ratio30d, 0.001)", []string{`{job="agentos_webui"} 0.79`}
	return cases
}
