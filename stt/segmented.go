package stt

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// Segmentation says how [Segmented] cuts a call into utterances. Its zero value
// suits short answers on the telephone.
type Segmentation struct {
	// VAD says where an utterance begins and ends. Its HangOver, the silence that
	// ends an utterance, is the larger part of the latency.
	VAD vad.Options
	// MinAudio is the shortest audio that the recogniser is given. A shorter
	// utterance is filled up with silence, never made to wait; 0 = nothing is
	// filled up. The 48,000 bytes that Whisper servers are run with are 3 s.
	MinAudio time.Duration
	// Timeout is the time a recognition may take, including one repetition after
	// a failure that may pass; 0 = 5 s.
	Timeout time.Duration
	// Join is for recognisers of phrases, whose callers pause in the middle of one:
	// an utterance that matches nothing is kept, and when the next one begins
	// within Join of its end and matches nothing alone, both are tried as one.
	// 0 = never.
	Join time.Duration
	// Backlog is how much speech of one call may wait for its turn before the
	// oldest is given up, with a Degraded event; 0 = 60 s.
	Backlog time.Duration
}

// Segmented makes an engine of a recogniser: it listens for speech, cuts the
// call into utterances and has them recognised one after the other. When a
// recognition fails the stream goes on, with a Degraded event. Transcripts pass
// through [Clean].
//
// Checks, prewarming and status pass through to r if it has them.
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

func (e *segmented) Open(ctx context.Context, c Config) (Stream, error) {
	ear, err := newEar(c.Format, e.o.VAD, 2*time.Second+min(max(e.o.VAD.HangOver, 0), remembered))
	if err != nil {
		return nil, err
	}
	s := &segmentedStream{rec: e.rec, o: e.o, c: c, idle: closedChan(),
		recorder: recorder{ear: ear, pool: &e.buffers}}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.stop = context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

// segmentedStream hears utterances in Send and recognises them in a goroutine
// that lives only while there are any.
type segmentedStream struct {
	rec    Recognizer
	o      Segmentation
	c      Config
	ctx    context.Context // ends the recognition that is under way
	cancel context.CancelFunc
	stop   func() bool
	mail   Mailbox
	held   *utterance // the one before, if it matched nothing; the worker's own
	music  music      // the worker's own

	mu       sync.Mutex // guards what follows; never held while recognising
	recorder recorder
	closed   bool
	queue    []*utterance
	queued   time.Duration // of audio, in queue
	idle     chan struct{} // closed while nothing is being recognised
}

func (s *segmentedStream) Send(frame []byte) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(frame, now, s.recorder.detect(frame))
}

// listen implements listener.
func (s *segmentedStream) listen(audio []byte, arrived time.Time, voice []float32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(audio, arrived, voice)
}

// record is called with mu held.
func (s *segmentedStream) record(audio []byte, arrived time.Time, voice []float32) error {
	if s.closed {
		return ErrClosed
	}
	s.recorder.record(audio, arrived, voice, s.event)
	return nil
}

// event takes what was heard. It is called with mu held.
func (s *segmentedStream) event(onset time.Duration, u *utterance) {
	if u == nil {
		s.mail.Put(Event{Kind: SpeechStart, Transcript: Transcript{Start: onset, End: onset}})
		return
	}
	u.cut = time.Now()
	s.queue = append(s.queue, u)
	s.queued += u.end - u.start
	for s.queued > s.o.Backlog && len(s.queue) > 1 {
		lost := s.take()
		s.mail.Put(Event{Kind: Degraded, Transcript: Transcript{Start: lost.start, End: lost.end},
			Err: &Error{Op: "queue", Kind: ErrOverrun, Err: fmt.Errorf("%v of speech given up", lost.end-lost.start)}})
		s.recorder.release(lost.audio)
	}
	select {
	case <-s.idle:
		s.idle = make(chan struct{})
		go s.work(s.idle)
	default:
	}
}

// take removes the oldest utterance from the queue. It is called with mu held.
func (s *segmentedStream) take() *utterance {
	u := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.queued -= u.end - u.start
	return u
}

// work recognises utterances until there are none.
func (s *segmentedStream) work(idle chan struct{}) {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 || s.closed {
			close(idle)
			s.mu.Unlock()
			return
		}
		u := s.take()
		s.mu.Unlock()
		s.recognize(u)
		s.recorder.release(u.audio)
	}
}

// recognize has an utterance recognised and tells what came of it.
func (s *segmentedStream) recognize(u *utterance) {
	var wait time.Duration
	began, heard := time.Now(), u
	t, err := s.ask(u, &wait)
	if err == nil && t.Text == "" {
		if joined := s.join(u); joined != nil {
			heard = joined
			t, err = s.ask(joined, &wait)
		}
	}
	if s.ctx.Err() != nil {
		return // closed: nobody asks any more
	}
	s.hold(heard, err == nil && t.Text == "")
	now := time.Now()
	switch {
	case err != nil:
		s.mail.Put(Event{Kind: Degraded, Transcript: Transcript{Start: u.start, End: u.end}, Err: err, At: now})
	case t.Text != "":
		t.shift(heard.offset, heard.start, heard.end)
		t.Final = true
		timing := Timing{Queue: began.Sub(u.cut) + wait, Recognition: now.Sub(began) - wait}
		if !u.heard.IsZero() {
			timing.Latency, timing.Valid = now.Sub(u.heard), true
		}
		s.mail.Put(Event{Kind: Final, Transcript: t, Timing: timing, At: now})
	}
	s.mail.Put(Event{Kind: UtteranceEnd, Transcript: Transcript{Start: u.start, End: u.end}, OnHold: s.music.onHold(), At: now})
}

// ask gives the audio of an utterance to the recogniser, and adds to wait how
// long it stood in a queue.
func (s *segmentedStream) ask(u *utterance, wait *time.Duration) (Transcript, error) {
	if u.audio == nil {
		return Transcript{}, nil
	}
	f := s.c.Format
	audio := u.audio
	if missing := s.o.MinAudio - f.Duration(len(audio)); missing > 0 {
		audio = f.AppendSilence(audio, f.Bytes(missing)/f.Encoding.SampleSize())
	}
	ctx, cancel := context.WithTimeout(withWait(s.ctx, wait), s.o.Timeout)
	defer cancel()
	c := s.c
	c.OnHold = s.music.onHold()
	t, err := retried(ctx, s.rec, audio, c)
	if err == nil {
		t, err = Clean(t, nil)
	}
	if err == nil {
		s.music.add(t.Music)
	}
	t.bound(f.Duration(len(u.audio))) // nothing was said in the silence after it
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

// maxJoined bounds the speech that is kept for a phrase that does not end.
const maxJoined = 30 * time.Second

// join returns the utterance before u and u as one, with silence between them,
// or nil when they do not belong together.
func (s *segmentedStream) join(u *utterance) *utterance {
	h, f := s.held, s.c.Format
	if h == nil || u.audio == nil || u.start-h.end > s.o.Join || u.end-h.start > maxJoined {
		return nil
	}
	audio, next := bytes.Clone(h.audio), u.audio
	if gap := u.offset - h.offset - f.Duration(len(audio)); gap >= 0 {
		audio = f.AppendSilence(audio, f.Bytes(gap)/f.Encoding.SampleSize())
	} else { // u's audio begins before that of h ends
		next = next[min(f.Bytes(-gap), len(next)):]
	}
	return &utterance{audio: append(audio, next...), offset: h.offset, start: h.start, end: u.end}
}

// hold keeps an utterance that matched nothing, for the next one.
func (s *segmentedStream) hold(u *utterance, unmatched bool) {
	switch {
	case !unmatched:
		s.held = nil
	case s.o.Join > 0 && u.audio != nil:
		s.held = &utterance{audio: bytes.Clone(u.audio), offset: u.offset, start: u.start, end: u.end}
	}
}

func (s *segmentedStream) Flush(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.recorder.flush(s.event)
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed { // meanwhile: it is not final
		return ErrClosed
	}
	return nil
}

func (s *segmentedStream) Recv(ctx context.Context) (Event, error) { return s.mail.Recv(ctx) }

func (s *segmentedStream) Close() error {
	s.stop()
	return s.shutdown()
}

// shutdown cancels the recognition under way and waits for it, for at most the
// second that a recogniser has to heed its context.
func (s *segmentedStream) shutdown() error {
	s.mu.Lock()
	s.closed = true
	idle := s.idle
	s.mu.Unlock()
	s.cancel()
	s.mail.CloseWith(io.EOF)
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-idle:
		return nil
	case <-timer.C:
		return &Error{Op: "close", Kind: ErrTimeout}
	}
}

// shift moves the transcript from the utterance's clock to the call's, where
// the utterance's audio begins at offset. Times that the recogniser did not
// tell are those of the speech that was heard.
func (t *Transcript) shift(offset, start, end time.Duration) {
	if t.End == 0 {
		t.Start, t.End = start-offset, end-offset
	}
	t.Start += offset
	t.End += offset
	for i := range t.Words {
		t.Words[i].Start += offset
		t.Words[i].End += offset
	}
}

// closedChan returns a channel that is closed already.
func closedChan() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
