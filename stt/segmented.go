package stt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// Segmentation configures how [Segmented] cuts a call into utterances. Its zero value
// suits short answers on the telephone.
type Segmentation struct {
	// VAD configures where an utterance begins and ends. Its HangOver, the silence that
	// ends an utterance, is the larger part of the latency.
	VAD vad.Options
	// MinAudio is the shortest audio that the recogniser is given. A shorter utterance is
	// padded with silence and never delayed; 0 = no padding. The 48,000 bytes of usual
	// Whisper servers are 3 s.
	MinAudio time.Duration
	// Timeout is the time a recognition may take, including one repetition after
	// a failure that may pass; 0 = 5 s.
	Timeout time.Duration
	// Join joins utterances across a pause, for recognisers of phrases: an utterance that
	// matches nothing is kept, and an utterance that begins within Join of its end is
	// recognised with it, by Config.Parts. 0 = never.
	Join time.Duration
	// Ahead gives audio to the recogniser while the caller speaks: whenever the utterance
	// has grown by Ahead, its new audio, by Config.Parts. 0 = never.
	Ahead time.Duration
	// Backlog bounds the speech of one call that waits for recognition; 0 = 60 s. Beyond
	// it the oldest utterance is dropped, with a Degraded event.
	Backlog time.Duration
}

// Segmented makes an engine of a recogniser: it listens for speech, cuts the
// call into utterances and has them recognised one after the other. When a
// recognition fails the stream goes on, with a Degraded event. Transcripts pass
// through [Clean].
//
// Check, Prewarm and Status are those of r, if it has them.
func Segmented(r Recognizer, o Segmentation) Engine {
	wrong := o.Validate()
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Backlog <= 0 {
		o.Backlog = time.Minute
	}
	return &segmented{passThrough: passThrough{r}, rec: r, o: o, wrong: wrong,
		buffers: sync.Pool{New: func() any { return new([]byte) }}}
}

type segmented struct {
	passThrough
	rec     Recognizer
	o       Segmentation
	wrong   error // what Validate tells
	buffers sync.Pool
}

func (e *segmented) Open(ctx context.Context, c Config) (Stream, error) { return Open(ctx, e, c) }

// open begins the stream of a session at a place on the call's clock.
func (e *segmented) open(ctx context.Context, c Config, offset time.Duration) *utterances {
	u := &utterances{e: e, c: c, offset: offset, seg: vad.NewSegmenter(e.o.VAD), idle: closedChan(), expected: c.Expected}
	u.ctx, u.cancel = context.WithCancel(ctx)
	return u
}

// An utterance is a stretch of speech cut out of a call. Times are on the stream's
// clock.
type utterance struct {
	audio      []byte        // in the call's format; nil if it was no speech
	offset     time.Duration // of audio
	start, end time.Duration // of the speech in it
	heard      time.Time     // when the last voiced sample arrived; zero if the speech went on
	cut        time.Time     // when its end was known
	pauses     []pause       // left out of audio
	kept       any           // what the recogniser keeps of it
	part       bool          // of one that goes on, which begins at begin
	begin      time.Duration
}

// utterances is the stream of a Segmented engine. It has no audio of its own: it
// cuts what it needs from the session's tape, by what the session's ear hears, and
// recognises it in a goroutine that lives only while there is any.
type utterances struct {
	e      *segmented
	c      Config
	offset time.Duration   // of the stream's clock on the call's
	seg    *vad.Segmenter  // guarded by the session's mu, and so is talk
	talk   vad.Event       // the SpeechStart of the utterance under way, whose End is that of its parts
	ctx    context.Context // ends the recognition that is under way
	cancel context.CancelFunc
	held   *utterance // all before, if it matched nothing; the worker's own
	ahead  progress   // the worker's own
	music  music      // the worker's own

	mu       sync.Mutex // guards what follows; never held while recognising
	closed   bool
	expected Expectation // for the next utterance
	queue    []*utterance
	queued   time.Duration // of audio, in queue
	idle     chan struct{} // closed while nothing is being recognised
}

// Send implements Stream. The session calls hear in its place.
func (u *utterances) Send([]byte) error { return errNoEar }

var errNoEar = errors.New("stt: an utterance is cut by a session only")

// hear takes the probabilities of frames that are on the tape.
func (u *utterances) hear(t *tape, arrive *arrivals, voice []float32) error {
	u.found(u.seg.Step(voice...), t, arrive)
	if n := len(voice); n > 0 && u.talk.Kind == vad.SpeechStart {
		u.advance(t, voice[n-1])
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return ErrClosed
	}
	return nil
}

// Expect implements Expecter: the recogniser gets it with the next utterance.
func (u *utterances) Expect(e Expectation) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.expected = e
	return nil
}

// cut ends the utterance that is under way.
func (u *utterances) cut(t *tape, arrive *arrivals) { u.found(u.seg.Flush(), t, arrive) }

// needed returns the place on the call's clock of the oldest sample that an
// utterance may still hold.
func (u *utterances) needed() time.Duration { return u.offset + at(u.seg.Needed()) }

// betweenWords is the greatest probability of speech of a frame to cut a part at.
const betweenWords = 0.3

// advance queues what is new of the utterance under way when that is enough: where
// the last frame lies between words, or anywhere when it is half as much again.
func (u *utterances) advance(t *tape, voice float32) {
	now, ahead := u.seg.Position(), u.e.o.Ahead
	if fresh := at(now - u.talk.End); ahead <= 0 || fresh < ahead || voice > betweenWords && fresh < ahead*3/2 {
		return
	}
	u.add(&utterance{part: true, begin: at(u.talk.Start), offset: at(u.talk.End), start: at(u.talk.Onset), end: at(u.talk.Onset),
		audio: u.cutOut(t, u.talk.End, now)})
	u.talk.End = now
}

// cutOut returns the audio from one sample to another.
func (u *utterances) cutOut(t *tape, from, to int64) []byte {
	return append(*u.e.buffers.Get().(*[]byte), t.between(u.offset+at(from), u.offset+at(to))...)
}

// found reports speech that began, and queues what ended.
func (u *utterances) found(events []vad.Event, t *tape, arrive *arrivals) {
	for _, ev := range events {
		u.talk = ev
		if ev.Kind == vad.SpeechStart {
			u.talk.End = ev.Start
			u.c.Emit(Event{Kind: SpeechStart, Transcript: Transcript{Start: at(ev.Onset), End: at(ev.Onset)}})
			continue
		}
		one := &utterance{offset: at(ev.Start), start: at(ev.Onset), end: at(ev.VoicedEnd), cut: time.Now()}
		if ev.Kind == vad.Utterance {
			one.audio = u.cutOut(t, ev.Start, ev.End)
			if !ev.Forced || ev.VoicedEnd != ev.End {
				one.heard, _ = arrive.at(u.offset + one.end)
			}
		}
		u.add(one)
	}
}

// add queues an utterance, and gives up the oldest ones of too many.
func (u *utterances) add(one *utterance) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.queue = append(u.queue, one)
	u.queued += one.end - one.start
	for u.queued > u.e.o.Backlog && len(u.queue) > 1 {
		lost := u.take()
		if lost.part {
			u.e.release(lost)
			continue
		}
		u.c.Emit(Event{Kind: Degraded, Transcript: Transcript{Start: lost.start, End: lost.end},
			Err: &Error{Op: "queue", Kind: ErrOverrun, Err: fmt.Errorf("%v of speech given up", lost.end-lost.start)}})
		u.e.release(lost)
	}
	select {
	case <-u.idle:
		u.idle = make(chan struct{})
		go u.work(u.idle)
	default:
	}
}

// take removes the oldest utterance from the queue. It is called with mu held.
func (u *utterances) take() *utterance {
	one := u.queue[0]
	u.queue[0] = nil
	u.queue = u.queue[1:]
	u.queued -= one.end - one.start
	return one
}

// release gives the buffer of an utterance back: most calls are silent most of the
// time.
func (e *segmented) release(one *utterance) {
	if b := one.audio[:0]; b != nil {
		e.buffers.Put(&b)
	}
}

// work recognises utterances until there are none.
func (u *utterances) work(idle chan struct{}) {
	for {
		u.mu.Lock()
		if len(u.queue) == 0 || u.closed {
			close(idle)
			u.mu.Unlock()
			return
		}
		one := u.take()
		u.mu.Unlock()
		if one.part {
			u.prepare(one)
		} else {
			u.recognize(one)
		}
		u.e.release(one)
	}
}

// recognize has an utterance recognised and emits the result.
func (u *utterances) recognize(one *utterance) {
	var wait time.Duration
	began, whole := time.Now(), u.join(one)
	parts := u.parts(one, whole)
	t, err := u.ask(one, parts, &wait)
	if u.ctx.Err() != nil {
		return // closed: nobody asks any more
	}
	if err == nil {
		u.music.add(t.Music)
	}
	heard := one
	if whole != nil && parts.MatchedWhole {
		heard = whole
	}
	t.bound(u.c.Format.Duration(len(heard.audio))) // nothing was said in the silence after it
	u.hold(cmp.Or(whole, one), parts, err == nil && t.Text == "")
	now := time.Now()
	switch {
	case err != nil:
		u.c.Emit(Event{Kind: Degraded, Transcript: Transcript{Start: one.start, End: one.end}, Err: err, At: now})
	case t.Text != "":
		heard.withPauses(&t)
		t.shift(heard.offset, heard.start, heard.end)
		t.Final = true
		timing := Timing{Queue: began.Sub(one.cut) + wait, Recognition: now.Sub(began) - wait}
		if !one.heard.IsZero() {
			timing.Latency, timing.Valid = now.Sub(one.heard), true
		}
		u.c.Emit(Event{Kind: Final, Transcript: t, Timing: timing, At: now})
	}
	u.c.Emit(Event{Kind: UtteranceEnd, Transcript: Transcript{Start: one.start, End: one.end}, OnHold: u.music.onHold(), At: now})
}

// ask gives the audio of an utterance to the recogniser, and adds to wait how
// long it stood in a queue.
func (u *utterances) ask(one *utterance, parts *Parts, wait *time.Duration) (Transcript, error) {
	if one.audio == nil {
		return Transcript{}, nil
	}
	f := u.c.Format
	audio := one.audio
	if missing := u.e.o.MinAudio - f.Duration(len(audio)); missing > 0 && !one.part {
		audio = f.AppendSilence(audio, f.Bytes(missing)/f.Encoding.Size())
	}
	ctx, cancel := context.WithTimeout(withWait(u.ctx, wait), u.e.o.Timeout)
	defer cancel()
	c := u.c
	u.mu.Lock()
	c.Expected, c.Phrases = u.expected, u.expected.Phrases
	u.mu.Unlock()
	c.OnHold, c.Parts = u.music.onHold(), parts
	t, err := retried(ctx, u.e.rec, audio, c)
	if err == nil {
		t, err = Clean(t, nil)
	}
	return t, err
}

// bound puts the transcript's times into audio of length d.
func (t *Transcript) bound(d time.Duration) {
	t.Start, t.End = min(max(t.Start, 0), d), min(max(t.End, 0), d)
	for i := range t.Words {
		w := &t.Words[i]
		w.Start, w.End = min(max(w.Start, 0), d), min(max(w.End, 0), d)
	}
}

func (u *utterances) Flush(ctx context.Context) error {
	u.mu.Lock()
	idle := u.idle
	u.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed { // perhaps meanwhile: it is not final
		return ErrClosed
	}
	return nil
}

// Close cancels the recognition under way and waits for it, for at most the
// second that a recogniser has to heed its context.
func (u *utterances) Close() error {
	u.mu.Lock()
	u.closed = true
	idle := u.idle
	u.mu.Unlock()
	u.cancel()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-idle:
		return nil
	case <-timer.C:
		return &Error{Op: "close", Kind: ErrTimeout}
	}
}

// closedChan returns a channel that is closed already.
func closedChan() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
