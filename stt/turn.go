package stt

import (
	"math"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// turn is the caller's turn, as it was reported. Engines that report turns move it;
// for others the session does, by what its ear hears and by how the text ends.
type turn struct {
	state    TurnState // 0 and TurnEnd: it is not the caller's
	span     span      // what was spoken in it so far
	text     string    // what is final of that
	eager    string    // the text of the last TurnEager
	language string    // of it
	wait     time.Duration
	orphan   bool // the leg in use has told nothing of it: the ear ends it
}

func (t *turn) open() bool { return t.state != 0 && t.state != TurnEnd }

const (
	// turnPatience is how long after the last voiced sample a turn ends of which
	// something is not final.
	turnPatience = 3 * time.Second
	// turnHold is how long an engine that reports turns may leave one open while
	// nobody speaks, before it is asked to flush.
	turnHold = 8 * time.Second
)

// byEar reports whether the session moves the turn. It is called with mu held.
func (s *session) byEar() bool {
	return s.leg != nil && (!s.leg.link.turns || s.turn.orphan)
}

// turned takes an event of the ear. It is called with mu held.
func (s *session) turned(ev vad.Event) {
	t := &s.turn
	switch {
	case ev.Kind == vad.Utterance && t.open():
		t.span.end = at(ev.VoicedEnd)
	case !s.byEar():
	case ev.Kind == vad.SpeechStart && t.state == TurnEager:
		s.turnTo(TurnResumed)
	case ev.Kind == vad.SpeechStart && !t.open():
		s.beginTurn(at(ev.Onset), at(ev.Onset))
	case ev.Kind == vad.Discard && t.open() && t.span.end == t.span.onset && t.text == "": // it was no speech
		s.turnTo(TurnEnd)
	}
}

// turnOver reports that a turn may be over when nobody speaks and all of it is final,
// and ends it when nobody has spoken for long enough. Of an engine that reports turns
// it ends one that nothing is told of any more. It is called with mu held.
func (s *session) turnOver() {
	t := &s.turn
	if !t.open() || s.ear.speaking() {
		return
	}
	quiet, final := s.ear.clock-t.span.end, len(s.due) == 0 && s.open == nil
	if !s.byEar() {
		if final && s.ear.quiet() >= turnHold+turnPatience { // its engine has forgotten it
			s.turnTo(TurnEnd)
		}
		return
	}
	if final && t.state != TurnEager {
		s.turnTo(TurnEager)
	}
	if quiet >= turnPatience && s.leg.live || final && quiet >= t.wait {
		s.turnTo(TurnEnd)
	}
}

// told takes a step of the turn that the leg in use reports, and leaves out what does
// not follow on the step before: an engine may repeat itself, and one that took over
// begins in the middle. It is called with mu held.
func (s *session) told(ev Event) {
	t := &s.turn
	t.orphan = false
	if from := ev.Transcript; !t.open() && (ev.Turn.State == TurnStart || from.Text != "") {
		s.beginTurn(from.Start, from.Start)
	}
	switch state := ev.Turn.State; state {
	case TurnStart, TurnResumed:
		if t.state == TurnEager {
			s.turnTo(TurnResumed)
		}
	case TurnEager, TurnEnd:
		if !t.open() || t.state == state {
			return
		}
		t.span.end = max(t.span.end, ev.Transcript.End)
		s.turnAt(state, ev)
	}
}

// beginTurn begins a turn with what was spoken in it. It is called with mu held.
func (s *session) beginTurn(onset, end time.Duration) {
	s.turn = turn{span: span{onset: onset, end: end}, wait: endings[plain]}
	s.turnTo(TurnStart)
}

// addToTurn adds a final transcript to the turn that it is of, and begins one if there
// is none: everything that is final is of a turn. It is called with mu held.
func (s *session) addToTurn(t Transcript) {
	if s.turn.open() && len(s.turn.text)+len(t.Text) >= MaxText {
		s.turnTo(TurnEnd)
	}
	if !s.turn.open() {
		s.beginTurn(t.Start, t.End)
		s.turn.orphan = true
	}
	if s.turn.text != "" && t.Text != "" {
		s.turn.text += " "
	}
	s.turn.text += t.Text
	if s.turn.language = t.Language; t.Language == "" {
		s.turn.language = s.c.Language
	}
	s.turn.wait = s.patienceOfTurn()
	if s.turn.state == TurnEager && s.byEar() && s.turn.text != s.turn.eager { // an answer to that is void
		s.turnTo(TurnResumed)
	}
}

// patienceOfTurn returns the silence that ends the turn. It is called with mu held.
func (s *session) patienceOfTurn() time.Duration {
	return endings[endingOf(s.turn.text, s.turn.language, s.c.Expected)]
}

// Expect implements Expecter.
func (s *session) Expect(e Expectation) error {
	e.Phrases = normalPhrases(e.Phrases)
	s.mu.Lock()
	defer s.leave()
	if s.err != nil {
		return s.err
	}
	s.c.Expected = e
	s.turn.wait = s.patienceOfTurn()
	if err := s.leg.expect(s.expected()); err != nil {
		s.fail(s.leg, err, false)
	}
	return s.err
}

// expected returns the host's Expectation with the phrases that hold for it. It is
// called with mu held.
func (s *session) expected() Expectation {
	e := s.c.Expected
	if len(e.Phrases) == 0 {
		e.Phrases = s.c.Phrases
	}
	return e
}

// turnTo reports the turn's next state. It is called with mu held.
func (s *session) turnTo(state TurnState) {
	s.turnAt(state, Event{Turn: TurnChange{Confidence: math.NaN()}})
}

// turnAt reports the turn's next state with what an engine tells: its confidence, and
// the text that is not final yet. It is called with mu held.
func (s *session) turnAt(state TurnState, from Event) {
	t := &s.turn
	t.state = state
	text, sure := t.text, from.Turn.Confidence
	if !(sure >= 0 && sure <= 1) {
		sure = math.NaN()
	}
	if more := from.Transcript.Text; state == TurnEager && more != "" {
		if text != "" {
			text += " "
		}
		text += more
	}
	if state == TurnEager {
		t.eager = text
	}
	s.emit(Event{Kind: Turn, At: from.At, Turn: TurnChange{State: state, Confidence: sure},
		Transcript: Transcript{Text: text, Final: state == TurnEnd && text != "", Confidence: math.NaN(), Language: t.language, Start: t.span.onset, End: t.span.end}})
}

// narrow bounds a transcript of an engine that told only which audio it has worked
// off by what was spoken in that. It is called with mu held.
func (s *session) narrow(t *Transcript) {
	if len(t.Words) > 0 {
		return
	}
	start, end := t.Start, t.End
	for i := len(s.ear.spans) - 1; i >= 0; i-- {
		sp := s.ear.spans[i]
		if sp.end == 0 {
			sp.end = s.ear.clock
		}
		if sp.short || sp.onset >= end || sp.end <= start {
			continue
		}
		if t.End == end {
			t.End = min(end, sp.end)
		}
		t.Start = max(start, sp.onset)
	}
}
