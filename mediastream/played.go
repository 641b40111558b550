package mediastream

import (
	"slices"
	"time"
)

// maxAway is how many marks that were sent are waited for; the oldest is given up for
// another one.
const maxAway = 4096

// progress returns how many bytes have been played, by the marks and by the clock.
func (o *outbox) progress() (certain, about int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int64(o.certain), int64(o.about(time.Now()))
}

// about returns what has been played by the clock and the marks.
func (o *outbox) about(now time.Time) uint64 {
	played := o.sent
	if left := o.heard.Add(o.lag).Sub(now); left > 0 {
		played -= min(played, uint64(o.bytes(left)))
	}
	for _, m := range o.away {
		if !m.due.IsZero() {
			played = min(played, max(m.pos, 1)-1)
			break
		}
	}
	return max(played, o.certain)
}

// leaves notes that a mark is sent.
func (o *outbox) leaves(m mark, now time.Time) {
	if len(o.away) == maxAway {
		o.away = slices.Delete(o.away, 0, 1)
	}
	due := o.heard
	if due.Before(now) {
		due = now
	}
	o.away = append(o.away, away{mark: m, due: due})
}

// returned notes that a mark has come back, and with it those before it. It reports whether
// the host is to see that.
func (o *outbox) returned(name string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pauses(name, now) {
		return false
	}
	n := slices.IndexFunc(o.away, func(m away) bool { return m.name == name })
	if n < 0 {
		return true
	}
	m := o.away[n]
	if o.away = slices.Delete(o.away, 0, n+1); m.due.IsZero() {
		return true
	}
	o.certain = max(o.certain, m.pos)
	o.lag = max(0, now.Sub(m.due))
	if trip := max(o.lag, 1); o.trip == 0 || trip < o.trip {
		o.trip = trip
	}
	return true
}

// restart sets the clock back when audio is sent after a pause, or after a clear.
func (o *outbox) restart(now time.Time) {
	if o.heard.Before(now) {
		o.lag = max(0, o.heard.Add(o.lag).Sub(now))
		o.heard = now
	}
}
