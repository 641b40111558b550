package livetest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/stttest"
)

// Steps has a session handle a script of messages, one a line, and returns what comes
// of it, one line an event: finals with their texts, steps of the turn with their
// confidence and text.
func Steps(t *testing.T, s live.Session, script string) string {
	t.Helper()
	r := Take(s, strings.Split(strings.TrimSpace(script), "\n")...)
	if r.Err != nil || r.Unclear != nil {
		t.Fatalf("error %v, unclear %v", r.Err, r.Unclear)
	}
	if err := stttest.CheckTurns(r.Events); err != nil {
		t.Error(err)
	}
	var lines []string
	for _, ev := range r.Events {
		line := ev.Kind.String()
		if ev.Kind == stt.Turn {
			if line = ev.Turn.State.String(); !math.IsNaN(ev.Turn.Confidence) {
				line += fmt.Sprintf(" %.2f", ev.Turn.Confidence)
			}
		}
		if text := ev.Transcript.Text; text != "" {
			line += fmt.Sprintf(" %q", text)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
