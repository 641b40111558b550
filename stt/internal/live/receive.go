package live

import (
	"errors"
	"time"

	"agentos.dev/dialtone/stt"
)

// receive takes a message of the service.
func (s *Stream) receive(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	err := s.use(s.session.Handle(data))
	s.poke()
	return err
}

const (
	maxUnclear  = 3           // messages in a row that are not as documented
	maxWarnings = 20          // while nothing is heard
	warnEvery   = time.Second // at most one warning is reported
)

// use carries a reply out, and returns the error that ends the connection. It is
// called with mu held.
func (s *Stream) use(r Reply) error {
	if r.Send.Data != nil {
		s.answers = append(s.answers, r.Send)
	}
	if r.Ready {
		s.ready = true
	}
	if s.unclear++; r.Unclear == nil {
		s.unclear = 0
	} else if s.unclear < maxUnclear {
		r.Events = append(r.Events, Degraded(r.Unclear))
	} else if r.Err == nil {
		r.Err = r.Unclear
	}
	for _, ev := range r.Events {
		if s.repeated(ev) {
			continue
		}
		ev.Err = s.e.quiet.Error(ev.Err)
		t := &ev.Transcript
		t.RequestID = s.e.quiet.Text(t.RequestID)
		t.Start, t.End = s.heardAt(t.Start), s.heardAt(t.End)
		for i := range t.Words {
			t.Words[i].Start, t.Words[i].End = s.heardAt(t.Words[i].Start), s.heardAt(t.Words[i].End)
		}
		s.mail.Put(ev)
	}
	for n := r.Flushed; n > 0 && len(s.flushes) > 0 && s.flushes[0].sent; n-- {
		s.finish(s.flushes[0], nil)
	}
	if r.Failed != nil && len(s.flushes) > 0 && s.flushes[0].sent {
		s.finish(s.flushes[0], s.e.quiet.Error(r.Failed))
	}
	if r.Err == nil && s.warned > maxWarnings {
		r.Err = &stt.Error{Engine: s.e.s.Name, Op: "read", Kind: stt.ErrUnavailable, Err: errWarnings}
	}
	return r.Err
}

var errWarnings = errors.New("the service complains and hears nothing")

// repeated counts warnings and reports whether this one comes too soon after
// another. It is called with mu held.
func (s *Stream) repeated(ev stt.Event) bool {
	var e *stt.Error
	if ev.Kind != stt.Degraded || !errors.As(ev.Err, &e) || !e.Warning {
		if ev.Kind != stt.Degraded {
			s.warned = 0
		}
		return false
	}
	s.warned, s.last = s.warned+1, e
	now := time.Now()
	if now.Sub(s.warning) < warnEvery {
		return true
	}
	s.warning = now
	return false
}

// heardAt returns the place on the call's clock of one on the service's, which is
// within what it was sent. It is called with mu held.
func (s *Stream) heardAt(t time.Duration) time.Duration {
	t = min(max(t, 0), s.format.Duration(s.sent))
	var besides time.Duration
	for _, sh := range s.shifts {
		if at := s.format.Duration(sh.at); t > at {
			besides += min(t-at, s.format.Duration(sh.n))
		}
	}
	return t - besides
}
