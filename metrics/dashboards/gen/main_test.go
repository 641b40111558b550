package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
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

func strictly(text []byte) error {
	var board dashboard.Dashboard
	err := board.UnmarshalJSONStrict(text)
	var failures cog.BuildErrors
	if errors.As(err, &failures) && len(failures) == 0 {
		return nil
	}
	return err
}
