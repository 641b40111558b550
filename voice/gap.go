package voice

import "time"

// answering knows how the server's answers follow on the caller's turns. The player's lock
// guards it.
type answering struct {
	told    func(gap time.Duration) // may be nil
	ended   time.Time               // when the caller stopped speaking in a turn that has no answer yet
	silent  bool                    // of what plays nothing has been heard
	pauses  uint64                  // of the player, when it began
	audible time.Time               // when what plays, or played last, was first heard
}

// begins notes that something begins to play, and how often the player had paused before.
func (a *answering) begins(pauses uint64) { a.silent, a.pauses = true, pauses }

// heard notes how long ago the first sample of what plays was heard. Audio that a pause has
// held up is ignored. It returns how long the caller has waited; 0 if that is not known, or
// known already.
func (a *answering) heard(ago time.Duration, pauses uint64) (gap time.Duration) {
	if a.silent = false; a.pauses != pauses {
		return 0
	}
	a.audible = time.Now().Add(-ago)
	if !a.ended.IsZero() {
		gap = max(0, a.audible.Sub(a.ended))
	}
	a.ended = time.Time{}
	return gap
}

// turnEnded notes when the caller stopped speaking in a turn that is over. A handler may have
// answered before that was known: it then returns the gap, which is positive.
func (a *answering) turnEnded(at time.Time) (gap time.Duration) {
	gap = a.audible.Sub(at)
	if a.ended = at; gap > 0 {
		a.ended = time.Time{}
	}
	return gap
}

// cutInWithin is how soon after the beginning of an answer the caller goes on, if it has cut
// him off.
const cutInWithin = time.Second

// cutsIn reports whether the last answer began while the caller was speaking, or hardly before
// he went on.
func (a *answering) cutsIn(from, to time.Time) bool {
	if a.audible.IsZero() || from.After(a.audible.Add(cutInWithin)) || to.Before(a.audible) {
		return false
	}
	a.audible = time.Time{} // once
	return true
}
