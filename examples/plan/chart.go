package main

import (
	"bytes"
	"fmt"
	"strings"

	"agentos.dev/dialtone/policy/capacity"
)

// Size of the chart and of its plot, in pixels.
const (
	width, height            = 820, 1010
	left, right, top, bottom = 80.0, 780.0, 70.0, 420.0
	below                    = 495.0 // from the first plot to the second
)

// svg draws two plots, one above the other: the lines that so many calls a day need
// and what the account allows, and the dollars of a month against the runbook's.
func (p plan) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>Lines and dollars for calls a day</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n")
	p.drawLines(&b)
	fmt.Fprintf(&b, "<g transform=\"translate(0 %g)\">\n", below)
	p.drawCosts(&b)
	fmt.Fprint(&b, "</g>\n</svg>\n")
	return b.Bytes()
}

func (p plan) drawLines(b *bytes.Buffer) {
	f := frame{maxX: 15_000, maxY: 180, stepX: 2_500, stepY: 20}
	f.draw(b, fmt.Sprintf("Lines for calls a day of %v, %.0f %% of them in the busiest hour", p.demand.MeanCall, 100*p.demand.BusyHour), "calls a day", "calls at once")
	f.level(b, float64(p.limit), "#c0392b", fmt.Sprintf("the account's limit, %d", p.limit))
	f.level(b, 0.8*float64(p.limit), "#d68910", fmt.Sprintf("alarm, %d", p.limit*8/10))
	calls := p.demand.CallsPerDayOn(p.limit)
	for _, c := range []struct {
		blocking    float64
		color, name string
	}{{0.001, "#7d3c98", "0.1 % lost"}, {0.01, "#1f618d", "1 % lost"}, {0, "#7f8c8d", "average"}} {
		f.curve(b, c.color, c.name, func(calls float64) float64 {
			d := p.demand
			d.CallsPerDay, d.Blocking = calls, c.blocking
			if c.blocking == 0 {
				return d.Erlangs()
			}
			return float64(d.Lines())
		})
	}
	f.mark(b, calls, float64(p.limit), fmt.Sprintf("%.0f a day lose %g %%", calls, 100*p.demand.Blocking))
}

func (p plan) drawCosts(b *bytes.Buffer) {
	f := frame{maxX: 10_000, maxY: 16_000, stepX: 2_500, stepY: 2_000}
	f.draw(b, "Dollars of a month for calls a day of 3m0s", "calls a day", "dollars")
	month := func(out float64) func(float64) float64 {
		return func(calls float64) float64 {
			return p.rates.Month(capacity.Usage{CallsPerDay: calls, OutboundShare: out}).Total()
		}
	}
	f.curve(b, "#7d3c98", "outbound, billed", month(1))
	f.curve(b, "#1f618d", "inbound, billed", month(0))
	for _, row := range runbookCosts() {
		f.mark(b, row.callsPerDay, row.cost, map[bool]string{true: "runbook"}[row.callsPerDay == 10_000])
	}
}

// halo keeps a text legible on lines.
const halo = `stroke="#fff" stroke-width="4" paint-order="stroke"`

// frame is a plot from (0, 0) to (maxX, maxY).
type frame struct{ maxX, maxY, stepX, stepY float64 }

func (f frame) x(v float64) float64 { return left + (right-left)*v/f.maxX }
func (f frame) y(v float64) float64 { return bottom - (bottom-top)*v/f.maxY }

func (f frame) draw(b *bytes.Buffer, title, xName, yName string) {
	fmt.Fprintf(b, `<text x="%g" y="%g" font-size="16" font-weight="bold">%s</text>`+"\n", left, top-30, title)
	for v := 0.0; v <= f.maxX; v += f.stepX {
		fmt.Fprintf(b, `<path d="M%.1f %g V%g" stroke="#e5e7e9"/><text x="%.1f" y="%g" text-anchor="middle">%.0f</text>`+"\n", f.x(v), top, bottom, f.x(v), bottom+20, v)
	}
	for v := 0.0; v <= f.maxY; v += f.stepY {
		fmt.Fprintf(b, `<path d="M%g %.1f H%g" stroke="#e5e7e9"/><text x="%g" y="%.1f" text-anchor="end">%.0f</text>`+"\n", left, f.y(v), right, left-8, f.y(v)+4, v)
	}
	fmt.Fprintf(b, `<text x="%g" y="%g" text-anchor="middle">%s</text><text x="%g" y="%g">%s</text>`+"\n", (left+right)/2, bottom+42, xName, left-60, top-10, yName)
}

func (f frame) level(b *bytes.Buffer, v float64, color, name string) {
	fmt.Fprintf(b, `<path d="M%g %.1f H%g" stroke="%s" stroke-dasharray="6 4"/><text x="%g" y="%.1f" fill="%s">%s</text>`+"\n", left, f.y(v), right, color, left+8, f.y(v)-5, color, name)
}

// curve draws y over x, with its name where it ends.
func (f frame) curve(b *bytes.Buffer, color, name string, y func(float64) float64) {
	const points = 150
	var path strings.Builder
	lastX, lastY := 0.0, 0.0
	for i := range points + 1 {
		x := f.maxX * float64(i) / points
		v := y(x)
		if v > f.maxY {
			break
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: " L"}[i == 0], f.x(x), f.y(v))
		lastX, lastY = x, v
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/><text x="%.1f" y="%.1f" text-anchor="end" fill="%s" %s>%s</text>`+"\n",
		path.String(), color, f.x(lastX)-4, f.y(lastY)-10, color, halo, name)
}

func (f frame) mark(b *bytes.Buffer, x, y float64, name string) {
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="5" fill="#c0392b"/>`, f.x(x), f.y(y))
	if name != "" {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="end" %s>%s</text>`, f.x(x)-10, f.y(y)-9, halo, name)
	}
	fmt.Fprintln(b)
}
