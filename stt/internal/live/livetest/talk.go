package livetest

import (
	"strings"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// Take has a session handle messages and returns the sum of its replies: all
// events, and the last error of each sort.
func Take(s live.Session, messages ...string) (sum live.Reply) {
	for _, m := range messages {
		r := s.Handle([]byte(m))
		sum.Events = append(sum.Events, r.Events...)
		sum.Flushed += r.Flushed
		for to, from := range map[*error]error{&sum.Err: r.Err, &sum.Unclear: r.Unclear, &sum.Failed: r.Failed} {
			if from != nil {
				*to = from
			}
		}
	}
	return sum
}

// Heard returns the kinds of a reply's events but for steps of turns, which Steps
// returns, with the texts of those that have one, as "final yes".
func Heard(r live.Reply) (heard []string) {
	for _, ev := range r.Events {
		if ev.Kind == stt.Turn {
			continue
		}
		heard = append(heard, strings.TrimSpace(ev.Kind.String()+" "+ev.Transcript.Text))
	}
	return heard
}
