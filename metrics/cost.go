package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/voice"
)

// cost reports what calls cost. It is a counter, because what a process has added up
// itself is lost when it restarts.
type cost struct {
	budget            *capacity.Budget
	inbound, outbound prometheus.Counter
}

func newCost(f *factory, b *capacity.Budget) *cost {
	dollars := f.counters("twilio_cost_dollars_total", "Estimated cost of calls in US dollars", "direction")
	f.constant("twilio_budget_dollars", "Budget of a month in US dollars", b.Limit(), nil)
	return &cost{budget: b, inbound: dollars.WithLabelValues("inbound"), outbound: dollars.WithLabelValues("outbound")}
}

// add counts a call whose stream has ended.
func (c *cost) add(call voice.Info, length time.Duration) {
	if c == nil {
		return
	}
	counter, outbound := c.inbound, strings.HasPrefix(call.Direction, "outbound")
	if outbound {
		counter = c.outbound
	}
	dollars := c.budget.Add(capacity.Ended{Length: length, Outbound: outbound, Recorded: true, Streamed: true, Transcribed: true})
	if dollars > 0 { // a counter panics at rates below 0
		counter.Add(dollars)
	}
}
