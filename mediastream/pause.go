package mediastream

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// pauseMark begins the names of the marks behind the clears of pauses, which the host does
	// not see.
	pauseMark = "mediastream-pause-"
	// repeated is how much of what was played is played again after a pause, so that a clock
	// that is wrong by as much loses nothing.
	repeated = 10 * time.Millisecond
	// natural is how much later than usual a mark may come back on a connection that does not
	// stall.
	natural = 40 * time.Millisecond
	// pausePatience is how long Resume waits for the carrier to say that it has stopped.
	pausePatience = time.Second
	// unheard is how much audio is kept for a pause beyond what, by the clock, is unplayed, and
	// overdue how much at most while a mark has not come back in time.
	unheard = 500 * time.Millisecond
	overdue = 4 * time.Second
)

// suspend stops the playback until resume.
func (o *outbox) suspend() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return ErrClosed
	case o.pause.on:
		o.pause.goOn = false
		return nil
	}
	o.pause = pause{on: true, count: o.pause.count + 1}
	o.clear = true
	o.kick()
	return nil
}

// resume goes on with a playback that was suspended.
func (o *outbox) resume() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return ErrClosed
	case !o.pause.on:
		return nil
	}
	o.pause.goOn = true
	o.kick()
	return nil
}

// holds reports whether a pause holds everything back, and if so for how long at most; 0 =
// until something happens.
func (o *outbox) holds(now time.Time) (held bool, wait time.Duration) {
	p := &o.pause
	switch {
	case !p.on || o.clear || p.marking:
		return false, 0
	case !p.goOn:
		return true, 0
	case !p.settled:
		if wait := p.since.Add(pausePatience).Sub(now); wait > 0 {
			return true, wait
		}
		o.settle(now)
	}
	p.on = false
	return false, 0
}

// pauses takes a mark that has come back, and reports whether the host is not to see it yet:
// one of a pause, or one that came back while it is not known what was played.
func (o *outbox) pauses(name string, now time.Time) bool {
	p := &o.pause
	if number, ok := strings.CutPrefix(name, pauseMark); ok {
		if p.on && !p.settled && number == strconv.Itoa(p.count) {
			o.settle(now)
		}
		return true
	}
	for i := range o.away {
		switch m := &o.away[i]; {
		case m.name != name || !m.back.IsZero():
		case m.stale > 0:
			m.stale--
			return true
		case p.on && !p.settled && !o.clear && !m.due.IsZero():
			m.back = now
			return true
		default:
			return false
		}
	}
	for i := range o.marks { // of audio that was cleared, and is to be sent again
		if m := &o.marks[i]; m.name == name && m.stale > 0 {
			m.stale--
			return true
		}
	}
	return false
}

// settle takes back what was sent and was not played before a pause. It goes by the clock of
// what was sent, as the clear takes the way of the audio before it; what the carrier plays
// later than that, marks have told. Marks of what was not played will be sent again.
func (o *outbox) settle(now time.Time) {
	p := &o.pause
	trip := now.Sub(p.since)
	behind := max(0, o.lag-trip) // of the clock
	stalled := o.trip > 0 && trip-max(o.lag, o.trip) >= natural
	if trip = max(trip, 1); o.trip == 0 || trip < o.trip {
		o.trip = trip
	}
	played := o.sent
	if left := o.heard.Add(behind).Sub(p.since); left > 0 {
		played -= min(played, uint64(o.bytes(left+repeated)))
	}
	var again []mark
	for _, m := range o.away {
		ago := p.since.Sub(m.due.Add(behind)) // since it was due, by the clock
		late := m.back.Sub(m.due.Add(behind+trip)) >= natural
		switch {
		case m.due.IsZero(): // cleared before
			m.mark.stale = 0
			if m.back.IsZero() {
				continue
			}
			fallthrough
		case ago >= 0 && !late && !stalled && !m.back.IsZero() && len(again) == 0:
			o.certain = max(o.certain, m.pos)
			o.tell(m.name)
			continue
		case ago >= natural:
			stalled = true
		}
		if m.back.IsZero() {
			m.stale++
		}
		again = append(again, m.mark)
	}
	o.away = slices.DeleteFunc(o.away, func(m away) bool { return !m.due.IsZero() })
	if stalled {
		played = o.certain
	}
	played = max(played, o.certain, o.sent-min(o.sent, uint64(o.head)))
	o.head -= int(o.sent - played)
	o.sent, o.flushed = played, max(o.flushed, o.sent)
	o.marks = append(again, o.marks...)
	p.settled, o.heard = true, now.Add(-o.lag)
}

// tell has the host see a mark that was held back.
func (o *outbox) tell(name string) {
	o.told = append(o.told, name)
	o.tells.Store(true)
}

// unpause gives a pause up, whose audio is dropped: the marks that came back in it have come
// back.
func (o *outbox) unpause() {
	o.pause.on, o.pause.marking = false, false
	o.away = slices.DeleteFunc(o.away, func(m away) bool {
		if !m.back.IsZero() {
			o.tell(m.name)
		}
		return !m.back.IsZero()
	})
}

// unplayed returns how many bytes of what was sent may have to be sent once more.
func (o *outbox) unplayed(now time.Time) int {
	n := min(o.head, int(o.sent-o.certain))
	if o.pause.on && !o.pause.settled {
		return n
	}
	keep := max(0, o.heard.Add(o.lag+unheard).Sub(now))
	if len(o.away) > 0 && o.away[0].due.Before(now) {
		keep = overdue
	}
	return min(n, o.bytes(keep))
}

// heldBack returns the next mark that was held back; false if there is none.
func (o *outbox) heldBack() (name string, ok bool) {
	if !o.tells.Load() {
		return "", false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.told) == 0 {
		return "", false
	}
	name, o.told = o.told[0], o.told[1:]
	o.tells.Store(len(o.told) > 0)
	return name, true
}
