package voice

import (
	"context"
	"errors"
	"time"
)

// ErrInterrupted is returned by [Playback.Wait] when the playback was cut off before the
// caller had heard it to its end.
var ErrInterrupted = errors.New("voice: playback was interrupted")

// source is what a talker makes a playback of.
type source interface {
	// send sends it to its end, in portions, by the talker's send.
	send(t *talker, p *Playback) error
	// heard returns the text of the first n bytes that were sent.
	heard(n int) string
	// written returns the text so far.
	written() string
}

// Playback is audio, or text that is said, on its way to the caller. It is made by a [Call];
// the zero value is not usable.
type Playback struct {
	player *player
	mark   string // the name of the mark behind the audio
	done   chan struct{}

	source source             // nil for audio
	making context.Context    // of a source: while it may be made
	cancel context.CancelFunc // ends making

	manner

	survived []error // of the synthesisers, of which the talker knows

	// The player's lock guards these until done is closed.
	audio []byte // what waits for the end of an utterance that is being made
	begun bool   // some of it was sent, at from of the stream's audio
	sent  bool   // all of it
	doubt bool   // Twilio may not have it, although it was sent
	from  int64  // bytes
	size  int64  // bytes that were sent
	cause error  // why its source ended early

	err   error         // valid once done is closed
	heard time.Duration // valid once done is closed
	text  string        // valid once done is closed
}

// manner is how a playback is said or played.
type manner struct {
	interruption *Interruption // nil until it is queued: that of the call
	asks         bool          // it is a question
}

// Wait returns when the caller has heard all of the audio: nil then,
// [ErrInterrupted] when [Call.Interrupt] cut it off, [ErrCallEnded] when the
// call ended first, or the error of ctx. Where text could not be said to its end Wait
// returns why, when what was said of it has been heard: see [Call.SayTokens].
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

// Heard returns how much of the audio the caller has heard so far. Twilio reports
// only marks: one behind the audio, and one behind each word of text that is said. Between
// them Heard is an estimate by the clock, which stays short of a mark that has not come back.
func (p *Playback) Heard() time.Duration {
	p.player.mu.Lock()
	defer p.player.mu.Unlock()
	if p.over() {
		return p.heard
	}
	_, about := p.player.out.Played()
	return p.player.length(p.played(about))
}

// Text returns the text that is said, in the characters that the host gave, as far as it has
// come. It is empty for audio that is played.
func (p *Playback) Text() string {
	p.player.mu.Lock()
	defer p.player.mu.Unlock()
	if p.source == nil {
		return ""
	}
	return p.source.written()
}

// HeardText returns the beginning of the text that the caller has heard so far, in the
// characters that the host gave: what a language model should believe it has said. It
// ends behind a word, with its punctuation, and never holds a word that was not heard. A
// word counts as heard when Twilio has said so, which takes a round trip: one that ended
// in the moment before an [Call.Interrupt] may be missing. An engine without word times
// makes it an estimate, of one word too many at most. It is empty for audio that is played.
func (p *Playback) HeardText() string {
	p.player.mu.Lock()
	defer p.player.mu.Unlock()
	if p.over() {
		return p.text
	}
	certain, _ := p.player.out.Played()
	return p.heardText(certain)
}

// over reports whether the playback is over.
func (p *Playback) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// played returns how many bytes of the playback's audio lie before a position of the
// stream's. The caller holds the player's lock.
func (p *Playback) played(position int64) int {
	if !p.begun {
		return 0
	}
	return int(max(0, min(p.size, position-p.from)))
}

// heardText is HeardText for a position. The caller holds the player's lock.
func (p *Playback) heardText(position int64) string {
	if p.source == nil || !p.begun {
		return ""
	}
	return p.source.heard(p.played(position))
}

// finish ends the playback, of which the caller has heard what lies before the two
// positions. The caller holds the player's lock.
func (p *Playback) finish(certain, about int64, err error) {
	p.heard, p.text, p.err = p.player.length(p.played(about)), p.heardText(certain), err
	if p.cancel != nil {
		p.cancel()
	}
	p.player.spoke(p, about)
	p.audio = nil
	close(p.done)
}
