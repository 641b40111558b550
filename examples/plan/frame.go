package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Where the plot lies in its half of the chart, in pixels. What is right of it is for
// the curves' names, which so touch no curve.
const (
	left, right, top, bottom = 70.0, 650.0, 92.0, 420.0
	lineHeight               = 17.0
)

// Dash patterns.
const (
	solid  = "none"
	dashed = "2 4"
)

// point is a place in a plot's own units.
type point struct{ x, y float64 }

// frame is a plot from (0, 0) to (maxX, maxY).
type frame struct {
	maxX, maxY, stepX, stepY float64
	labels                   []label
}

// label is a curve's name, at the height where the curve ends.
type label struct {
	y           float64
	color, text string
}

// newFrame makes a plot with round numbers on its axes and room for x and y.
func newFrame(x, y float64) *frame {
	x, y = max(x, 100), max(y, 10)
	f := &frame{stepX: step(x / 6), stepY: step(y / 7)}
	f.maxX, f.maxY = f.stepX*math.Ceil(x/f.stepX-1e-9), f.stepY*math.Ceil(y/f.stepY-1e-9)
	return f
}

// step returns a round number that is not much more than v.
func step(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, round := range []float64{1, 2, 2.5, 5} {
		if v <= round*unit*1.001 {
			return round * unit
		}
	}
	return 10 * unit
}

func (f *frame) x(v float64) float64 { return left + (right-left)*v/f.maxX }
func (f *frame) y(v float64) float64 { return bottom - (bottom-top)*v/f.maxY }

func (f *frame) title(b *bytes.Buffer, title, unit string) {
	fmt.Fprintf(b, `<text x="%g" y="42" font-size="19" font-weight="bold">%s</text><text x="%g" y="65" fill="%s">%s</text>`+"\n", left, title, left, faint, unit)
}

func (f *frame) grid(b *bytes.Buffer, xName string) {
	for i := range int(math.Round(f.maxY/f.stepY)) + 1 {
		v := float64(i) * f.stepY
		fmt.Fprintf(b, `<path d="M%g %.1f H%g" stroke="%s"/><text x="%g" y="%.1f" text-anchor="end" fill="%s">%s</text>`+"\n", left, f.y(v), right, rule, left-9, f.y(v)+4.5, faint, number(v))
	}
	for i := range int(math.Round(f.maxX/f.stepX)) + 1 {
		v := float64(i) * f.stepX
		fmt.Fprintf(b, `<path d="M%.1f %g v5" stroke="%s"/><text x="%.1f" y="%g" text-anchor="middle" fill="%s">%s</text>`+"\n", f.x(v), bottom, faint, f.x(v), bottom+21, faint, number(v))
	}
	fmt.Fprintf(b, `<path d="M%g %g H%g" stroke="%s"/><text x="%g" y="%g" fill="%s">%s</text>`+"\n", left, bottom, right, faint, right+26, bottom+21, faint, xName)
}

// shade tints what lies above a value.
func (f *frame) shade(b *bytes.Buffer, from float64, color string) {
	fmt.Fprintf(b, `<rect x="%g" y="%g" width="%g" height="%.1f" fill="%s" fill-opacity="0.05"/>`+"\n", left, top, right-left, max(f.y(from)-top, 0), color)
}

// level draws a threshold, with its name on the left, where the curves are low.
func (f *frame) level(b *bytes.Buffer, v float64, color, name string) {
	fmt.Fprintf(b, `<path d="M%g %.1f H%g" stroke="%s" stroke-dasharray="7 4"/><text x="%g" y="%.1f" fill="%s">%s</text>`+"\n", left, f.y(v), right, color, left+8, f.y(v)-6, color, name)
}

// curve joins the points. Its name will stand where it ends.
func (f *frame) curve(b *bytes.Buffer, color, dash, name string, points []point) {
	var path strings.Builder
	for i, p := range points {
		fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: " L"}[i == 0], f.x(p.x), f.y(p.y))
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round" stroke-dasharray="%s"/>`+"\n", path.String(), color, dash)
	f.labels = append(f.labels, label{f.y(points[len(points)-1].y), color, name})
}

// names writes the names of all curves, none on top of another.
func (f *frame) names(b *bytes.Buffer) {
	slices.SortStableFunc(f.labels, func(p, q label) int { return cmp.Compare(p.y, q.y) })
	free := 0.0
	for _, l := range f.labels {
		y := max(l.y, free)
		free = y + lineHeight
		fmt.Fprintf(b, `<text x="%g" y="%.1f" fill="%s">%s</text>`+"\n", right+10, y+4.5, l.color, l.text)
	}
}

// drop marks a point and follows it down to the axis, where its calls a day stand
// beside some lines of text, which end or start there: below the curves there is room.
func (f *frame) drop(b *bytes.Buffer, color, anchor string, at point, text ...string) {
	x, y := f.x(at.x), bottom-12-lineHeight*float64(len(text))
	fmt.Fprintf(b, `<path d="M%.1f %.1f V%g" stroke="%s"/>`, x, f.y(at.y), bottom, color)
	f.dot(b, color, at)
	x += map[string]float64{"start": 8, "end": -8}[anchor]
	fmt.Fprintf(b, `<g fill="%s" text-anchor="%s" stroke="#fff" stroke-width="4" paint-order="stroke"><text x="%.1f" y="%g" font-weight="bold">%s</text>`,
		color, anchor, x, y, number(math.Round(at.x)))
	for i, line := range text {
		fmt.Fprintf(b, `<text x="%.1f" y="%g">%s</text>`, x, y+lineHeight*float64(i+1), line)
	}
	fmt.Fprintln(b, "</g>")
}

func (f *frame) dot(b *bytes.Buffer, color string, at point) {
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="5" fill="%s" stroke="#fff" stroke-width="1.5"/>`+"\n", f.x(at.x), f.y(at.y), color)
}

// number writes a number with its thousands apart.
func number(v float64) string {
	digits := strconv.FormatFloat(v, 'g', 6, 64)
	if v >= 100 {
		digits = strconv.FormatFloat(v, 'f', 0, 64)
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "\u202f" + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}
