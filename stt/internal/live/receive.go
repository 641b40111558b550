package live

import (
	"errors"
	"time"

	"agentos.dev/dialtone/stt"
)

// receive takes a message of the service, text or binary.
func (l *leg) receive(m Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = time.Now()
	err := l.use(l.session.Handle(m.Data))
	l.poke()
	return err
}

const (
	maxUnclear  = 3           // messages in a row that are not as documented
	maxWarnings = 20          // while nothing is heard
	warnEvery   = time.Second // at most one warning is reported
)

// use carries a reply out, and returns the error that ends the connection. It is
// called with mu held.
func (l *leg) use(r Reply) error {
	if r.Send.Data != nil {
		l.answers = append(l.answers, r.Send)
	}
	if r.Ready {
		l.ready = true
	}
	if l.unclear++; r.Unclear == nil {
		l.unclear = 0
	} else if l.unclear < maxUnclear {
		r.Events = append(r.Events, Degraded(r.Unclear))
	} else if r.Err == nil {
		r.Err = r.Unclear
	}
	for _, ev := range r.Events {
		if l.repeated(ev) {
			continue
		}
		ev.Err = l.e.quiet.Error(ev.Err)
		t := &ev.Transcript
		t.RequestID = l.e.quiet.Text(t.RequestID)
		t.Start, t.End = l.heardAt(t.Start), l.heardAt(t.End)
		for i := range t.Words {
			t.Words[i].Start, t.Words[i].End = l.heardAt(t.Words[i].Start), l.heardAt(t.Words[i].End)
		}
		l.c.Emit(ev)
	}
	for n := r.Flushed; n > 0 && len(l.flushes) > 0 && l.flushes[0].sent; n-- {
		l.finish(l.flushes[0], nil)
	}
	if r.Failed != nil && len(l.flushes) > 0 && l.flushes[0].sent {
		l.finish(l.flushes[0], l.e.quiet.Error(r.Failed))
	}
	if r.Err == nil && l.warned > maxWarnings {
		r.Err = &stt.Error{Engine: l.e.s.Name, Op: "read", Kind: stt.ErrUnavailable, Err: errWarnings}
	}
	return r.Err
}

var errWarnings = errors.New("the service complains and hears nothing")

// repeated counts warnings and reports whether this one comes too soon after
// another. It is called with mu held.
func (l *leg) repeated(ev stt.Event) bool {
	var e *stt.Error
	if ev.Kind != stt.Degraded || !errors.As(ev.Err, &e) || !e.Warning {
		if ev.Kind != stt.Degraded {
			l.warned = 0
		}
		return false
	}
	l.warned, l.last = l.warned+1, e
	now := time.Now()
	if now.Sub(l.warning) < warnEvery {
		return true
	}
	l.warning = now
	return false
}

// heardAt returns the place on the call's clock of one on the service's, which is
// within what it was sent. It is called with mu held.
func (l *leg) heardAt(t time.Duration) time.Duration {
	t = min(max(t, 0), l.c.Format.Duration(l.sent))
	var besides time.Duration
	for _, sh := range l.shifts {
		if at := l.c.Format.Duration(sh.at); t > at {
			besides += min(t-at, l.c.Format.Duration(sh.n))
		}
	}
	return t - besides
}
