package voice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/journal"
)

// ErrNoAnswer is returned by [Call.Ask] when the question has been asked Question.Times
// times and the caller has not answered.
var ErrNoAnswer = errors.New("voice: the caller did not answer")

// ErrNoSTT is returned by [Call.Ask] without a [Config].STT if only speech can answer.
var ErrNoSTT = errors.New("voice: Config.STT is nil: no speech is recognised")

// Question is what [Call.Ask] asks. The zero value says nothing, and waits for whatever
// the caller says, or presses up to "#".
type Question struct {
	Prompt string // is said
	Audio  []byte // is played in the place of Prompt, as by Call.Play; over ConversationRelay Prompt is said all the same
	// Again and AgainAudio are said or played when nothing came; without both it is
	// Prompt or Audio again.
	Again      string
	AgainAudio []byte
	Times      int // how often the question is asked in all; 0 = 2

	// Silence is how long the caller may take to begin his answer, from the end of the
	// prompt; 0 = Config.Silence.Once.
	Silence time.Duration

	Digits  int           // how many keys make an answer; 0 = any number, up to End
	End     string        // the key that ends an answer: "" = "#"; "none" = no key does. Pressed after an answer that was complete without it, it is ignored
	Between time.Duration // the longest time between two keys, after which those that came are the answer; 0 = 3 s

	NoSpeech    bool // speech is not an answer, and does not interrupt the prompt
	NoKeys      bool // keys are not an answer, and do not interrupt the prompt
	SpeechWaits bool // speech is ignored while the prompt plays, and does not interrupt it
	KeysWait    bool // keys are ignored while the prompt plays, and do not interrupt it

	// Expect describes the spoken answer, as for Call.Expect.
	Expect stt.Expectation
}

// Answer is what the caller said or pressed.
type Answer struct {
	Speech stt.Transcript // of his turn; the zero value if he pressed keys
	Digits string         // the keys, without the one that ends them; "" if he spoke
}

// Text returns what was said, or the keys.
func (a Answer) Text() string {
	if a.Digits != "" {
		return a.Digits
	}
	return a.Speech.Text
}

// Ask asks the caller a question, and returns what he says in his turn, or the keys that
// he presses, whichever comes first. Either interrupts the prompt, and with it all that is
// queued. Keys that were pressed before count, as callers who know a menu type ahead; what
// was said before does not. Events of other kinds are dropped: use [Call.Events] to get
// all of them.
//
// Errors are [ErrNoAnswer], [ErrCallEnded], [ErrListening], that of ctx, why the prompt could not be said
// or played, and, with NoKeys, [ErrNoSTT] or why speech recognition has failed.
func (c *Call) Ask(ctx context.Context, q Question) (Answer, error) {
	if q.Silence == 0 {
		q.Silence = c.player.still.once()
	}
	if err := q.check(); err != nil {
		return Answer{}, err
	}
	if c.Unidirectional {
		return Answer{}, ErrListening
	}
	if err := c.inbox.deafness(); err != nil && q.NoKeys {
		return Answer{}, err
	}
	c.Expect(q.Expect) // a recogniser that has ended says so in its events
	defer c.Expect(stt.Expectation{})
	c.player.still.asks(1)
	defer c.player.still.asks(-1)
	c.player.mu.Lock()
	policy := c.player.interruption
	c.player.mu.Unlock()
	q.SpeechWaits, q.KeysWait = q.SpeechWaits || !policy.bySpeech(), q.KeysWait || !policy.byKeys()
	policy = policy.without(q.SpeechWaits || q.NoSpeech, q.KeysWait || q.NoKeys)
	a := asking{call: c, Question: &q, since: time.Now(), as: manner{&policy, true}}
	for n := range q.Times {
		err := a.ask(ctx, n > 0)
		if err != errNothing {
			c.did(journal.Action{What: "ask", Text: a.answer.Text()}, err)
			return a.answer, err
		}
	}
	c.did(journal.Action{What: "ask"}, ErrNoAnswer)
	return Answer{}, ErrNoAnswer
}

// check fills in defaults.
func (q *Question) check() error {
	if q.Times < 0 || q.Digits < 0 || q.Silence < 0 || q.Between < 0 {
		return fmt.Errorf("voice: ask: a negative number: times %d, digits %d, silence %v, between %v", q.Times, q.Digits, q.Silence, q.Between)
	}
	if q.End != "" && q.End != "none" && (len(q.End) != 1 || !strings.Contains("0123456789*#", q.End)) {
		return fmt.Errorf("voice: ask: End is %.20q: want a key or none", q.End)
	}
	if q.NoKeys && q.NoSpeech {
		return errors.New("voice: ask: neither speech nor keys are an answer")
	}
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&q.Between, 3*time.Second)
	if q.End == "" {
		q.End = "#"
	}
	if q.Times == 0 {
		q.Times = 2
	}
	if q.Again == "" && q.AgainAudio == nil {
		q.Again, q.AgainAudio = q.Prompt, q.Audio
	}
	return nil
}

// asking is a question under way.
type asking struct {
	*Question
	call   *Call
	since  time.Time // what was said before is no answer
	as     manner    // the prompt is said or played
	answer Answer

	prompt  *Playback // nil once it is over
	keys    string    // so far
	speaks  bool      // the caller
	ignored bool      // what he says now, as it began in the prompt
	until   <-chan struct{}
	stop    context.CancelFunc // the clock behind until
}

// errNothing ends one round in which nothing came.
var errNothing = errors.New("voice: nothing came")

// ask asks once.
func (a *asking) ask(ctx context.Context, again bool) (err error) {
	text, audio := a.Prompt, a.Audio
	if again {
		text, audio = a.Again, a.AgainAudio
	}
	a.keys, a.stop = "", func() {}
	defer func() { a.stop() }()
	switch {
	case audio != nil && (a.call.relay == nil || text == ""):
		a.prompt, err = a.call.play(ctx, audio, a.as)
	case text != "":
		a.prompt, err = a.call.say(ctx, text, a.as)
	default:
		a.wait(ctx, a.Silence)
	}
	if err != nil {
		return err
	}
	if a.prompt != nil {
		a.until = a.prompt.Done()
	}
	for {
		e, err := a.call.inbox.nextUntil(ctx, true, a.until)
		switch {
		case err == errWoken:
			err = a.woken(ctx)
		case err == io.EOF:
			err = ErrCallEnded
		case err == nil:
			err = a.happened(ctx, &e)
		}
		if err == errAnswered {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errAnswered ends a round with an answer.
var errAnswered = errors.New("voice: answered")

// wait sets the clock.
func (a *asking) wait(ctx context.Context, d time.Duration) {
	a.stop()
	var clock context.Context
	clock, a.stop = context.WithTimeout(context.WithoutCancel(ctx), d)
	a.until = clock.Done()
}

// woken is called when the prompt or the time is over.
func (a *asking) woken(ctx context.Context) error {
	if prompt := a.prompt; prompt != nil {
		a.prompt, a.until = nil, nil
		if err := prompt.Wait(ctx); err != nil && !errors.Is(err, ErrInterrupted) {
			return err
		}
		if !a.speaks {
			a.wait(ctx, a.Silence)
		}
		return nil
	}
	if a.keys == "" {
		return errNothing
	}
	a.answer.Digits, a.call.late = a.keys, a.End
	return errAnswered
}

// happened takes an event.
func (a *asking) happened(ctx context.Context, e *Event) error {
	switch {
	case e.failure != nil:
		if a.NoKeys {
			return e.failure
		}
		if a.NoSpeech = true; a.speaks { // it will not end his turn
			a.spoken(ctx)
		}
	case e.Digit != "":
		late := a.call.late
		if a.call.late = ""; e.Digit == late && time.Since(a.since) < a.Between {
			return nil
		}
		if !a.NoKeys && (a.prompt == nil || !a.KeysWait) {
			return a.pressed(ctx, e.Digit)
		}
	case a.NoSpeech, e.At.Before(a.since):
	case e.Kind == stt.SpeechStart, e.Turn.State == stt.TurnStart, e.Turn.State == stt.TurnResumed:
		if a.prompt != nil && a.SpeechWaits {
			a.ignored = true
			return nil
		}
		a.began(ctx, e.Kind != stt.SpeechStart)
	case e.Turn.State == stt.TurnEnd:
		if ignored := a.ignored; ignored || e.Transcript.Text == "" || a.keys != "" {
			a.ignored = false
			a.spoken(ctx)
			return nil
		}
		if err := a.interrupt(); err != nil {
			return err
		}
		a.answer.Speech = e.Transcript
		return errAnswered
	}
	return nil
}

// began notes that the caller speaks: he is not hurried, unless he has pressed keys. Whether
// that interrupts the prompt is judged elsewhere. A sound that is not of a turn yet may be
// noise, behind which no turn ends.
func (a *asking) began(ctx context.Context, turn bool) {
	if a.ignored = false; !turn || a.keys != "" || a.speaks {
		return
	}
	if a.speaks = true; a.prompt == nil {
		a.stop()
		a.until = nil
	}
}

// spoken notes that he has spoken, and that it was no answer.
func (a *asking) spoken(ctx context.Context) {
	if a.speaks && a.prompt == nil && a.keys == "" {
		a.wait(ctx, a.Silence)
	}
	a.speaks = false
}

// pressed takes a key.
func (a *asking) pressed(ctx context.Context, key string) error {
	if err := a.interrupt(); err != nil {
		return err
	}
	a.speaks = false
	if key == a.End && a.keys == "" {
		return errNothing
	}
	if key != a.End {
		a.keys += key
	}
	if key == a.End || len(a.keys) == a.Digits || len(a.keys) == maxKeys {
		if a.answer.Digits = a.keys; key != a.End {
			a.call.late = a.End
		}
		return errAnswered
	}
	a.wait(ctx, a.Between)
	return nil
}

// maxKeys is the most keys of an answer.
const maxKeys = 128

// interrupt stops the prompt.
func (a *asking) interrupt() error {
	if a.prompt == nil {
		return nil
	}
	a.prompt, a.until = nil, nil
	return a.call.Interrupt()
}
