package stttest

import (
	"fmt"

	"agentos.dev/dialtone/stt"
)

// CheckTurns returns an error when the events of kind [stt.Turn] among others are not
// steps of the machine that [stt.TurnChange] draws: a turn begins before anything else
// of it, and is over before the next begins; one that may be over is resumed or over.
func CheckTurns(events []stt.Event) error {
	state := stt.TurnEnd
	for i, ev := range events {
		if ev.Kind != stt.Turn {
			continue
		}
		next := ev.Turn.State
		var follows bool
		switch next {
		case stt.TurnStart:
			follows = state == stt.TurnEnd
		case stt.TurnEager:
			follows = state == stt.TurnStart || state == stt.TurnResumed
		case stt.TurnResumed:
			follows = state == stt.TurnEager
		case stt.TurnEnd:
			follows = state != stt.TurnEnd
		}
		if !follows {
			return fmt.Errorf("event %d: %v after %v", i, next, state)
		}
		if c := ev.Turn.Confidence; c < 0 || c > 1 {
			return fmt.Errorf("event %d: %v with confidence %v", i, next, c)
		}
		state = next
	}
	return nil
}
