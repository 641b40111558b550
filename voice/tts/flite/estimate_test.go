package flite

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/text"
)

// Without word times what was heard is estimated from the length of the audio: never
// more than one word beyond, whenever the caller interrupts.
func TestEstimate(t *testing.T) {
	path := apt.Need(t, "flite", "flite")
	pieces := spokenPieces(t)
	lines := print(t, path, pieces)
	var moments, beyond, exact, behind, most, least [2]int
	for i, p := range pieces {
		list := text.Split(p, text.Options{AsWritten: true, First: 1000})
		if len(list) != 1 {
			continue
		}
		phones := parsePhones(lines[i])
		skip := lead(phones)
		words := times(readable(list[0].Text), phones, skip)
		if len(words) != len(list[0].Words) {
			continue
		}
		length := phones[len(phones)-1].end - skip
		for d := time.Duration(0); d < length; d += 25 * time.Millisecond {
			heard := 0
			for _, w := range words {
				if w.End <= d {
					heard++
				}
			}
			for k, s := range []tts.Said{
				{Piece: list[0], End: length, Complete: true},
				{Piece: list[0], End: min(length, d+400*time.Millisecond)}, // still being made
			} {
				told := strings.Count(strings.TrimSpace(p[:tts.Heard([]tts.Said{s}, d)])+" ", " ")
				if tts.Heard([]tts.Said{s}, d) == 0 {
					told = 0
				}
				moments[k]++
				switch n := told - heard; {
				case n > 0:
					beyond[k]++
					most[k] = max(most[k], n)
				case n == 0:
					exact[k]++
				default:
					behind[k] -= n
					least[k] = min(least[k], n)
				}
			}
		}
	}
	for k, what := range []string{"all audio there", "still being made"} {
		m := float64(moments[k])
		t.Logf("%s, %.0f moments: %.1f %% exact, %.2f words behind on average and at most %d, %.2f %% beyond, by at most %d", what, m,
			100*float64(exact[k])/m, float64(behind[k])/m, -least[k], 100*float64(beyond[k])/m, most[k])
		assert.LessOrEqual(t, most[k], 1)
	}
}
