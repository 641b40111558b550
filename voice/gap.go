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

// turnEnded notes when the caller stopped speaking in a turn that is over. A handler may have
// answered before that was known: the gap is then told at once.
func (p *player) turnEnded(at time.Time) {
	p.mu.Lock()
	a := &p.answers
	gap := a.audible.Sub(at)
	if a.ended = at; gap > 0 {
		a.ended = time.Time{}
	}
	p.mu.Unlock()
	if gap > 0 && a.told != nil {
		a.told(gap)
	}
}

// audible notes when the first sample of what plays was heard: a mark behind it has come back.
// Audio that a pause has held up is ignored. It returns how long the caller has waited; 0 if that
// is not known, or known already. The caller holds mu.
func (p *player) audible() (gap time.Duration) {
	a := &p.answers
	if !a.silent || len(p.queue) == 0 || !p.queue[0].begun {
		return 0
	}
	certain, _ := p.out.Played()
	heard := certain - p.queue[0].from
	if heard <= 0 {
		return 0
	}
	if a.silent = false; a.pauses != p.pauses {
		return 0
	}
	a.audible = time.Now().Add(-p.length(int(heard)))
	if !a.ended.IsZero() {
		gap = max(0, a.audible.Sub(a.ended))
	}
	a.ended = time.Time{}
	return gap
}

// cutInWithin is how soon after the beginning of an answer the caller goes on, if it has cut
// him off.
const cutInWithin = time.Second

// cutsIn reports whether the last answer began while the caller was speaking, or hardly before
// he went on.
func (p *player) cutsIn(from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := p.answers.audible
	if began.IsZero() || from.After(began.Add(cutInWithin)) || to.Before(began) {
		return false
	}
	p.answers.audible = time.Time{} // once
	return true
}
