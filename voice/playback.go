package voice

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// ErrInterrupted is the error of a [Playback] that the caller did not hear to
// its end.
var ErrInterrupted = errors.New("voice: playback was interrupted")

// Playback is audio on its way to the caller.
type Playback struct {
	player *player
	mark   string // the name of the mark behind the audio
	length time.Duration
	begins time.Time // when the caller hears its first sample, by our clock; the player's lock guards it
	done   chan struct{}
	err    error         // valid once done is closed
	heard  time.Duration // valid once done is closed
}

// Wait returns when the caller has heard all of the audio: nil then,
// [ErrInterrupted] when [Call.Interrupt] cut it off, [ErrCallEnded] when the
// call ended first, or the error of ctx.
func (p *Playback) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	select {
	case <-p.done: // a call that has ended takes its contexts with it
		return p.err
	default:
		return ctx.Err()
	}
}

// Done is closed when the playback is over, for whatever reason.
func (p *Playback) Done() <-chan struct{} { return p.done }

// Heard returns how much of the audio the caller has heard so far. Twilio tells
// only of a playback's end; before it, this is an estimate by the clock.
func (p *Playback) Heard() time.Duration {
	select {
	case <-p.done:
		return p.heard
	default:
		p.player.mu.Lock()
		defer p.player.mu.Unlock()
		return p.estimate(time.Now())
	}
}

// estimate returns what has been heard by now if all goes by the clock. The
// caller holds the player's lock.
func (p *Playback) estimate(now time.Time) time.Duration {
	return max(0, min(p.length, now.Sub(p.begins)))
}

func (p *Playback) finish(heard time.Duration, err error) {
	p.heard, p.err = heard, err
	close(p.done)
}

// player keeps a call's playbacks in order. Every playback is followed by a
// mark, which Twilio sends back when it has played what came before.
type player struct {
	mu      sync.Mutex
	queue   []*Playback // in the order they play
	next    int         // number of the next mark
	free    time.Time   // when everything queued so far has been heard
	closed  bool
	idle    chan struct{} // closed while nothing plays
	playing bool
}

// maxPlaybacks is how many playbacks a call queues. It is below the number of
// marks that a connection does: audio whose mark is refused would still be heard.
const maxPlaybacks = 1000

// markPrefix begins the names of all marks, which Twilio's logs show.
const markPrefix = "dialtone-"

func newPlayer() *player {
	p := &player{idle: make(chan struct{})}
	close(p.idle)
	return p
}

// add registers a playback of the given length.
func (p *player) add(length time.Duration, now time.Time) (*Playback, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrCallEnded
	}
	if len(p.queue) >= maxPlaybacks {
		return nil, mediastream.ErrQueueFull
	}
	begins := now
	if p.free.After(now) {
		begins = p.free
	}
	p.free = begins.Add(length)
	playback := &Playback{
		player: p,
		mark:   markPrefix + strconv.Itoa(p.next),
		length: length,
		begins: begins,
		done:   make(chan struct{}),
	}
	p.next++
	p.queue = append(p.queue, playback)
	if !p.playing {
		p.playing, p.idle = true, make(chan struct{})
	}
	return playback, nil
}

// drop forgets the playback that was added last and could not be sent.
func (p *player) drop(playback *Playback, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := slices.Index(p.queue, playback)
	if n < 0 { // the call has ended meanwhile
		return
	}
	p.queue = slices.Delete(p.queue, n, n+1)
	p.free = playback.begins
	playback.finish(0, err)
	if len(p.queue) == 0 {
		p.rest()
	}
}

// mark finishes the playback that the mark belongs to, and those before it. A
// mark that a clear sent back finds nothing: interrupt was there before.
func (p *player) mark(name string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := slices.IndexFunc(p.queue, func(playback *Playback) bool { return playback.mark == name })
	if n < 0 {
		return
	}
	for _, playback := range p.queue[:n+1] {
		playback.finish(playback.length, nil)
	}
	p.queue = p.queue[n+1:]
	if len(p.queue) == 0 {
		p.free = now
		p.rest()
		return
	}
	p.queue[0].begins = now
}

// interrupt finishes all playbacks with err.
func (p *player) interrupt(err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, playback := range p.queue {
		playback.finish(playback.estimate(now), err)
	}
	p.queue, p.free = nil, now
	p.rest()
}

// close finishes everything and refuses what comes later.
func (p *player) close(now time.Time) {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.interrupt(ErrCallEnded, now)
}

// wait returns when nothing plays any more, or when ctx is done.
func (p *player) wait(ctx context.Context) {
	p.mu.Lock()
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// rest notes that nothing plays. The caller holds the lock.
func (p *player) rest() {
	if p.playing {
		p.playing = false
		close(p.idle)
	}
}

// left returns how long what is queued will still play.
func (p *player) left(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.free.Sub(now))
}

// unheard returns how many playbacks have not been heard to their end.
func (p *player) unheard() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}
