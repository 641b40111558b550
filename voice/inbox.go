package voice

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/relay"
)

// Event is something that happened in a call: what the recogniser reports, a key that
// the caller pressed, an interruption, silence, or the result of machine detection.
type Event struct {
	stt.Event        // the zero value for all others
	Digit     string // "0" to "9", "*" or "#"; "" otherwise

	// BargeIn is a step of an interruption: see [Interruption].
	BargeIn BargeIn

	// Silent is set when the caller says nothing: see [Silence].
	Silent Silent

	// AnsweredBy is who answered an outbound call, as asynchronous machine detection says:
	// "human", "machine_start", "machine_end_beep", "fax", "unknown", ...; "" otherwise. Its
	// callback (twiliorest.Outbound.DetectionCallback) goes to twilio/amd on any instance;
	// the event comes at once on the one that has the call, within about half a second
	// from another, by Config.Store. It comes once in each stream of a call.
	AnsweredBy string

	// Relay is the message behind the event, in a call over ConversationRelay. It is set for
	// prompts, with all fields, and for messages without an event of their own: errors, info
	// and types that package relay does not know. tokensPlayed is not among them: see
	// Playback.HeardText.
	Relay *relay.Event

	// Prompt numbers the caller's prompts, from 1, in a call over ConversationRelay that may
	// go on in another leg. It comes with their final transcripts and is 0 otherwise. If the
	// handler has neither saved nor read on after a prompt, the next leg is given that prompt
	// again, with the same number: see [Call.Save].
	Prompt uint64

	failure error // why there will be no more transcripts; the rest is empty then
}

// inboxLimit bounds the events of a call that nobody reads, in bytes: hours of talk.
const inboxLimit = 1 << 20

// inbox keeps a call's events until the handler reads them: it is the one queue
// between the recogniser and the handler. An interim transcript replaces an unread
// one; everything else is kept in order. One Degraded event stands for what is given
// up beyond the limit.
type inbox struct {
	mu     sync.Mutex
	events []Event
	size   int           // bytes that they take
	broken error         // why there will be no more transcripts; nil once told
	deaf   error         // the same, told or not
	closed bool          // nothing more will come
	moved  bool          // prompts are for the call's next leg
	wake   chan struct{} // has room for one signal to the one reader

	given  func(prompt uint64) // is told of a prompt that is read; may be nil
	readOn func()              // is told that another event is asked for; may be nil
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// size returns about how many bytes the event takes.
func (e *Event) size() int {
	n := 256 + len(e.Transcript.Text)
	if e.Relay != nil {
		n += 512 + len(e.Relay.Raw)
	}
	for _, w := range e.Transcript.Words {
		n += 48 + len(w.Text)
	}
	return n
}

var errUnread = &stt.Error{Op: "receive", Kind: stt.ErrOverrun, Err: errors.New("1 MiB of events is unread; those after it were given up")}

// put adds an event. It reports false when the inbox is full.
func (b *inbox) put(e Event) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.moved && e.Prompt > 0 {
		return true
	}
	last := len(b.events) - 1
	for i := last; i >= 0 && e.Kind == stt.Interim && b.events[i].Kind == stt.Interim; i-- {
		if b.events[i].Transcript.Track == e.Transcript.Track {
			b.size += e.size() - b.events[i].size()
			b.events[i] = e
			return true
		}
	}
	fits := b.size+e.size() <= inboxLimit
	if !fits {
		if last >= 0 && b.events[last].Err == errUnread {
			return false
		}
		e = Event{Event: stt.Event{Kind: stt.Degraded, Err: errUnread, At: time.Now()}}
	}
	b.size += e.size()
	b.events = append(b.events, e)
	b.signal()
	return fits
}

// fail notes that there will be no more transcripts.
func (b *inbox) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken, b.deaf = err, err
	b.signal()
}

// deafness returns why there will be no more transcripts.
func (b *inbox) deafness() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.deaf
}

// move leaves the prompts that nobody has read to the call's next leg.
func (b *inbox) move() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.moved = true
	b.events = slices.DeleteFunc(b.events, func(e Event) bool {
		if e.Prompt > 0 {
			b.size -= e.size()
		}
		return e.Prompt > 0
	})
}

// close ends the inbox: after the events that are left, next returns io.EOF.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.signal()
}

// next returns the oldest event; after the last one and if failures are wanted,
// once, the failure of speech recognition. Unread events outlive ctx: a call that
// has ended still has its last words to tell.
func (b *inbox) next(ctx context.Context, failures bool) (Event, error) {
	return b.nextUntil(ctx, failures, nil)
}

// errWoken is the error of nextUntil when its channel is closed.
var errWoken = errors.New("voice: woken")

// nextUntil is next, but waits only until another channel is closed as well.
func (b *inbox) nextUntil(ctx context.Context, failures bool, until <-chan struct{}) (e Event, err error) {
	if b.readOn != nil {
		b.readOn()
	}
	for {
		if e, ok, err := b.take(failures); ok || err != nil {
			return e, err
		}
		select {
		case <-b.wake:
			continue
		case <-until:
		case <-ctx.Done():
		}
		if e, ok, err := b.take(failures); ok || err != nil {
			return e, err // a call that has ended takes its contexts with it
		}
		if err := ctx.Err(); err != nil {
			return Event{}, err
		}
		return Event{}, errWoken
	}
}

// take returns what there is. The error is io.EOF when nothing more will come.
func (b *inbox) take(failures bool) (e Event, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(b.events) > 0:
		e = b.events[0]
		b.events[0] = Event{}
		b.events = b.events[1:]
		b.size -= e.size()
		if e.Prompt > 0 && b.given != nil {
			b.given(e.Prompt)
		}
		return e, true, nil
	case failures && b.broken != nil:
		e.failure, b.broken = b.broken, nil
		return e, true, nil
	case b.closed:
		b.signal() // for the next reader
		return Event{}, false, io.EOF
	}
	return Event{}, false, nil
}

func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
