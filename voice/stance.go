package voice

import (
	"slices"
	"strings"
	"time"
)

// stance is what the server does when the caller begins to speak.
type stance struct {
	speaks  bool         // something is queued, or heard
	audible bool         // some of it has been sent
	ends    bool         // hardly anything is left of it: the caller may begin to answer
	asks    bool         // it is a question
	policy  Interruption // of what plays
	run     uint64       // of the player
}

const (
	// almost is how much is left of what is said, at most, when the caller answers it.
	almost = 1200 * time.Millisecond
	// echoDelay is how much later than it is heard what the server says comes back.
	echoDelay = 900 * time.Millisecond
)

// stance returns what the player does.
func (p *player) stance() stance {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := stance{run: p.run}
	if len(p.queue) == 0 {
		return s
	}
	first := p.queue[0]
	s.speaks, s.audible, s.asks, s.policy = true, first.begun, first.asks, *first.interruption
	s.ends = !slices.ContainsFunc(p.queue, func(playback *Playback) bool { return !playback.sent }) && p.leftNow() <= almost
	return s
}

// pause stops the output, if that is still the run, and returns the number of the pause; 0 if
// it does not.
func (p *player) pause(run uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, ok := p.out.(pauser)
	if !ok || p.run != run || len(p.queue) == 0 || p.paused != 0 || out.Pause() != nil {
		return 0
	}
	p.pauses++
	p.paused = p.pauses
	return p.paused
}

// resume ends a pause, and reports whether it held until then.
func (p *player) resume(pause uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pause == 0 || p.paused != pause {
		return false
	}
	p.paused = 0
	return p.out.(pauser).Resume() == nil
}

// cut drops what plays and what is queued, if that is still the run. Of what a pause has held
// after all that was heard, it resumes what is new. It reports whether there was anything to
// stop.
func (p *player) cut(run, pause uint64) bool {
	p.order.Lock()
	defer p.order.Unlock()
	p.mu.Lock()
	same := p.run == run && len(p.queue) > 0
	p.mu.Unlock()
	if !same {
		return p.resume(pause)
	}
	p.interrupt(ErrInterrupted)
	return p.out.Clear() == nil
}

// place returns about how much of the stream's audio has been heard.
func (p *player) place() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, about := p.out.Played()
	return about
}

// said returns what has been said between two places of the stream's audio.
func (p *player) said(from, to int64) string {
	if from >= to {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, about := p.out.Played()
	texts := slices.Clone(p.recent)
	for _, playback := range p.queue {
		if playback.source != nil && playback.begun {
			texts = append(texts, spoken{playback.source, playback.from, playback.from + int64(playback.played(about))})
		}
	}
	var said []string
	for _, t := range texts {
		if t.to = min(t.to, to); t.to <= max(from, t.from) {
			continue
		}
		whole := t.source.heard(int(t.to - t.from))
		before := t.source.heard(int(max(0, from-t.from)))
		said = append(said, strings.TrimPrefix(whole, before))
	}
	return strings.Join(said, " ")
}

// places remembers how much of the stream's audio had been heard when the caller's had come
// so far.
type places struct {
	at100ms [128]int64 // by tenths of a second, as a ring
	next    int        // tenths so far
}

const placesEvery = 100 * time.Millisecond

// note takes what has been heard now.
func (p *places) note(clock time.Duration, player *player) {
	if int(clock/placesEvery) < p.next {
		return
	}
	place := player.place()
	for ; p.next <= int(clock/placesEvery); p.next++ {
		p.at100ms[p.next%len(p.at100ms)] = place
	}
}

// at returns the place at a time of the caller's audio, as far as that is remembered.
func (p *places) at(clock time.Duration) int64 {
	if p.next == 0 {
		return 0
	}
	n := min(int(max(0, clock+placesEvery-1)/placesEvery), p.next-1)
	return p.at100ms[max(n, p.next-len(p.at100ms), 0)%len(p.at100ms)]
}

// turnEnded notes when the caller stopped speaking in a turn that is over, and tells the gap
// of an answer that began before that was known.
func (p *player) turnEnded(at time.Time) {
	p.mu.Lock()
	gap := p.answers.turnEnded(at)
	p.mu.Unlock()
	if gap > 0 && p.answers.told != nil {
		p.answers.told(gap)
	}
}

// cutsIn reports whether the last answer cut the caller off, who spoke at these times.
func (p *player) cutsIn(from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers.cutsIn(from, to)
}
