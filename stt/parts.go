package stt

import (
	"bytes"
	"slices"
	"time"
)

// Parts gives a [Recognizer] of phrases the speech before a pause, by
// Segmentation.Join, and parts of an utterance while the caller speaks, by
// Segmentation.Ahead.
type Parts struct {
	// More is true while the caller speaks: the audio is only the new part of the
	// utterance, and the recogniser answers without text.
	More bool
	// Whole is all speech since the last match, without the pauses; nil if the utterance
	// is the first. The recogniser tries the utterance alone first. If it matches Whole
	// instead, it sets MatchedWhole, and its transcript's times count from the beginning
	// of Whole; the caller of Recognize adds the pauses.
	Whole        []byte
	MatchedWhole bool
	Offset       time.Duration // of the utterance in Whole
	// Kept is the recogniser's own state, which it stored here at the call before for
	// Whole up to New. If nothing matches, the recogniser stores its state for all of
	// Whole here.
	Kept any
	New  time.Duration
}

// progress is how much of an utterance the recogniser was given in parts, and what it
// keeps of that and of what came before.
type progress struct {
	begin, reach time.Duration
	joined       bool // to what is held
	kept         any
}

// prepare gives the recogniser a part of the utterance under way, unless it has not
// had all before. One that fails is lost: it has the whole utterance again at its end.
func (u *utterances) prepare(one *utterance) {
	if one.offset == one.begin {
		u.ahead = progress{begin: one.begin, reach: one.begin}
		if u.ahead.joined = u.joins(one); u.ahead.joined {
			u.ahead.kept = u.held.kept
		}
	}
	if a := &u.ahead; a.begin == one.begin && a.reach == one.offset {
		var wait time.Duration
		p := &Parts{More: true, Kept: a.kept, New: one.offset - one.begin}
		if a.joined {
			p.Offset = u.before(one.begin)
			p.New += p.Offset
		}
		if _, err := u.ask(one, p, &wait); err == nil {
			a.reach, a.kept = one.offset+u.c.Format.Duration(len(one.audio)), p.Kept
		}
	}
}

// parts is what the recogniser is told of an utterance that has ended, and of the
// whole that it may be the end of; nil if there is no more to it.
func (u *utterances) parts(one, whole *utterance) *Parts {
	if u.e.o.Join <= 0 && u.e.o.Ahead <= 0 {
		return nil
	}
	p := new(Parts)
	if whole != nil {
		p.Whole, p.Offset, p.Kept = whole.audio, u.before(one.offset), u.held.kept
	}
	p.New = p.Offset
	a, end := u.ahead, one.offset+u.c.Format.Duration(len(one.audio))
	if a.begin == one.offset && a.begin < a.reach && a.reach <= end && a.joined == (whole != nil) {
		p.Kept, p.New = a.kept, p.Offset+a.reach-a.begin
	}
	return p
}

// maxJoined bounds the speech that is kept for a phrase that does not end.
const maxJoined = 30 * time.Second

// joins reports whether an utterance may continue the one that is held.
func (u *utterances) joins(one *utterance) bool {
	h := u.held
	return h != nil && one.audio != nil && one.start-h.end <= u.e.o.Join && one.end-h.start <= maxJoined
}

// before returns how much of what is held lies before an utterance that begins at
// offset: the audio of one may begin before that of the other ends.
func (u *utterances) before(offset time.Duration) time.Duration {
	from, silent := time.Duration(0), time.Duration(0) // of its last piece
	for _, p := range u.held.pauses {
		from, silent = p.at, silent+p.length
	}
	return min(u.c.Format.Duration(len(u.held.audio)), max(from, offset-u.held.offset-silent))
}

// join returns the utterance that is held and the given one as a single one, without
// the pause between them, or nil when they do not belong together.
func (u *utterances) join(one *utterance) *utterance {
	if !u.joins(one) {
		return nil
	}
	h, at := u.held, u.before(one.offset)
	all := &utterance{audio: slices.Concat(h.audio[:u.c.Format.Bytes(at)], one.audio), offset: h.offset, start: h.start, end: one.end}
	length := one.offset - h.offset - at
	for _, p := range h.pauses {
		length -= p.length
	}
	all.pauses = append(slices.Clone(h.pauses), pause{at, length})
	return all
}

// pause is silence that was left out between two utterances.
type pause struct {
	at     time.Duration // in the audio without pauses
	length time.Duration
}

// withPauses puts times in the utterance's audio where they are with the pauses.
func (one *utterance) withPauses(t *Transcript) {
	if len(one.pauses) == 0 {
		return
	}
	move := func(at *time.Duration, end time.Duration) { // an end at a pause is before it
		for place, i := *at-end, 0; i < len(one.pauses) && place >= one.pauses[i].at; i++ {
			*at += one.pauses[i].length
		}
	}
	move(&t.Start, 0)
	move(&t.End, 1)
	for i := range t.Words {
		move(&t.Words[i].Start, 0)
		move(&t.Words[i].End, 1)
	}
}

// hold keeps all that matched nothing, for the next utterance.
func (u *utterances) hold(all *utterance, parts *Parts, unmatched bool) {
	switch {
	case !unmatched:
		u.held = nil
	case u.e.o.Join > 0 && all.audio != nil:
		u.held = &utterance{audio: bytes.Clone(all.audio), offset: all.offset, start: all.start, end: all.end, pauses: all.pauses, kept: parts.Kept}
	}
}
