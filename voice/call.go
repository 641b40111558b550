package voice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/tts"
)

// ErrListening is returned by Say, Play, Ask and other methods of a call that is only
// listened to: its stream takes no audio. Only a call of Config.Handler can be spoken to.
var ErrListening = errors.New("voice: the call is only listened to: nothing can be said in it")

// Handler answers calls.
//
// ServeCall runs on a goroutine of its own for every call. Returning nil hangs up
// after what was played has been heard; returning an error hangs up at once, and
// the call counts as failed unless it was over anyway. The context ends when the
// call has: a moment after the caller hung up, which leaves a second for the last
// words to be transcribed, or when the call has lasted [Config].MaxDuration or
// the server shuts down; context.Cause returns the [Reason]. A panic ends
// that call alone.
type Handler interface {
	ServeCall(ctx context.Context, call *Call) error
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(ctx context.Context, call *Call) error

// ServeCall calls f.
func (f HandlerFunc) ServeCall(ctx context.Context, call *Call) error { return f(ctx, call) }

// Call is a call in progress. Its methods may be called from any goroutine, but
// only one at a time may read events. It is made by a [Server]; the zero value is not usable.
type Call struct {
	Info
	StreamSID string    // "MZ" and 32 hexadecimal digits; over ConversationRelay the session's, "VX" and as many
	Started   time.Time // of the call's first stream

	line      line
	inbox     *inbox
	player    *player
	owner     *owner     // nil if the call ends with its stream
	resumed   *Resumed   // nil in the first stream
	relay     *RelayCall // nil of a Media Stream
	control   CallControl
	transfers atomic.Int32 // transfers that were taken or are under way
	over      atomic.Bool  // the call has ended: nothing reaches the caller any more
	handsOff  bool         // RelayOptions.HandOff is there
	gone      atomic.Bool  // its place has been given back, or left to a transfer
	release   func()       // says that it has ended
	log       *slog.Logger
	page      *journal.Stream // nil unless it is recorded
	expect    func(stt.Expectation) error
	queued    func(*Playback) // tells the trace
	listen    func(tracks twiml.Track, then []twiml.Verb) (*twiml.Response, error)
	late      string // the key that may come behind the last answer of Ask, which was complete without it

	speaker  tts.Synthesizer // nil without Config.TTS
	speaking tts.Options
}

// Transcripts returns what the caller says as it is recognised: final transcripts, and
// before them interim ones if the engine has them. In a call that is listened to it returns
// what both sides say, told apart by their Track. The
// sequence ends when the call does, or with an error when speech recognition has
// failed for good; the call is still up then. Without [Config].STT the sequence
// only waits for the end of the call. Keys that are pressed meanwhile are dropped: use
// [Call.Events] to get both.
func (c *Call) Transcripts(ctx context.Context) iter.Seq2[stt.Transcript, error] {
	return func(yield func(stt.Transcript, error) bool) {
		for e, err := range c.Events(ctx) {
			switch {
			case err != nil:
				yield(stt.Transcript{}, err)
				return
			case e.Kind == stt.Interim, e.Kind == stt.Final:
				if !yield(e.Transcript, nil) {
					return
				}
			}
		}
	}
}

// Events returns everything that happens in the call: speech that starts, what
// is recognised, steps of the caller's turn, keys that are pressed. It ends when the
// call does or ctx is done. After an error there are no more transcripts; keys still come. Leaving the loop and coming back later loses nothing.
func (c *Call) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := c.inbox.next(ctx, true)
			if err != nil || !yield(e, e.failure) {
				return
			}
		}
	}
}

// Expect describes the answer to the host's question to the recogniser, so that the
// end of the caller's turn comes sooner, and not in the middle of a number: see
// [stt.Expectation]. It holds until the next Expect. The error is the recogniser's
// when that has ended; without a recogniser Expect does nothing.
func (c *Call) Expect(e stt.Expectation) error { return c.expect(e) }

// Digits collects keys that the caller presses until there are n of them or the
// key end is pressed ("#", say; "" for none). When ctx is done first it returns the
// error of ctx, when the call ends first [ErrCallEnded], with the digits so far.
// Speech that comes in between is dropped. In a call that is listened to it returns
// [ErrListening]: Twilio does not report the keys that are pressed there.
func (c *Call) Digits(ctx context.Context, n int, end string) (string, error) {
	if c.Unidirectional {
		return "", ErrListening
	}
	digits := ""
	for len(digits) < n {
		e, err := c.inbox.next(ctx, false)
		switch {
		case err == io.EOF:
			return digits, ErrCallEnded
		case err != nil:
			return digits, err
		case e.Digit == "":
		case e.Digit == end:
			return digits, nil
		default:
			digits += e.Digit
		}
	}
	return digits, nil
}

// errWAV is the error of a WAV file played as it is, which would be noise.
var errWAV = errors.New("voice: audio is a WAV file: read it with codec.ReadMulaw")

// Play queues audio for the caller, behind what was queued before, and returns
// at once. The audio is what a call carries: mu-law, 8000 Hz, one byte a sample;
// see codec.ReadMulaw for reading a WAV file. Errors are [ErrCallEnded], [ErrListening],
// mediastream.ErrQueueFull when more than two minutes or a thousand playbacks are
// queued, and the error of ctx: what is played under a context that was done before
// a [Call.Interrupt] is not heard after it. Audio with an error is not heard at all. Over
// ConversationRelay the error is [ErrNoAudio].
func (c *Call) Play(ctx context.Context, audio []byte) (*Playback, error) {
	return c.play(ctx, audio, manner{})
}

func (c *Call) play(ctx context.Context, audio []byte, as manner) (*Playback, error) {
	if bytes.HasPrefix(audio, []byte("RIFF")) {
		return nil, errWAV
	}
	if c.relay != nil {
		return nil, ErrNoAudio
	}
	c.player.order.Lock()
	defer c.player.order.Unlock()
	if err := c.speakable(ctx); err != nil {
		return nil, err
	}
	playback, err := c.player.play(audio, as)
	c.did(journal.Action{What: "play", Bytes: len(audio)}, err)
	if err != nil {
		return nil, ended(err)
	}
	c.queued(playback)
	c.owner.queued()
	return playback, nil
}

// queue adds a playback of a source.
func (c *Call) queue(ctx context.Context, from source, as manner) (*Playback, error) {
	c.player.order.Lock()
	defer c.player.order.Unlock()
	if err := c.speakable(ctx); err != nil {
		return nil, err
	}
	playback := &Playback{source: from, manner: as}
	playback.making, playback.cancel = context.WithCancel(ctx)
	if _, err := c.player.add(playback, nil); err != nil {
		playback.cancel()
		return nil, err
	}
	c.queued(playback)
	c.owner.queued()
	return playback, nil
}

// Interrupt stops what is playing and drops what is queued, here and at Twilio. Their
// playbacks end with [ErrInterrupted]. A caller who speaks interrupts by himself: see
// [Interruption]. Its only errors are [ErrCallEnded] and [ErrListening].
func (c *Call) Interrupt() error {
	c.player.order.Lock()
	defer c.player.order.Unlock()
	if err := c.speakable(context.Background()); err != nil {
		return err
	}
	c.player.interrupt(ErrInterrupted)
	c.owner.touch()
	err := ended(c.line.Clear())
	c.did(journal.Action{What: "interrupt"}, err)
	return err
}

// SetInterruption says when the caller interrupts what is said, played and asked from then on,
// until the next SetInterruption; what is queued already keeps what it has. It does nothing
// over ConversationRelay, where Twilio judges. Its error says what is wrong with i.
func (c *Call) SetInterruption(i Interruption) error {
	if err := i.check(); err != nil {
		return fmt.Errorf("voice: interruption: %w", err)
	}
	c.player.mu.Lock()
	defer c.player.mu.Unlock()
	c.player.interruption = i.complete()
	return nil
}

// Transfer gives the call other TwiML by REST, such as a Dial to a person. The stream ends,
// and the server no longer controls the call: whatever the handler returns, it is not hung
// up. Let a farewell be heard first, with [Playback.Wait]. The call keeps its place in the
// policy until the status callback reports its end, which also counts it, or for
// [Config].MaxDuration. The TwiML
// can send the call back to the inbound webhook under a URL with another query, such
// as "?nobody=1": the same URL would within a minute get its first answer again.
//
// Errors are [ErrCallEnded], also when the call ends while the request is under way and
// when the [Updater] says so, those of [twiml.Response.ValidateREST], of the Updater, of
// ctx, and one that is errors.ErrUnsupported if [Config].CallControl is not an [Updater]. What
// [twiml.Response.Warnings] finds is sent all the same, and logged. The call's end does
// not cut the request short: one that Twilio has taken ends the stream.
func (c *Call) Transfer(ctx context.Context, to *twiml.Response) error {
	if err := c.alive(ctx); err != nil {
		return err
	}
	updater, ok := c.control.(Updater)
	if !ok {
		return fmt.Errorf("voice: transfer: Config.CallControl is not an Updater: %w", errors.ErrUnsupported)
	}
	if err := to.ValidateREST(); err != nil {
		return fmt.Errorf("voice: transfer: %w", err)
	}
	warnUnknown(c.log, "transfer", to)
	if !c.owner.keeps(ctx) {
		c.owner.fenced()
		return ErrCallEnded
	}
	deadline, ok := ctx.Deadline()
	if latest := time.Now().Add(restTimeout); !ok || deadline.After(latest) {
		deadline = latest
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	c.transfers.Add(1) // before the stream can end
	taken := false
	defer func() { // also when the Updater panics
		if !taken && c.transfers.Add(-1) == 0 && c.gone.Load() { // its end left the place to the transfer
			c.release()
		}
	}()
	document := string(to.AppendXML(nil))
	err := updater.Update(ctx, c.SID, document)
	c.did(journal.Action{What: "transfer", Detail: document}, err)
	if taken = err == nil; !taken && (c.over.Load() || saysEnded(err)) {
		return fmt.Errorf("%w: %w", ErrCallEnded, err)
	}
	return err
}

// MaxState is how many bytes [Call.Save] keeps.
const MaxState = 64 << 10

// ErrStateTooLarge is returned by [Call.Save] for more than [MaxState] bytes.
var ErrStateTooLarge = errors.New("voice: state is larger than 64 KiB")

// Save keeps the state that the handler needs to go on with the call in another stream. It
// replaces the state saved before. It copies state and returns at once. Changes are written
// at most once a second, sealed with the session keys, to [Config].Store. Without a shared
// store, state of up to about 2 kB travels through Twilio when the server shuts down; larger
// state stays in this process.
//
// Save after each Play: a call that resumes knows how many of the last playbacks were not
// heard. Over ConversationRelay save the result of a prompt before answering it. That state
// is written when the handler next says something or reads on; a next leg that does not find
// it is given the prompt again ([Event].Prompt). Errors are [ErrCallEnded] and [ErrStateTooLarge].
func (c *Call) Save(state []byte) error {
	if len(state) > MaxState {
		return fmt.Errorf("%w: %d bytes", ErrStateTooLarge, len(state))
	}
	if c.over.Load() {
		return ErrCallEnded
	}
	err := c.owner.save(state)
	c.did(journal.Action{What: "save", Bytes: len(state)}, err)
	return err
}

// Resumed returns what came before this stream. It reports false in a call's first stream.
func (c *Call) Resumed() (Resumed, bool) {
	if c.resumed == nil {
		return Resumed{}, false
	}
	return *c.resumed, true
}

// Listening is [Server.Listening] for TwiML that takes the call elsewhere, by
// [Call.Transfer]: a call that is handed to a person goes on being transcribed.
func (c *Call) Listening(tracks twiml.Track, then ...twiml.Verb) (*twiml.Response, error) {
	return c.listen(tracks, then)
}

// alive returns ErrCallEnded for a call that has ended, which also ends the handler's
// context, or else the error of ctx.
func (c *Call) alive(ctx context.Context) error {
	err := ctx.Err() // before over, which is set first
	if c.over.Load() {
		return ErrCallEnded
	}
	return err
}

// speakable returns the error of what is to be said in a call, if nothing can be.
func (c *Call) speakable(ctx context.Context) error {
	if c.Unidirectional {
		return ErrListening
	}
	return c.alive(ctx)
}

// did records what the handler did, and the error that it got.
func (c *Call) did(a journal.Action, err error) {
	if c.page != nil {
		a.Error = textOf(err)
		c.page.Did(a)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
