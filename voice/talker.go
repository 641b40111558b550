package voice

import (
	"errors"
	"slices"
	"time"
)

// talker is the goroutine that sends sources, as speech while it is made, and what was played behind
// it. It ends when nothing waits. An interruption leaves it behind, so that a synthesiser
// or a stream of tokens that hangs holds nothing up.
type talker struct {
	player *player
	done   chan struct{} // closed when it has ended
}

const (
	// ahead is how much audio is given to the connection before it plays. The connection
	// sends half a second ahead, and keeps the rest for little memory.
	ahead = time.Second
	// share is how much of audio that is played is sent at a time, in bytes: 200 ms.
	share = 1600
	// breath is the shortest time between two looks at what the connection has.
	breath = 20 * time.Millisecond
)

func (t *talker) talk() {
	defer close(t.done)
	for playback := t.next(); playback != nil; playback = t.next() {
		if playback.source != nil {
			err := playback.source.send(t, playback)
			interrupted := playback.making.Err() != nil || errors.Is(err, errGone)
			t.end(playback, err)
			t.player.told(playback, err, interrupted)
		} else {
			t.end(playback, t.play(playback))
		}
	}
}

// next returns the next playback that was not sent; nil when there is none, and then
// another talker is for the next.
func (t *talker) next() *Playback {
	p := t.player
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talker != t {
		return nil
	}
	n := slices.IndexFunc(p.queue, func(playback *Playback) bool { return !playback.sent })
	if n < 0 {
		p.talker = nil
		return nil
	}
	return p.queue[n]
}

// errGone ends the sending of a playback that is over.
var errGone = errors.New("voice: playback is over")

// play sends audio that was played behind speech.
func (t *talker) play(playback *Playback) error {
	t.player.mu.Lock()
	audio := playback.audio // nil when it is over
	t.player.mu.Unlock()
	for part := range slices.Chunk(audio, share) {
		if err := t.send(playback, part, nil); err != nil {
			return err
		}
	}
	return nil
}

// send sends a portion of audio at the pace of its playback, with marks at the given
// places.
func (t *talker) send(playback *Playback, audio []byte, marks []int) error {
	if err := t.pace(playback); err != nil {
		return err
	}
	p := t.player
	p.order.Lock()
	defer p.order.Unlock()
	from := 0
	for _, to := range append(marks, len(audio)) {
		if playback.over() {
			return errGone
		}
		if to > from {
			if err := p.out.SendMedia(audio[from:to]); err != nil {
				return err
			}
			p.count(playback, to-from)
		}
		if from = to; len(marks) == 0 {
			break
		}
		marks = marks[1:]
		p.mu.Lock()
		name := p.name()
		p.mu.Unlock()
		if err := p.out.SendMark(name); err != nil {
			return err
		}
	}
	return nil
}

// pace waits until the connection has little left to play.
func (t *talker) pace(playback *Playback) error {
	var halted <-chan struct{}
	if playback.making != nil {
		halted = playback.making.Done()
	}
	for {
		s := t.player.out.Stats()
		over := s.Queued + s.Unplayed - ahead
		if over <= 0 {
			return nil
		}
		timer := time.NewTimer(max(over, breath))
		select {
		case <-timer.C:
		case <-playback.done:
			timer.Stop()
			return errGone
		case <-halted:
			timer.Stop()
			return playback.making.Err()
		}
	}
}

// end sends the mark behind a playback. cause is why there is no more of it.
func (t *talker) end(playback *Playback, cause error) {
	p := t.player
	p.order.Lock()
	defer p.order.Unlock()
	p.mu.Lock()
	if playback.over() {
		p.mu.Unlock()
		return
	}
	playback.cause, playback.sent = ended(cause), true
	p.waiting -= len(playback.audio)
	playback.audio = nil
	nothing := playback.cause != nil && !playback.begun
	p.mu.Unlock()
	if nothing {
		p.drop(playback, playback.cause)
	} else if err := p.out.SendMark(playback.mark); err != nil {
		p.drop(playback, ended(err))
	}
}
