package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const committed = "../voice.json"

// TestCommittedDashboard regenerates the dashboard and compares.
func TestCommittedDashboard(t *testing.T) {
	var fresh bytes.Buffer
	if err := write(&fresh); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fresh.Bytes(), old) {
		t.Error("voice.json is out of date: go run . > ../voice.json")
	}
}

// TestSchema decodes the committed file strictly: no field that Grafana does not
// know, and none missing that it needs.
func TestSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if err := strictly(text); err != nil {
		t.Fatal(err)
	}
	var loose map[string]any
	if err := json.Unmarshal(text, &loose); err != nil {
		t.Fatal(err)
	}
	loose["refesh"] = "30s"
	broken, err := json.Marshal(loose)
	if err != nil {
		t.Fatal(err)
	}
	if strictly(broken) == nil {
		t.Error("an unknown field passes")
	}
}

// TestAxes holds that an axis is true of every query on it.
func TestAxes(t *testing.T) {
	text, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Type, Title string
			FieldConfig struct {
				Defaults struct {
					Unit   string
					Custom struct{ AxisLabel string }
				}
			}
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	for _, panel := range board.Panels {
		axis := panel.FieldConfig.Defaults
		if panel.Type == "timeseries" && axis.Unit == "short" && axis.Custom.AxisLabel == "" {
			t.Errorf("%s: numbers of what?", panel.Title)
		}
		for _, target := range panel.Targets {
			unit, everyMinute := measure(target.Expr)
			if unit != axis.Unit || everyMinute != strings.HasSuffix(axis.Custom.AxisLabel, " a minute") {
				t.Errorf("%s: the axis is %q %q, not that of %s", panel.Title, axis.Unit, axis.Custom.AxisLabel, target.Expr)
			}
		}
	}
}

// measure returns the unit of an expression, and whether it counts by the minute.
func measure(expr string) (unit string, everyMinute bool) {
	for _, kind := range []struct{ pattern, unit string }{
		{`^job:\w+:ratio\w*\{[^}]*\}$`, "percentunit"},
		{`^(job:\w+_seconds:p\d+\w*\{|histogram_quantile\(.*_seconds_bucket)`, "s"},
		{`^\w+_bytes\{[^}]*\}$`, "bytes"},
		{`\w+_dollars(_total)?\{`, "currencyUSD"},
	} {
		if regexp.MustCompile(kind.pattern).MatchString(expr) {
			return kind.unit, false
		}
	}
	return "short", regexp.MustCompile(`\* 60\)?$`).MatchString(expr)
}

func strictly(text []byte) error {
	var board dashboard.Dashboard
	err := board.UnmarshalJSONStrict(text)
	var failures cog.BuildErrors
	if errors.As(err, &failures) && len(failures) == 0 {
		return nil
	}
	return err
}
