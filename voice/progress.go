package voice

import (
	"time"

	"agentos.dev/dialtone/mediastream"
)

// Progress is a snapshot of a call that is up.
type Progress struct {
	Info
	StreamSID string
	Started   time.Time // of the call's first stream
	Speaking  bool      // the caller speaks, according to the recogniser; in a call that is listened to, either side
	// Level is how loud what has come is since the call was last looked at, in dBov, from 0 to
	// -127: silence, nothing at all, or a first look. Over ConversationRelay no audio comes.
	Level     float64
	Playbacks int // that were queued and have not been heard to their end
	Stream    mediastream.Stats
}

// Progress returns the calls that are up, in no particular order. A look at a call begins to
// measure its level, which goes on for ten seconds: look once a second.
func (s *Server) Progress() []Progress {
	calls := s.all()
	all := make([]Progress, len(calls))
	for i, c := range calls {
		all[i] = Progress{Info: c.Info, StreamSID: c.StreamSID, Started: c.Started, Level: silenceLevel, Playbacks: c.player.unheard(), Stream: c.line.Stats()}
		for n := range c.listeners {
			l := &c.listeners[n]
			all[i].Level = max(all[i].Level, l.gauge.look())
			all[i].Speaking = all[i].Speaking || l.speaks.Load()
		}
	}
	return all
}
