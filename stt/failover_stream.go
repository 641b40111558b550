package stt

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// failoverStream hands a call's audio to one engine after another. Events are
// passed on in order, and what they answer is forgotten; at a change, what is
// still held is replayed, and what the engine before had yet to say is not
// received any more. So everything is answered once.
type failoverStream struct {
	f      *failover
	c      Config
	frame  int             // bytes of frameTime
	ctx    context.Context // ends with the stream
	cancel context.CancelFunc
	stop   func() bool
	mail   Mailbox
	wg     sync.WaitGroup

	mu       sync.Mutex
	ear      *ear
	said     time.Duration // up to where what was spoken is final
	due      []span        // speech after that, finished
	began    time.Duration // of the last SpeechStart that was passed on
	open     *leg          // whose Final was passed on, and not yet the utterance's end
	patience *time.Timer   // runs while something is due

	held      []byte        // the audio that a next engine would be given
	heldStart time.Duration // of held on the call's clock: whole frames
	voice     []float32     // the probability of speech in each frame of held

	current int           // index of the engine
	quick   int           // its legs in a row that did not hold
	leg     *leg          // nil when none is left
	changed chan struct{} // closed when the leg changes or goes live
	err     error         // the stream has ended
	done    chan struct{} // closed when the last leg's events were received
}

const (
	tolerance = 300 * time.Millisecond // between two views of where speech begins or ends
	slack     = 500 * time.Millisecond // of audio that is held in vain, not to move the rest with every frame
	steady    = 5 * time.Second        // a connection that lasted so long was no failure from the start
)

func (s *failoverStream) Send(frame []byte) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hear(frame, now, s.ear.detect(frame))
}

// listen implements listener.
func (s *failoverStream) listen(audio []byte, arrived time.Time, voice []float32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hear(audio, arrived, voice)
}

// hear is called with mu held.
func (s *failoverStream) hear(audio []byte, arrived time.Time, voice []float32) error {
	if s.err != nil {
		return s.err
	}
	for _, ev := range s.ear.hear(audio, arrived, voice) {
		if ev.Kind == vad.Utterance {
			s.due = append(s.due, span{s.ear.at(ev.Onset), s.ear.at(ev.VoicedEnd)})
		}
		if ev.Kind != vad.SpeechStart {
			s.answered(s.said) // maybe it was answered before its end was heard
		}
	}
	s.held = append(s.held, audio...)
	s.voice = append(s.voice, voice...)
	if s.leg.live {
		s.leg.given = len(s.held)
		if err := s.leg.send(audio, arrived, voice); err != nil {
			s.fail(s.leg, err)
		}
	}
	s.trim()
	return nil
}

// trim forgets audio that will not be replayed: what came before the speech
// under way, if all before it is answered, and what is too old. It is called
// with mu held.
func (s *failoverStream) trim() {
	excess := s.c.Format.Duration(len(s.held)) - s.f.o.Keep
	if len(s.due) == 0 {
		excess = max(excess, s.ear.at(s.ear.seg.Needed())-s.heldStart)
	}
	if excess > slack {
		s.forget(s.heldStart + excess)
	}
}

// forget drops the held audio up to end, in whole frames, at most what the leg
// was given. It is called with mu held.
func (s *failoverStream) forget(end time.Duration) {
	if s.leg == nil || end <= s.heldStart {
		return
	}
	frames := min(int((end-s.heldStart)/frameTime), s.leg.given/s.frame)
	n := frames * s.frame
	s.voice = s.voice[:copy(s.voice, s.voice[frames:])]
	if rest := s.held[n:]; cap(s.held) > 16<<10 && len(rest) < 4<<10 { // a long utterance is over
		s.held = append(make([]byte, 0, 8<<10), rest...)
	} else {
		s.held = s.held[:copy(s.held, rest)]
	}
	s.leg.given -= n
	s.heldStart += time.Duration(frames) * frameTime
}

// answered takes all that was said up to end as final. It is called with mu held.
func (s *failoverStream) answered(end time.Duration) {
	s.said = max(s.said, min(end, s.ear.clock))
	before := len(s.due)
	for len(s.due) > 0 && s.due[0].onset < s.said && s.due[0].end <= s.said+tolerance {
		s.said = max(s.said, s.due[0].end) // its last sound is not to be replayed alone
		s.due = s.due[1:]
	}
	if len(s.due) < before {
		s.rest()
	}
	if len(s.due) > 0 {
		s.wait()
	}
	s.forget(s.said)
	s.finish()
}

// finish tells the end of an utterance whose engine died between its last
// transcript and that. It is called with mu held.
func (s *failoverStream) finish() {
	if s.open != nil && s.open != s.leg && len(s.due) == 0 && !s.ear.speaking() {
		s.open = nil
		s.mail.Put(Event{Kind: UtteranceEnd, Transcript: Transcript{Start: s.said, End: s.said}})
	}
}

// next opens the current engine, or one after it, and begins the replay. It is
// called with mu held, with what ended the engine before.
func (s *failoverStream) next(cause error) error {
	for ; s.current < len(s.f.engines); s.current, s.quick = s.current+1, 0 {
		breaker := s.f.breakers[s.current]
		if !breaker.Allow() {
			continue
		}
		l, err := openLeg(s.ctx, s.f.engines[s.current], s.c, s.heldStart, s.ear.clock)
		if err != nil {
			breaker.Done(err)
			cause = err
			continue
		}
		s.leg = l
		s.change()
		s.wg.Add(1)
		go s.receive(l)
		if !l.live {
			s.wg.Add(1)
			go s.replay(l)
		}
		if len(s.due) > 0 {
			s.wait()
		}
		s.finish()
		return nil
	}
	if cause == nil {
		cause = &Error{Op: "open", Kind: ErrUnavailable, Err: errNoEngine}
	}
	return cause
}

// fail gives up a leg, if it is still the one in use, for the next engine. It is
// called with mu held.
func (s *failoverStream) fail(l *leg, cause error) {
	if s.err != nil || l != s.leg {
		return
	}
	s.settle(cause)
	s.rest()
	s.mail.Put(Event{Kind: Degraded, Transcript: Transcript{Start: s.heldStart, End: s.ear.clock}, Err: replayed{cause}})
	s.wg.Go(func() { l.close() })
	if s.quick++; time.Since(l.opened) >= steady {
		s.quick = 1
	}
	if s.quick > s.f.o.Reconnects || permanent(cause) {
		s.current, s.quick = s.current+1, 0
	}
	if err := s.next(cause); err != nil {
		s.err, s.leg = err, nil
		s.mail.CloseWith(err)
		s.change()
		close(s.done)
	}
}

// replayed is what a failover has survived without loss: no reason for another
// around it to leave.
type replayed struct{ error }

func (r replayed) Unwrap() error { return r.error }

// permanent reports whether the same engine would fail again in the same way.
func permanent(err error) bool {
	for _, kind := range []error{ErrAuth, ErrQuota, ErrRefused, ErrBadAudio} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// warning reports whether an engine survived err without loss.
func warning(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Warning
}

// settle tells the engine's breaker how it did, once. It is called with mu held.
func (s *failoverStream) settle(err error) {
	breaker := s.f.breakers[s.current]
	if !s.leg.settled || err != nil && breaker.Allow() {
		breaker.Done(err)
	}
	s.leg.settled = true
}

// change wakes who waits for a change. It is called with mu held.
func (s *failoverStream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// replay gives the leg what was held, at twice the speed of speech unless it
// takes it at once, and then leaves it to Send.
func (s *failoverStream) replay(l *leg) {
	defer s.wg.Done()
	const piece = 5 // frames
	ticker := time.NewTicker(piece * frameTime / 2)
	defer ticker.Stop()
	for {
		s.mu.Lock()
		for n := 0; s.leg == l && s.err == nil && !l.live && (n < piece || l.hurried()); n++ {
			s.repeat(l)
		}
		done := s.leg != l || s.err != nil || l.live
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}

// repeat gives the leg the next frame that it has not had. It is called with mu
// held.
func (s *failoverStream) repeat(l *leg) {
	at := l.given / s.frame
	l.given = min(l.given+s.frame, len(s.held))
	arrived, _ := s.ear.arrive.at(s.heldStart + s.c.Format.Duration(l.given))
	err := l.send(s.held[at*s.frame:l.given], arrived, s.voice[at:l.given/s.frame])
	switch {
	case err != nil:
		s.fail(l, err)
	case l.given == len(s.held):
		l.live = true
		s.change()
	}
}

// receive passes the leg's events on, on the call's clock.
func (s *failoverStream) receive(l *leg) {
	defer s.wg.Done()
	for {
		ev, err := l.recv(s.ctx)
		s.mu.Lock()
		switch {
		case s.leg != l:
		case s.err != nil && err != nil: // closed
			close(s.done)
		case err != nil:
			if err == io.EOF {
				err = &Error{Op: "read", Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF}
			}
			s.fail(l, err)
		default:
			s.pass(l, ev)
			s.mu.Unlock()
			continue
		}
		s.mu.Unlock()
		return
	}
}

// pass handles one event of the leg. It is called with mu held.
func (s *failoverStream) pass(l *leg, ev Event) {
	t := &ev.Transcript
	start, end := s.said, s.ear.clock // for an engine that does not tell times
	switch {
	case ev.Kind == SpeechStart:
		start = s.onset(l)
		end = start
	case ev.Kind == UtteranceEnd:
		end = s.said // it ends what the transcripts before it have answered
	case ev.Kind == Final && len(s.due) > 0:
		start, end = s.due[0].onset, s.due[0].end
	}
	t.shift(l.offset, start, end)
	switch ev.Kind {
	case SpeechStart:
		if t.Start > l.offset && t.Start < l.until && t.Start <= s.began+tolerance {
			return // it was told before the replay
		}
		s.began = t.Start
	case Degraded:
		if !errors.Is(ev.Err, ErrOverrun) && !errors.As(ev.Err, new(replayed)) && !warning(ev.Err) {
			if s.current+1 < len(s.f.engines) && s.err == nil {
				s.fail(l, ev.Err)
				return
			}
			s.settle(ev.Err)
		}
	case Final:
		if !l.listens() {
			ev.Timing.Latency, ev.Timing.Valid = s.ear.latency(*t, ev.At)
		}
		s.open = l
	case UtteranceEnd:
		s.open = nil
	}
	s.mail.Put(ev)
	if ev.Kind == Final || ev.Kind == UtteranceEnd {
		s.settle(nil)
		s.answered(t.End)
	}
}

// onset returns when the speech began that the leg heard last, as far as this
// process knows. It is called with mu held.
func (s *failoverStream) onset(l *leg) time.Duration {
	at := s.heldStart + s.c.Format.Duration(l.given) // so far the leg has heard
	for i := len(s.ear.spans) - 1; i >= 0; i-- {
		sp := s.ear.spans[i]
		if sp.end != 0 && sp.end <= s.said {
			break
		}
		if sp.onset < at {
			return sp.onset
		}
	}
	return at
}

// wait starts the clock that runs while an answer is due. It is called with mu held.
func (s *failoverStream) wait() {
	if s.patience == nil && s.err == nil {
		l := s.leg
		s.patience = time.AfterFunc(s.f.o.Patience, func() { s.question(l) })
	}
}

// rest stops that clock. It is called with mu held.
func (s *failoverStream) rest() {
	if s.patience != nil {
		s.patience.Stop()
		s.patience = nil
	}
}

// question asks a silent leg to flush: an engine that heard only noise answers
// that, a dead one does not.
func (s *failoverStream) question(l *leg) {
	s.mu.Lock()
	if s.leg != l || s.patience == nil || s.err != nil {
		s.mu.Unlock()
		return
	}
	s.patience = nil
	asked := s.ear.clock
	if !l.live || s.ear.speaking() && asked-s.due[0].end < s.f.o.Keep/2 {
		s.wait() // it has not been given everything yet, or would be interrupted
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.o.Patience)
	defer cancel()
	err := l.flush(ctx)
	if err == nil { // what it has to say is being received
		timer := time.NewTimer(tolerance)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
		}
		timer.Stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil || s.leg != l:
	case err != nil:
		s.fail(l, &Error{Op: "read", Kind: ErrTimeout, Err: err})
	default:
		s.answered(asked)
	}
}

// Flush flushes the engine in use, and the next one if that fails meanwhile.
func (s *failoverStream) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		l, changed, err := s.leg, s.changed, s.err
		live := err == nil && l.live
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if !live {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		err = l.flush(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.mu.Lock()
		if err != nil {
			s.fail(l, err)
		}
		same := s.leg == l
		if err == nil && same && s.err == nil && !l.listens() {
			s.settle(nil) // it answers
		}
		s.mu.Unlock()
		if err == nil && same {
			return nil
		}
	}
}

func (s *failoverStream) Recv(ctx context.Context) (Event, error) { return s.mail.Recv(ctx) }

func (s *failoverStream) Close() error {
	s.stop()
	return s.shutdown()
}

// shutdown closes the leg and receives what it still has.
func (s *failoverStream) shutdown() error {
	s.mu.Lock()
	l := s.leg
	if s.err == nil {
		s.err = ErrClosed
		if !l.settled {
			s.settle(context.Canceled)
		}
		s.change()
	}
	s.rest()
	s.mu.Unlock()
	var err error
	if l != nil {
		err = l.close()
		timer := time.NewTimer(time.Second)
		select {
		case <-s.done:
		case <-timer.C:
		}
		timer.Stop()
	}
	s.cancel()
	s.wg.Wait()
	s.mail.CloseWith(io.EOF)
	return err
}
