package voice

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// player keeps a call's playbacks in order. Every playback is followed by a mark, which
// Twilio sends back when it has played what came before. Audio is sent as it comes; while
// text is being made into speech, a talker sends that and then what was played behind it.
type player struct {
	out   output
	spawn func(func())                                          // starts a goroutine that the call waits for
	told  func(playback *Playback, err error, interrupted bool) // how the source of a playback ended; on a talker's goroutine

	length func(n int) time.Duration // of n bytes of what is sent

	order sync.Mutex // keeps each playback's audio and mark together; held before mu

	mu      sync.Mutex
	queue   []*Playback // in the order they play
	next    int         // number of the next mark
	sent    int64       // bytes of audio given to the connection
	waiting int         // bytes of audio behind what is being made
	talker  *talker     // nil while nothing is made
	closed  bool
	idle    chan struct{} // closed while nothing plays
	playing bool

	interruption Interruption // of what is queued from now on
	run          uint64       // counts the times that something began to play, and interruptions
	pauses       uint64       // counts them
	paused       uint64       // the pause that holds; 0 if none does
	recent       []spoken     // texts that were said last
	still        *stillness   // nil where nobody waits for the caller
	answers      answering
}

const (
	// maxPlaybacks is how many playbacks a call queues. It is below the number of
	// marks that a connection does: audio whose mark is refused would still be heard.
	maxPlaybacks = 1000
	// maxWaiting is how much audio waits behind speech that is being made, in bytes: what
	// a connection queues.
	maxWaiting = 2 * 60 * 8000
)

// markPrefix begins the names of all marks, which Twilio's logs show.
const markPrefix = "dialtone-"

func newPlayer(out output, spawn func(func())) *player {
	p := &player{out: out, spawn: spawn, told: func(*Playback, error, bool) {}, length: audioLength, idle: make(chan struct{}),
		interruption: Interruption{}.complete()}
	close(p.idle)
	return p
}

// play queues audio, and sends it unless speech is being made. The caller holds order.
func (p *player) play(audio []byte, as manner) (*Playback, error) {
	playback := &Playback{manner: as}
	if waits, err := p.add(playback, audio); waits || err != nil {
		return playback, err
	}
	err := p.out.SendMedia(audio)
	if err == nil {
		p.count(playback, len(audio))
		err = p.out.SendMark(playback.mark)
	}
	if err != nil {
		p.drop(playback, err)
		return nil, err
	}
	return playback, nil
}

// add registers a playback: speech, or audio, which waits if speech is being made.
func (p *player) add(playback *Playback, audio []byte) (waits bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return false, ErrCallEnded
	case len(p.queue) >= maxPlaybacks:
		return false, mediastream.ErrQueueFull
	}
	waits = p.talker != nil && playback.source == nil
	if waits {
		if p.waiting+len(audio) > maxWaiting {
			return false, mediastream.ErrQueueFull
		}
		p.waiting += len(audio)
		playback.audio = bytes.Clone(audio)
	}
	playback.player, playback.mark, playback.done = p, p.name(), make(chan struct{})
	if playback.interruption == nil {
		policy := p.interruption
		playback.interruption = &policy
	}
	playback.sent = !waits && playback.source == nil
	p.queue = append(p.queue, playback)
	if !p.playing {
		p.playing, p.idle = true, make(chan struct{})
		p.run++
		p.answers.begins(p.pauses)
		p.still.talks()
	}
	if playback.source != nil && p.talker == nil {
		p.talker = &talker{player: p, done: make(chan struct{})}
		p.spawn(p.talker.talk)
	}
	return waits, nil
}

// name returns the name of the next mark. The caller holds mu.
func (p *player) name() string {
	p.next++
	return markPrefix + strconv.Itoa(p.next-1)
}

// count notes that n bytes of a playback's audio were sent.
func (p *player) count(playback *Playback, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !playback.begun {
		playback.begun, playback.from = true, p.sent
	}
	playback.size += int64(n)
	p.sent += int64(n)
}

// drop forgets a playback that could not be sent.
func (p *player) drop(playback *Playback, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := slices.Index(p.queue, playback)
	if n < 0 { // the call has ended meanwhile
		return
	}
	p.queue = slices.Delete(p.queue, n, n+1)
	certain, about := p.out.Played()
	playback.finish(certain, about, err)
	p.settle()
}

// audible notes when the first sample of what plays was heard: a mark behind it has come back.
// It returns how long the caller has waited, as far as is known. The caller holds mu.
func (p *player) audible() (gap time.Duration) {
	if !p.answers.silent || len(p.queue) == 0 || !p.queue[0].begun {
		return 0
	}
	certain, _ := p.out.Played()
	heard := certain - p.queue[0].from
	if heard <= 0 {
		return 0
	}
	return p.answers.heard(p.length(int(heard)), p.pauses)
}

// mark finishes the playback that the mark belongs to, and those before it. A
// mark that a clear sent back finds nothing: interrupt was there before.
func (p *player) mark(name string) {
	p.mu.Lock()
	gap := p.audible()
	defer func() {
		p.mu.Unlock()
		if gap > 0 && p.answers.told != nil {
			p.answers.told(gap)
		}
	}()
	n := slices.IndexFunc(p.queue, func(playback *Playback) bool { return playback.mark == name && playback.sent })
	if n < 0 {
		return
	}
	for _, playback := range p.queue[:n+1] {
		end := playback.from + playback.size
		playback.finish(end, end, playback.cause)
	}
	p.queue = p.queue[n+1:]
	p.settle()
}

// interrupt finishes all playbacks with err, and leaves the talker behind. The caller
// holds order.
func (p *player) interrupt(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	certain, about := p.out.Played()
	for _, playback := range p.queue {
		playback.finish(certain, about, err)
	}
	p.queue, p.waiting, p.talker = nil, 0, nil
	p.run, p.paused = p.run+1, 0
	p.settle()
}

// close finishes everything and refuses what comes later.
func (p *player) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.interrupt(ErrCallEnded)
}

// wait returns when nothing plays any more, when ctx is done, or when grace is over after
// the time at which all should have been heard.
func (p *player) wait(ctx context.Context, grace time.Duration) {
	p.mu.Lock()
	idle, talker := p.idle, p.talker
	p.mu.Unlock()
	if talker != nil {
		select {
		case <-talker.done:
		case <-idle:
		case <-ctx.Done():
		}
	}
	timer := time.NewTimer(p.remaining() + grace)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// settle notes that nothing plays if that is so. The caller holds mu.
func (p *player) settle() {
	if len(p.queue) == 0 && p.playing {
		p.playing = false
		close(p.idle)
		p.still.finished()
	}
}

// remaining returns how long what is made will still play.
func (p *player) remaining() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return 0
	}
	return p.leftNow()
}

// leftNow is left. The caller holds mu.
func (p *player) leftNow() time.Duration {
	_, about := p.out.Played()
	return p.length(int(max(0, p.sent-about)) + p.waiting)
}

// doubts notes whether Twilio may not have what is sent of a playback.
func (p *player) doubts(playback *Playback, doubt bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	playback.doubt = doubt
}

// unsent returns how many playbacks have not been sent to their end, as far as is known.
func (p *player) unsent() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, playback := range p.queue {
		if !playback.sent || playback.doubt {
			n++
		}
	}
	return n
}

// unheard returns how many playbacks have not been heard to their end.
func (p *player) unheard() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// spoken is a text, or part of it, that was said.
type spoken struct {
	source   source
	from, to int64 // of the stream's audio
}

// keepSpoken is how many texts that were said are remembered.
const keepSpoken = 8

// spoke remembers a text of which a part was said. The caller holds mu.
func (p *player) spoke(playback *Playback, about int64) {
	if playback.source == nil || !playback.begun {
		return
	}
	if len(p.recent) == keepSpoken {
		p.recent = slices.Delete(p.recent, 0, 1)
	}
	p.recent = append(p.recent, spoken{playback.source, playback.from, playback.from + int64(playback.played(about))})
}
