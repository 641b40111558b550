package voice

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/relay"
	"agentos.dev/dialtone/voice/tts"
)

// written is text that Twilio says: all at once, or as it comes.
type written struct {
	line   *relayLine
	owner  *owner
	whole  string                   // all of it, if tokens is nil
	tokens iter.Seq2[string, error] // or else
	text   strings.Builder          // so far; the player's lock guards it
}

// errNoWord is the error of text of which nothing is said.
var errNoWord = &tts.Error{Op: "say", Kind: tts.ErrBadText, Err: errors.New("there is no word in it")}

// send sends the text, one token after the other.
func (w *written) send(t *talker, playback *Playback) (err error) {
	if w.tokens == nil {
		return w.sendWhole(t, playback)
	}
	defer func() {
		if p := recover(); p != nil {
			err = &tts.Error{Op: "say", Kind: tts.ErrPanic, Err: fmt.Errorf("tokens panicked: %v", p)}
		}
	}()
	begun := false
	held := "" // what is not said stays back, so that an empty text is none
	for token, err := range w.tokens {
		switch {
		case err != nil:
			return err
		case playback.making.Err() != nil:
			return playback.making.Err()
		}
		if held += strings.ToValidUTF8(token, ""); held == "" || !begun && !worded([]byte(held)) {
			continue
		}
		if !begun {
			if err := w.begin(t, playback, held); err != nil {
				return err
			}
		}
		begun = true
		t.player.mu.Lock()
		w.text.WriteString(held)
		t.player.mu.Unlock()
		if err := t.send(playback, []byte(held), nil); err != nil {
			return err
		}
		held = ""
	}
	if !begun {
		return errNoWord
	}
	return nil
}

// sendWhole sends the text in one message, so that Twilio has all of it, or nothing.
func (w *written) sendWhole(t *talker, playback *Playback) error {
	if !worded([]byte(w.whole)) {
		return errNoWord
	}
	if err := w.begin(t, playback, w.whole); err != nil {
		return err
	}
	p := t.player
	p.order.Lock()
	defer p.order.Unlock()
	if playback.over() {
		return errGone
	}
	if err := w.line.sendReply(w.whole); err != nil {
		return err
	}
	p.count(playback, len(w.whole))
	p.mu.Lock()
	defer p.mu.Unlock()
	w.text.WriteString(w.whole)
	return nil
}

// begin waits until a text may be sent, of which what is first is the beginning.
func (w *written) begin(t *talker, playback *Playback, first string) error {
	if err := t.pace(playback); err != nil {
		return err
	}
	t.player.doubts(playback, true)
	w.line.awaits(func() {
		t.player.doubts(playback, false)
		w.owner.said()
	})
	if !w.owner.before(first) {
		return errGone
	}
	return nil
}

func (w *written) heard(n int) string { return wholeWords(w.text.String(), n) }

func (w *written) written() string {
	if w.tokens == nil {
		return w.whole
	}
	return w.text.String()
}

// file is audio that Twilio fetches and plays.
type file struct {
	relay.Play
	line *relayLine
}

func (f file) send(t *talker, playback *Playback) error {
	if err := t.pace(playback); err != nil {
		return err
	}
	p := t.player
	p.order.Lock()
	defer p.order.Unlock()
	if playback.over() {
		return errGone
	}
	if err := f.line.sendFile(f.Play); err != nil {
		return err
	}
	p.count(playback, 1)
	return nil
}

func (file) heard(int) string { return "" }

func (file) written() string { return "" }

// RelayCall is what only a call over ConversationRelay has. It is made by [Call.Relay]; the
// zero value is not usable.
type RelayCall struct {
	// Session is what Twilio said of the call when the session began.
	Session relay.Session

	call *Call
	line *relayLine
}

// Relay returns what only a call over ConversationRelay has; nil for one over a Media Stream.
func (c *Call) Relay() *RelayCall { return c.relay }

// Play plays a file of audio, behind what was queued before, and returns at once. Its errors
// are those of [Call.Play], and a [*relay.Error] for an address or a number of times that
// Twilio would not take. Its end shows in Twilio's speaker events, or when text said after it
// is heard. [Call.Interrupt] does not stop it at Twilio; the caller does, unless Interruptible
// says otherwise.
func (r *RelayCall) Play(ctx context.Context, m relay.Play) (*Playback, error) {
	if err := relay.Check(m); err != nil {
		return nil, err
	}
	playback, err := r.call.queue(ctx, file{m, r.line}, manner{})
	r.call.did(journal.Action{What: "play", Detail: m.Source}, err)
	return playback, err
}

// Send sends any other message at once, beside what is queued: a [relay.Language], a
// [relay.Digits], or as [relay.Raw] a change of configuration. What is said and played goes
// through Call.Say and Play, and the end through HandOff or the return of the handler. Errors
// are [ErrCallEnded], mediastream.ErrQueueFull, one that is errors.ErrUnsupported for those
// messages, and a [*relay.Error] for what Twilio would not take.
func (r *RelayCall) Send(m relay.Message) error {
	switch m.(type) {
	case relay.Text, relay.Play, relay.End, nil:
		return fmt.Errorf("voice: %T is sent by other methods of the call: %w", m, errors.ErrUnsupported)
	}
	if r.call.over.Load() {
		return ErrCallEnded
	}
	err := ended(ofLine(r.line.Send(m)))
	r.call.did(journal.Action{What: "send", Detail: fmt.Sprintf("%T", m)}, err)
	return err
}

// noData begins the data of a hand-over, which without it might be empty, as behind any
// other end.
const noData = "dialtone:"

// HandOff ends the session and passes data to [RelayOptions].HandOff, on any instance, whose
// TwiML the call then runs: a Dial to a person, for instance, without the REST API. Let a
// farewell be heard first, with [Playback.Wait]. As after [Call.Transfer] the call is not hung
// up, whatever the handler returns, and the status callback counts it. Twilio keeps data in
// its logs. Errors are [ErrCallEnded], and one that is errors.ErrUnsupported without a
// RelayOptions.HandOff.
func (r *RelayCall) HandOff(data string) error {
	c := r.call
	if !c.handsOff {
		return fmt.Errorf("voice: hand off: RelayOptions.HandOff is nil: %w", errors.ErrUnsupported)
	}
	if c.over.Load() {
		return ErrCallEnded
	}
	c.transfers.Add(1) // before the session can end
	c.did(journal.Action{What: "hand_off", Bytes: len(data)}, nil)
	if err := r.line.Send(relay.End{HandoffData: noData + data}); err != nil {
		if c.transfers.Add(-1) == 0 && c.gone.Load() {
			c.release()
		}
		return ended(ofLine(err))
	}
	return nil
}
