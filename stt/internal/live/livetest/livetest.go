// Package livetest fuzzes the sessions of package live.
package livetest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/stttest"
)

// Fuzz gives sessions messages, one a line, and requires what package live relies
// on: no message makes a session panic; a final transcript has a text within its
// bounds and is never taken back; the steps of turns follow on each other; a session
// finishes at most as many flushes as were begun, and gives up overdue messages.
func Fuzz(f *testing.F, open func() live.Session) {
	f.Fuzz(func(t *testing.T, conversation []byte) {
		s := open()
		s.Hello()
		flushes := 0
		var events []stt.Event
		defer func() {
			if err := stttest.CheckTurns(events); err != nil {
				t.Error(err)
			}
		}()
		for i, message := range bytes.Split(conversation, []byte("\n")) {
			switch i % 3 {
			case 0:
				s.Audio(make([]byte, 160))
			case 1:
				s.Flush()
				flushes++
			}
			r := s.Handle(message)
			check(t, r)
			events = append(events, r.Events...)
			flushes -= r.Flushed
			if settler, ok := s.(live.Settler); ok && i%4 == 3 && flushes > 0 {
				r := settler.Settle()
				check(t, r)
				events = append(events, r.Events...)
				flushes -= r.Flushed
			}
			if r.Err != nil {
				return
			}
		}
		x, ok := s.(live.Expirer)
		if !ok {
			return
		}
		later := time.Now().Add(time.Hour)
		for n := 0; !x.Due().IsZero() && x.Due().Before(later); n++ {
			if n > 1000 {
				t.Fatal("something is due for ever")
			}
			r := x.Expire(later)
			check(t, r)
			events = append(events, r.Events...)
		}
	})
}

func check(t *testing.T, r live.Reply) {
	t.Helper()
	for _, ev := range r.Events {
		tr := ev.Transcript
		switch {
		case ev.Kind == stt.Final && (tr.Text == "" || !tr.Final || tr.Engine == ""):
			t.Fatalf("final transcript %+v", tr)
		case ev.Kind == stt.Interim && (tr.Text == "" || tr.Final):
			t.Fatalf("interim transcript %+v", tr)
		case ev.Kind == stt.Degraded && ev.Err == nil:
			t.Fatal("degraded without an error")
		case len(tr.Text) > stt.MaxText || len(tr.Words) > stt.MaxWords || tr.Confidence < 0 || tr.Confidence > 1 || tr.Start < 0 || tr.End < 0:
			t.Fatalf("transcript of %d bytes and %d words, confidence %v, from %v to %v", len(tr.Text), len(tr.Words), tr.Confidence, tr.Start, tr.End)
		}
	}
	var typed *stt.Error
	if r.Err != nil && (!errors.As(r.Err, &typed) || typed.Kind == nil || typed.Engine == "") {
		t.Fatalf("error %#v", r.Err)
	}
	if r.Unclear != nil && (!errors.As(r.Unclear, &typed) || typed.Kind == nil || typed.Engine == "") {
		t.Fatalf("unclear: %#v", r.Unclear)
	}
	if r.Flushed < 0 {
		t.Fatalf("%d flushes are done", r.Flushed)
	}
}
