package stt

import (
	"context"
	"errors"
	"time"
)

// leg is a session on one stream of one of its engines. A panic of the engine is an
// error of its stream.
type leg struct {
	link   *link
	stream Stream
	words  *utterances   // the stream of an engine of Segmented, which hears by the session's ear
	offset time.Duration // of the stream's clock on the call's
	until  time.Duration // of the call; what it hears before that is replayed
	opened time.Time

	// What follows is guarded by the session's mu.
	given   int  // bytes of the tape that the stream was given
	live    bool // the stream was given all of it
	settled bool // the engine's breaker knows how it went
}

// openLeg opens a stream of a link for the audio on the tape and after it.
func (s *session) openLeg(k *link) (l *leg, err error) {
	defer recovered("open", &err)
	l = &leg{link: k, offset: s.tape.start, until: s.ear.clock, opened: time.Now(), live: len(s.tape.audio) == 0}
	c := s.c
	c.Expected = s.expected()
	c.Phrases = c.Expected.Phrases
	c.Emit = func(ev Event) { s.take(l, ev) }
	if e, ok := k.opens.(*segmented); ok {
		l.words = e.open(s.ctx, c, l.offset)
		l.stream = l.words
		return l, nil
	}
	if l.stream, err = k.opens.Open(s.ctx, c); err == nil && l.stream == nil {
		err = &Error{Op: "open", Kind: ErrUnavailable, Err: errNoStream}
	}
	return l, err
}

var errNoStream = errors.New("the engine returned no stream")

// send gives the stream the tape from where it has it up to a byte.
func (l *leg) send(s *session, upTo int) (err error) {
	defer recovered("send", &err)
	from := l.given
	l.given = upTo
	if l.words != nil {
		return l.words.hear(&s.tape, &s.ear.arrive, s.tape.voiced(from/s.tape.frame, upTo/s.tape.frame))
	}
	return l.stream.Send(s.tape.audio[from:upTo])
}

// expect passes an Expectation on to a stream that takes it.
func (l *leg) expect(e Expectation) (err error) {
	defer recovered("expect", &err)
	if x, ok := l.stream.(Expecter); ok {
		err = x.Expect(e)
	}
	return err
}

// needed returns up to where the tape may be forgotten for the leg's sake.
func (l *leg) needed(t *tape) time.Duration {
	end := t.start + t.format.Duration(l.given)
	if l.words != nil {
		end = min(end, l.words.needed())
	}
	return end
}

func (l *leg) flush(ctx context.Context, s *session) (err error) {
	defer recovered("flush", &err)
	if l.words != nil { // which cuts by what the session hears
		s.mu.Lock()
		l.words.cut(&s.tape, &s.ear.arrive)
		s.leave()
	}
	return l.stream.Flush(ctx)
}

func (l *leg) close() (err error) {
	defer recovered("close", &err)
	return l.stream.Close()
}
