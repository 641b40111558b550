// Package livetest fuzzes the sessions of package live.
package livetest

import (
	"bytes"
	"errors"
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// Fuzz gives sessions messages, one a line, and requires what package live counts
// on: whatever a service says, there is no panic, a final transcript has a text
// and is never taken back, and no more flushes are done than there were.
func Fuzz(f *testing.F, open func() live.Session) {
	f.Fuzz(func(t *testing.T, conversation []byte) {
		s := open()
		s.Hello()
		flushes := 0
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
			flushes -= r.Flushed
			if settler, ok := s.(live.Settler); ok && i%4 == 3 && flushes > 0 {
				r := settler.Settle()
				check(t, r)
				flushes -= r.Flushed
			}
			if r.Err != nil {
				return
			}
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
		}
	}
	var typed *stt.Error
	if r.Err != nil && (!errors.As(r.Err, &typed) || typed.Kind == nil || typed.Engine == "") {
		t.Fatalf("error %#v", r.Err)
	}
	if r.Flushed < 0 {
		t.Fatalf("%d flushes are done", r.Flushed)
	}
}
