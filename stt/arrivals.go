package stt

import "time"

// arrivals remembers when the audio of the last while came in, to tell how long
// after it a transcript came. It is not safe for concurrent use.
type arrivals struct {
	base  time.Time
	slots []uint32 // milliseconds after base, one per frameTime of audio, as a ring
	next  int      // slots ever filled
}

// frameTime is the length of a Twilio frame, and how finely arrivals are kept.
const frameTime = 20 * time.Millisecond

func newArrivals(span time.Duration) *arrivals {
	return &arrivals{slots: make([]uint32, span/frameTime)}
}

// mark says that the audio up to clock has arrived now.
func (a *arrivals) mark(clock time.Duration, now time.Time) {
	if a.base.IsZero() {
		a.base = now
	}
	for ms := uint32(now.Sub(a.base) / time.Millisecond); time.Duration(a.next)*frameTime < clock; a.next++ {
		a.slots[a.next%len(a.slots)] = ms
	}
}

// at returns when the last sample before clock arrived; false if it has not, or
// if that was too long ago.
func (a *arrivals) at(clock time.Duration) (time.Time, bool) {
	slot := int((clock - 1) / frameTime)
	if clock <= 0 || slot >= a.next || a.next-slot > len(a.slots) {
		return time.Time{}, false
	}
	return a.base.Add(time.Duration(a.slots[slot%len(a.slots)]) * time.Millisecond), true
}
