package stt

import (
	"context"
	"errors"
	"io"
	"time"
)

// pass handles one event of a leg: it is put on the call's clock, and what it
// answers is forgotten. It is called with mu held.
func (s *session) pass(l *leg, ev Event) {
	if s.leg != l || s.err != nil {
		return // it has been left
	}
	t := &ev.Transcript
	start, end := s.said, s.ear.clock // for an engine that does not tell times
	switch {
	case ev.Kind == Ended:
		if ev.Err == nil {
			ev.Err = &Error{Op: "read", Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF}
		}
		s.fail(l, ev.Err, false)
		return
	case l.link.indirect && ev.Kind != UtteranceEnd:
		if start, end = s.place(ev.Kind == Final); ev.Kind == SpeechStart {
			end = start
		}
	case ev.Kind == SpeechStart:
		start = s.onset(l)
		end = start
	case ev.Kind == UtteranceEnd:
		end = s.said // it ends what the transcripts before it have answered
	case ev.Kind == Final && len(s.due) > 0:
		start, end = s.due[0].onset, s.due[0].end
	case ev.Kind == Turn && ev.Turn.State == TurnStart:
		start = s.onset(l)
		end = start
	case ev.Kind == Turn:
		start, end = s.turn.span.onset, s.turn.span.end
	}
	t.shift(l.offset, start, end)
	if ev.Kind == Final && l.link.turns {
		s.narrow(t)
	}
	switch ev.Kind {
	case SpeechStart:
		s.speaking = true
		if t.Start > l.offset && t.Start < l.until && t.Start <= s.began+tolerance {
			return // it was told before the replay
		}
		s.began = t.Start
	case Degraded:
		if !errors.Is(ev.Err, ErrOverrun) && !errors.As(ev.Err, new(replayed)) && !warning(ev.Err) {
			if s.more() {
				s.fail(l, ev.Err, true)
				return
			}
			s.settle(ev.Err)
		}
	case Final:
		if l.words == nil {
			ev.Timing.Latency, ev.Timing.Valid = s.ear.latency(*t, ev.At)
		}
		s.open = l
		s.addToTurn(*t)
	case UtteranceEnd:
		s.open, s.speaking = nil, false
	case Turn:
		if l.link.turns {
			s.told(ev)
		}
		return
	}
	s.emit(ev)
	if ev.Kind == Final || ev.Kind == UtteranceEnd {
		s.settle(nil)
		s.answered(t.End)
		s.turnOver()
	}
}

// shift moves the transcript from a clock that began at offset to the call's. Missing
// times become those of the speech that was heard.
func (t *Transcript) shift(offset, start, end time.Duration) {
	if t.End == 0 {
		t.Start, t.End = start-offset, end-offset
	}
	t.Start += offset
	t.End += offset
	for i := range t.Words {
		t.Words[i].Start += offset
		t.Words[i].End += offset
	}
}

// onset returns when the speech began that the leg heard last, as far as this
// process knows. It is called with mu held.
func (s *session) onset(l *leg) time.Duration {
	at := s.tape.start + s.c.Format.Duration(l.given) // so far the leg has heard
	for i := len(s.ear.spans) - 1; i >= 0; i-- {
		sp := s.ear.spans[i]
		if sp.end != 0 && sp.end <= s.said {
			break
		}
		if sp.onset < at {
			return sp.onset
		}
	}
	return at
}

// together is the longest pause in one utterance of an indirect engine.
const together = time.Second

// place returns when words that came just now were spoken: before the caller last
// stopped, or until now if he has not. Final words are those of all that was heard
// until then. Both are 0 if nothing was. It is called with mu held.
func (s *session) place(final bool) (start, end time.Duration) {
	first := -1
	for i := len(s.ear.spans) - 1; i >= 0; i-- {
		sp := s.ear.spans[i]
		switch {
		case sp.onset < s.placed:
			i = 0
		case sp.short:
		case first < 0: // the last, which may have begun since: then one before it counts
			first, start, end = i, sp.onset, sp.end
			if sp.end == 0 {
				end = s.ear.clock
			}
		case s.ear.spans[first].end == 0 && end == s.ear.clock:
			first, start, end = i, sp.onset, sp.end
		case start-sp.end <= together:
			start = sp.onset
		default:
			i = 0
		}
	}
	if final {
		s.placed = max(s.placed, end)
	}
	return start, end
}

// answered takes all that was said up to end as final. It is called with mu held.
func (s *session) answered(end time.Duration) {
	s.said = max(s.said, min(end, s.ear.clock))
	before := len(s.due)
	for len(s.due) > 0 && s.due[0].onset < s.said && s.due[0].end <= s.said+tolerance {
		s.said = max(s.said, s.due[0].end) // its last sound is not to be replayed alone
		s.due = s.due[1:]
	}
	if len(s.due) < before {
		s.rest()
	}
	if len(s.due) > 0 {
		s.wait()
	}
	s.forget(s.said)
	s.finish()
}

// finish reports the end of an utterance whose engine died between its last transcript
// and that end. It is called with mu held.
func (s *session) finish() {
	if s.open != nil && s.open != s.leg && len(s.due) == 0 && !s.ear.speaking() && !s.speaking {
		s.open = nil
		s.emit(Event{Kind: UtteranceEnd, Transcript: Transcript{Start: s.said, End: s.said}})
	}
}

// wait starts the clock that runs while an answer is due, if there is anything to do
// about one that does not come. It is called with mu held.
func (s *session) wait() {
	if s.patience == nil && s.err == nil && s.keep > 0 {
		l := s.leg
		s.patience = time.AfterFunc(s.f.o.Patience, func() { s.question(l) })
	}
}

// rest stops that clock. It is called with mu held.
func (s *session) rest() {
	if s.patience != nil {
		s.patience.Stop()
		s.patience = nil
	}
}

// question asks a silent leg to flush: an engine that heard only noise answers
// that, a dead one does not.
func (s *session) question(l *leg) {
	s.mu.Lock()
	if s.leg != l || s.patience == nil || s.err != nil {
		s.leave()
		return
	}
	s.patience = nil
	asked := s.ear.clock
	holds := l.link.turns && s.turn.open() && !s.turn.orphan && s.ear.quiet() < turnHold
	if !l.live || holds || s.ear.speaking() && asked-s.due[0].end < s.f.o.Keep/2 {
		s.wait() // it has not been given everything yet, or would be interrupted, or waits for the end of the turn
		s.leave()
		return
	}
	s.wg.Add(1)
	s.leave()
	defer s.wg.Done()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.o.Patience)
	defer cancel()
	err := l.flush(ctx, s)
	s.mu.Lock()
	defer s.leave()
	s.catchUp()
	switch {
	case s.ctx.Err() != nil || s.leg != l:
	case err != nil:
		s.fail(l, &Error{Op: "read", Kind: ErrTimeout, Err: err}, true)
	default:
		s.answered(asked)
	}
}
