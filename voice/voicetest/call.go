package voicetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/twiml"
)

// Why a call or a document of it ended.
var (
	errHungUp    = errors.New("voicetest: the caller hung up")
	errFinished  = errors.New("voicetest: the call is over")
	errEnded     = errors.New("voicetest: the host ended the call by REST")
	errReplaced  = errors.New("voicetest: the document was replaced by REST")
	errTimeLimit = errors.New("voicetest: the call has come to its time limit")
	errLate      = errors.New("the time that go test has for all tests is nearly up")
)

// Call is one call of the fake. It is made by [Twilio.Dial]; the zero value is not usable. All
// methods may be called from several goroutines. A method that fails stops the test of the
// Twilio it belongs to; outside of tests it returns the error.
type Call struct {
	SID, From, To string

	tw        *Twilio
	plan      plan
	direction string
	begun     time.Time
	ctx       context.Context // ends with the call
	end       context.CancelCauseFunc
	answered  chan struct{} // closed when the first document is there
	done      chan struct{} // closed when everything about the call is over

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when the state below changes
	status   string
	err      error
	pickedUp time.Time
	ended    time.Time
	jar      http.CookieJar
	sequence int          // of status callbacks
	held     []url.Values // status callbacks not yet delivered

	document   *twiml.Response
	next       *document               // set by REST
	abort      context.CancelCauseFunc // ends the document
	answeredBy string                  // by asynchronous machine detection
	leaves     bool                    // by Leave
	hungUp     bool                    // by Hangup
	rejected   string                  // the status that Reject gave the call; or ""
	finished   bool                    // no document will run any more
	said       []string
	texts      []string // sent with Sms
	scribes    []*transcription
	gather     *gather
	recorder   *recording   // of a Record that listens to keys
	recordings []*recording // that run
	recorded   []*recording // all
	streams    []*stream
	session    *session // of ConversationRelay
	relayed    bool     // it has had one
	words      []string // that Twilio has said in its sessions
	wordsHeard int      // in words: what HearsText found ends here
	files      []string // that it has played
	sent       string   // keys that the host has sent
	streamURL  string
	broke      time.Time       // when the last bidirectional stream ended
	silences   []time.Duration // between two of them

	parent       string        // the call that dialled this one; or ""
	other        *Call         // that call
	legs         []*Call       // that it has dialled
	inside       *participant  // of a conference
	talker       *Call         // whom it is joined with
	joinable     bool          // a leg that has come through its own document
	bridged      bool          // a leg that was joined
	left         chan struct{} // closed when a leg leaves its Dial for a document of its own
	star         bool          // * ends the leg that it is joined with
	dialRecorded *recording    // of a leg
	refers       chan string   // of a leg: whom it asks to have the caller transferred to

	player   player
	speech   []*utterance
	events   []Event
	warnings []Warning
	stats    Stats
	cursor   int // in player.heard: what Hears found ends here

	background sync.WaitGroup // callbacks that nobody waits for but the end
}

// Stats counts what went over the streams of a call.
type Stats struct {
	FramesSent     int // media messages to the host
	FramesReceived int // media messages from the host
	Marks          int // marks from the host
	Clears         int // clears from the host
	// Gaps counts how often playback ran dry for less than 200 ms and went on:
	// the caller heard a choppy answer.
	Gaps int
}

// utterance is speech on its way to the host.
type utterance struct {
	audio []byte
	begun bool
	said  chan struct{}
}

// Speak speaks the recording in a WAV file, of any format that codec.ReadMulaw
// takes, in real time, and returns when it has been spoken. It waits for a
// stream to be open, a recording to run or another party, and fails when the call ends before. Until
// someone speaks, the host receives silence.
func (c *Call) Speak(file string) error {
	c.helper()
	f, err := os.Open(file)
	if err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: %w", err))
	}
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	if err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: %s: %w", file, err))
	}
	return c.SpeakAudio(audio)
}

// SpeakAudio is [Call.Speak] for 8 kHz mu-law bytes.
func (c *Call) SpeakAudio(mulaw []byte) error {
	c.helper()
	if err := c.await(c.listened); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nobody to speak to: %w", err))
	}
	u := &utterance{audio: slices.Clone(mulaw), said: make(chan struct{})}
	c.mu.Lock()
	c.speech = append(c.speech, u)
	c.mu.Unlock()
	select {
	case <-u.said:
	case <-c.done: // cut off, as callers are
	case <-c.tw.late:
		return c.tw.fail(fmt.Errorf("voicetest: nobody takes the rest of what is spoken: %w", c.stuck(errLate)))
	}
	return nil
}

// Listen says nothing for d of call time. It waits as [Call.Speak] does, and
// fails when the call ends before; when it ends later, Listen returns.
func (c *Call) Listen(d time.Duration) error {
	c.helper()
	if err := c.await(c.listened); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nobody to listen to: %w", err))
	}
	c.sleep(c.ctx, d)
	return nil
}

// listened reports whether somebody hears what the caller says, with the lock held.
func (c *Call) listened() bool {
	return len(c.streams) > 0 || c.session != nil || len(c.recordings) > 0 || c.talker != nil || c.inside != nil || len(c.scribes) > 0
}

// Digits presses keys: 0-9, * and #. It waits for a Gather, a Record or a bidirectional
// stream to listen to them, and fails when the call ends before.
func (c *Call) Digits(keys string) error {
	c.helper()
	for _, key := range keys {
		if key != '*' && key != '#' && (key < '0' || key > '9') {
			return c.tw.fail(fmt.Errorf("voicetest: no such key: %q", key))
		}
	}
	return c.input(keys, func(g *gather) bool { return g.press(keys) }, func(r *recording) bool {
		for _, key := range keys {
			if r.press(string(key)) {
				break
			}
		}
		return true
	}, func(s *stream) bool {
		if !s.bidirectional {
			return false
		}
		for _, key := range keys {
			s.dtmf(string(key))
		}
		return true
	}, func(s *session) bool { return s.press(keys) })
}

// Answer speaks text to a Gather that listens to speech, or to a Record, as if Twilio had
// recognised it. It waits for one, and fails when the call ends before.
func (c *Call) Answer(text string) error {
	c.helper()
	err := c.input(text, func(g *gather) bool { return g.say(text) }, func(r *recording) bool { return r.say(text) }, func(*stream) bool { return false }, func(*session) bool { return false })
	if err == nil {
		c.uttered(text)
	}
	return err
}

// input hands what the caller does to whoever listens first.
func (c *Call) input(what string, toGather func(*gather) bool, toRecord func(*recording) bool, toStream func(*stream) bool, toSession func(*session) bool) error {
	c.helper()
	for {
		if c.pressedStar(what) {
			return nil
		}
		c.mu.Lock()
		g, r, streams, session, changed := c.gather, c.recorder, slices.Clone(c.streams), c.session, c.changed
		c.mu.Unlock()
		if session != nil && toSession(session) || g != nil && toGather(g) || r != nil && toRecord(r) || g == nil && r == nil && slices.ContainsFunc(streams, toStream) {
			c.event(Pressed, "%s", what)
			return nil
		}
		if err := c.waitFor(changed); err != nil {
			return c.tw.fail(fmt.Errorf("voicetest: nobody listened to %q: %w", what, err))
		}
	}
}

// pressedStar ends the Dial with hangupOnStar that the caller is in, if keys say so.
func (c *Call) pressedStar(keys string) bool {
	c.mu.Lock()
	leg, inside, ends := c.talker, c.inside, c.star && strings.Contains(keys, "*")
	c.mu.Unlock()
	if !ends || leg == nil && inside == nil {
		return false
	}
	c.event(Pressed, "%s", keys)
	if inside != nil {
		inside.remove()
	} else {
		leg.end(errStar)
	}
	return true
}

// HangUp ends the call as the caller and returns when the host has been told:
// stop on the streams, then the status callback.
func (c *Call) HangUp() {
	c.end(errHungUp)
	<-c.done
}

// Wait waits for the call to end by itself. It returns nil when the call was
// completed, the first error that broke it, or ctx's error, which unlike the
// others stops the test.
func (c *Call) Wait(ctx context.Context) error {
	c.helper()
	select {
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.err
	case <-ctx.Done():
		return c.tw.fail(fmt.Errorf("voicetest: call %s has not ended: %w", c.SID, c.stuck(ctx.Err())))
	case <-c.tw.late:
		return c.tw.fail(fmt.Errorf("voicetest: call %s has not ended: %w", c.SID, c.stuck(errLate)))
	}
}

// TwiML returns the document that ran last, nil if there was none.
func (c *Call) TwiML() *twiml.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.document
}

// Status returns the CallStatus: ringing, in-progress, completed, busy,
// no-answer, failed or canceled.
func (c *Call) Status() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Duration returns how long the call has been up in call time; it stands still
// when the call is over and is 0 when it was never answered.
func (c *Call) Duration() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pickedUp.IsZero() {
		return 0
	}
	end := c.ended
	if end.IsZero() {
		end = time.Now()
	}
	return time.Duration(float64(end.Sub(c.pickedUp)) * c.tw.cfg.Pace)
}

// Heard returns all audio that was played to the caller so far as 8 kHz mu-law,
// without the silence between.
func (c *Call) Heard() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.player.heard)
}

// Said returns the texts of all Say verbs so far.
func (c *Call) Said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

// Stats returns the counts of the call's streams so far.
func (c *Call) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Gaps = c.player.gaps
	return s
}

// count counts what went over a connection.
func (c *Call) count(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.stats)
}

// Words returns the words that Twilio has said to the caller over ConversationRelay, in small
// letters and without punctuation.
func (c *Call) Words() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.words)
}

// Files returns the files of audio that were played to the caller over ConversationRelay.
func (c *Call) Files() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.files)
}

// Sent returns the keys that the host has sent into the call over ConversationRelay.
func (c *Call) Sent() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// Silences returns the times, by the clock, in which a call that went on had no stream: each
// from the end of one stream until the next was open.
func (c *Call) Silences() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.silences)
}

// StreamURL returns the URL of the last stream that the host asked for.
func (c *Call) StreamURL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streamURL
}

func (c *Call) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *Call) helper() {
	if c.tw.tb != nil {
		c.tw.tb.Helper()
	}
}

// change applies f and wakes whoever waits for the state of the call.
func (c *Call) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until cond holds, which is called with the lock held.
func (c *Call) await(cond func() bool) error {
	for {
		c.mu.Lock()
		ok, changed := cond(), c.changed
		c.mu.Unlock()
		if ok {
			return nil
		}
		if err := c.waitFor(changed); err != nil {
			return err
		}
	}
}

func (c *Call) waitFor(changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return c.err
		}
		return withWarnings(fmt.Errorf("the call ended, %s", c.status), c.warnings)
	case <-c.tw.late:
		return c.stuck(errLate)
	}
}

// stuck adds to err what the call is doing.
func (c *Call) stuck(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = fmt.Errorf("%w; the call is %s", err, c.status)
	if n := len(c.events); n > 0 {
		err = fmt.Errorf("%w, last: %s", err, strings.TrimSpace(c.events[n-1].String()))
	}
	return withWarnings(err, c.warnings)
}

// withWarnings adds to err what Twilio would have complained about.
func withWarnings(err error, warnings []Warning) error {
	for _, w := range warnings {
		err = fmt.Errorf("%w; %w", err, w)
	}
	return err
}

// sleep lets d of call time pass.
func (c *Call) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(c.tw.clock(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// clock converts call time to clock time.
func (t *Twilio) clock(d time.Duration) time.Duration {
	return time.Duration(float64(d) / t.cfg.Pace)
}
