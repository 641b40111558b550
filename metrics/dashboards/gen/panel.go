package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// query is an expression, with the legend of its series.
type query struct{ expr, legend string }

// kpi is a figure with its bands. It turns from green to the second colour at
// warning and to red at critical; a figure that is better when higher goes the
// other way.
func kpi(title, description, unit, expr string, warning, critical float64, higher bool) cog.Builder[dashboard.Panel] {
	steps := []dashboard.Threshold{{Color: "green"}, {Color: "orange", Value: &warning}, {Color: "red", Value: &critical}}
	if higher {
		steps = []dashboard.Threshold{{Color: "red"}, {Color: "orange", Value: &critical}, {Color: "green", Value: &warning}}
	}
	return stat.NewPanelBuilder().
		Title(title).Description(description).Unit(unit).Height(4).Span(4).
		Datasource(source()).
		ColorMode(common.BigValueColorModeBackground).
		NoValue("no traffic").
		Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)).
		WithTarget(target("A", query{expr, title}))
}

// count is a figure without bands.
func count(title, description, expr string) *stat.PanelBuilder {
	return stat.NewPanelBuilder().
		Title(title).Description(description).Unit("short").Decimals(0).Height(4).Span(4).
		Datasource(source()).
		NoValue("no data").
		WithTarget(target("A", query{expr, title}))
}

// axis is what all queries of a graph are measured in. A unit that does not say
// what is counted has a label for it.
type axis struct{ unit, label string }

var (
	share   = axis{unit: "percentunit"}
	seconds = axis{unit: "s"}
	size    = axis{unit: "bytes"}
	dollars = axis{unit: "currencyUSD"}
)

// number counts things.
func number(of string) axis { return axis{"short", of} }

// perMinute counts things that happen.
func perMinute(of string) axis { return axis{"short", of + " a minute"} }

// bands are the values from which a figure is orange and red; 0 = never.
type bands struct{ warning, critical float64 }

// graph is a time series, a third of the dashboard wide, with its bands as lines.
func graph(title, description string, axis axis, limits bands, queries ...query) *timeseries.PanelBuilder {
	steps := []dashboard.Threshold{{Color: "transparent"}}
	if limits.warning > 0 {
		steps = append(steps, dashboard.Threshold{Color: "orange", Value: &limits.warning})
	}
	if limits.critical > 0 {
		steps = append(steps, dashboard.Threshold{Color: "red", Value: &limits.critical})
	}
	panel := timeseries.NewPanelBuilder().
		Title(title).Description(description).Unit(axis.unit).AxisLabel(axis.label).Min(0).Height(8).Span(8).
		Datasource(source()).
		LineWidth(1).FillOpacity(10).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti)).
		Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps))
	if len(steps) > 1 {
		panel.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	for i, q := range queries {
		panel.WithTarget(target(string(rune('A'+i)), q))
	}
	return panel
}

func target(ref string, q query) cog.Builder[variants.Dataquery] {
	return prometheus.NewDataqueryBuilder().RefId(ref).Expr(q.expr).LegendFormat(q.legend).Datasource(source())
}

// source is the data source that the dashboard's variable chooses.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}
}
