package main

import (
	"bytes"
	"fmt"

	"agentos.dev/dialtone/policy/capacity"
)

// The chart's colours.
const (
	red, amber, violet, blue, grey = "#c0392b", "#a8690a", "#5e3c99", "#0b6ba8", "#6b7680"
	ink, faint, rule               = "#1b2631", "#56616b", "#e4e7ea"
)

// Size of the chart in pixels.
const (
	width, height = 860, 970
	below         = 485 // from the first plot to the second
)

// svg draws two plots, one above the other: the lines that calls a day need
// and what the account allows, and the dollars of a month against the runbook's.
func (p plan) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="%s" role="img">`+"\n",
		width, height, width, height, ink)
	fmt.Fprint(&b, "<title>Lines and dollars for calls a day</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	p.drawLines(&b)
	fmt.Fprintf(&b, "<g transform=\"translate(0 %d)\">\n", below)
	p.drawCosts(&b)
	fmt.Fprint(&b, "</g>\n</svg>\n")
	return b.Bytes()
}

// drawLines shows how many lines calls need, and how many calls the account's limit
// and the alarm below it stand for.
func (p plan) drawLines(b *bytes.Buffer) {
	alarm := p.limit * 8 / 10
	blocking := p.demand.Blocking
	most := 1.5 * max(p.demand.CallsPerDay, p.demand.CallsPerDayOn(p.limit)/1.1)
	f := newFrame(most, p.lines(most, blocking/10))
	f.title(b, "How many lines a day’s calls need", fmt.Sprintf("calls at once, for calls of %.3g minutes, %.3g %% of the day’s in its busiest hour",
		p.demand.MeanCall.Minutes(), 100*p.demand.BusyHour))
	f.shade(b, float64(p.limit), red)
	f.grid(b, "calls a day")
	f.level(b, float64(p.limit), red, fmt.Sprintf("the account’s limit, %d", p.limit))
	f.level(b, float64(alarm), amber, fmt.Sprintf("alarm, %d", alarm))

	average := p.demand
	average.CallsPerDay = f.maxX
	f.curve(b, grey, solid, "average", []point{{0, 0}, {f.maxX, average.Erlangs()}})
	f.curve(b, blue, solid, fmt.Sprintf("%.3g %% lost", 100*blocking), p.lost(blocking, f))
	f.curve(b, violet, solid, fmt.Sprintf("%.3g %% lost", 10*blocking), p.lost(blocking/10, f))

	f.drop(b, amber, "end", point{p.demand.CallsPerDayOn(alarm), float64(alarm)}, "stay below", "the alarm")
	f.drop(b, red, "start", point{p.demand.CallsPerDayOn(p.limit), float64(p.limit)}, fmt.Sprintf("lose %.3g %%", 100*blocking), "at the limit")
	f.names(b)
}

// lines returns how many lines calls a day need if the fraction blocking may be lost.
func (p plan) lines(calls, blocking float64) float64 {
	d := p.demand
	d.CallsPerDay, d.Blocking = calls, blocking
	return float64(d.Lines())
}

// lost returns, for one line and more, the calls a day of which the fraction blocking is lost.
func (p plan) lost(blocking float64, f *frame) []point {
	d := p.demand
	d.Blocking = blocking
	points := []point{{0, 0}}
	for n := 1; ; n += 1 + int(f.maxY)/200 {
		at := point{d.CallsPerDayOn(n), float64(n)}
		if at.x > f.maxX || at.y > f.maxY {
			return points
		}
		points = append(points, at)
	}
}

// drawCosts shows the bill of a month against minutes as talked and the runbook.
func (p plan) drawCosts(b *bytes.Buffer) {
	rows := runbookCosts()
	last := rows[len(rows)-1]
	billed := func(out float64) point {
		return point{last.callsPerDay, p.rates.Month(capacity.Usage{CallsPerDay: last.callsPerDay, OutboundShare: out}).Total()}
	}
	f := newFrame(last.callsPerDay, max(billed(0).y, billed(1).y, last.cost))
	f.title(b, "What a month costs", "dollars, for calls of 3 minutes on average, as talked and as billed: begun minutes whole")
	f.grid(b, "calls a day")
	for _, c := range []struct {
		color, name string
		out, rate   float64
	}{{violet, "outbound", 1, p.rates.Outbound}, {blue, "inbound", 0, p.rates.Inbound}} {
		talked := point{last.callsPerDay, last.minutes * c.rate}
		f.curve(b, c.color, dashed, fmt.Sprintf("%s as talked, %s", c.name, number(talked.y)), []point{{0, 0}, talked})
		whole := billed(c.out)
		f.curve(b, c.color, solid, fmt.Sprintf("%s as billed, %s", c.name, number(whole.y)), []point{{0, 0}, whole})
	}
	runbook := []point{{0, 0}}
	for _, row := range rows {
		runbook = append(runbook, point{row.callsPerDay, row.cost})
	}
	f.curve(b, red, solid, "the runbook, "+number(last.cost), runbook)
	for _, at := range runbook[3:] {
		f.dot(b, red, at)
	}
	f.names(b)
}
