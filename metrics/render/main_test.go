package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/metrics"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestRender(t *testing.T) {
	var rules, board bytes.Buffer
	require.NoError(t, run(&rules, metrics.RuleOptions{Job: "phone", Runbook: "https://wiki.example.com/calls"}, ""))
	require.Contains(t, rules.String(), `up{job="phone"}`)
	require.Contains(t, rules.String(), "https://wiki.example.com/calls#webhook-down")
	require.NoError(t, run(&board, metrics.RuleOptions{}, "dashboards/voice.json"))
	require.True(t, json.Valid(board.Bytes()))
	require.ErrorContains(t, run(&rules, metrics.RuleOptions{Job: `a"b`}, ""), "job")
}
