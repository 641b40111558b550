package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestRender(t *testing.T) {
	var rules, board bytes.Buffer
	require.NoError(t, run(&rules, "phone", false))
	require.Contains(t, rules.String(), `up{job="phone"}`)
	require.NoError(t, run(&board, "phone", true))
	require.True(t, json.Valid(board.Bytes()))
	require.ErrorContains(t, run(&rules, `a"b`, false), "job")
}
