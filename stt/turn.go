package stt

import (
	"math"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// turn is the caller's turn as the session's ear hears it, for engines that do not
// report turns: silence ends one.
type turn struct {
	state TurnState // 0 and TurnEnd: it is not the caller's
	span  span      // what was spoken in it so far
}

const (
	turnSilence  = 700 * time.Millisecond // after the last voiced sample, that ends a turn
	turnPatience = 3 * time.Second        // the same, for a turn of which something is not final
)

// turned takes what the ear has found. It is called with mu held.
func (s *session) turned(ev vad.Event) {
	if s.leg == nil || s.leg.link.turns {
		return
	}
	t := &s.turn
	switch {
	case ev.Kind == vad.SpeechStart && t.state == TurnEager:
		s.turnTo(TurnResumed)
	case ev.Kind == vad.SpeechStart && (t.state == 0 || t.state == TurnEnd):
		t.span = span{onset: at(ev.Onset), end: at(ev.Onset)}
		s.turnTo(TurnStart)
	case ev.Kind == vad.Utterance:
		t.span.end = at(ev.VoicedEnd)
		if !ev.Forced {
			s.turnTo(TurnEager)
		}
	case ev.Kind == vad.Discard && t.span.end == t.span.onset: // it was no speech
		s.turnTo(TurnEnd)
	case ev.Kind == vad.Discard:
		s.turnTo(TurnEager)
	}
}

// turnOver ends a turn after which nobody has spoken for long enough. It is called
// with mu held.
func (s *session) turnOver() {
	if s.turn.state != TurnEager || s.leg == nil || s.leg.link.turns {
		return
	}
	quiet := s.ear.clock - s.turn.span.end
	if quiet >= turnPatience || quiet >= turnSilence && len(s.due) == 0 && s.open == nil {
		s.turnTo(TurnEnd)
	}
}

// turnTo reports the turn's next state. It is called with mu held.
func (s *session) turnTo(state TurnState) {
	s.turn.state = state
	s.emit(Event{Kind: Turn, Turn: TurnChange{State: state, Confidence: math.NaN()},
		Transcript: Transcript{Start: s.turn.span.onset, End: s.turn.span.end}})
}
