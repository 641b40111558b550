package stt

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// failoverStream hands a call's audio to one engine after another.
type failoverStream struct {
	f      *failover
	c      Config
	ctx    context.Context // ends with the stream
	cancel context.CancelFunc
	stop   func() bool
	mail   Mailbox
	wg     sync.WaitGroup

	mu        sync.Mutex
	ear       *ear
	due       []time.Duration // ends of speech that no engine has answered yet
	patience  *time.Timer     // runs while something is due
	held      []byte          // the audio that a next engine would be given
	heldStart time.Duration   // of held on the call's clock
	current   int             // index of the engine
	opened    time.Time       // when its stream was
	quick     int             // its streams in a row that did not hold
	stream    Stream          // its stream
	replayed  int             // bytes of held that the stream was given
	live      bool            // the stream was given all of held
	settled   bool            // the engine's breaker knows how it went
	changed   chan struct{}   // closed when the engine changes or the stream goes live
	err       error           // the stream has ended
	done      chan struct{}   // closed when the last engine's events were received
}

func (s *failoverStream) Send(frame []byte) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	for _, ev := range s.ear.hear(frame, now) {
		if ev.Kind == vad.Utterance {
			s.due = append(s.due, s.ear.at(ev.VoicedEnd))
			s.wait()
		}
	}
	s.held = append(s.held, frame...)
	if s.live {
		s.replayed = len(s.held)
		if err := s.stream.Send(frame); err != nil {
			s.fail(s.stream, err)
		}
	}
	s.trim()
	return nil
}

// trim forgets audio that will not be replayed: what came before the speech
// under way, if all before it is answered, and what is too old. It is called
// with mu held.
func (s *failoverStream) trim() {
	excess := len(s.held) - s.c.Format.Bytes(s.f.o.Keep)
	if len(s.due) == 0 {
		excess = max(excess, s.c.Format.Bytes(s.ear.at(s.ear.seg.Needed())-s.heldStart))
	}
	if excess > len(s.held)/2+1<<10 { // not with every frame
		s.forget(excess)
	}
}

// wait starts the clock that runs while an answer is due. It is called with mu held.
func (s *failoverStream) wait() {
	if s.patience == nil && s.err == nil {
		stream := s.stream
		s.patience = time.AfterFunc(s.f.o.Patience, func() { s.question(stream) })
	}
}

// answered takes speech that ended up to end as answered. It is called with mu held.
func (s *failoverStream) answered(end time.Duration) {
	const tolerance = 300 * time.Millisecond // between two views of where speech ends
	for len(s.due) > 0 && s.due[0] <= end+tolerance {
		s.due = s.due[1:]
	}
	s.rest()
	if len(s.due) > 0 {
		s.wait()
	}
}

// rest stops the clock. It is called with mu held.
func (s *failoverStream) rest() {
	if s.patience != nil {
		s.patience.Stop()
		s.patience = nil
	}
}

// forget drops n bytes of held audio, at most what the stream was given. It is
// called with mu held.
func (s *failoverStream) forget(n int) {
	n = min(n, s.replayed)
	n -= n % s.c.Format.Encoding.SampleSize()
	s.held = append(s.held[:0], s.held[n:]...)
	s.heldStart += s.c.Format.Duration(n)
	s.replayed -= n
}

// next opens the current engine, or one after it, and begins the replay. It is called with mu held,
// with what ended the engine before.
func (s *failoverStream) next(cause error) error {
	for ; s.current < len(s.f.engines); s.current, s.quick = s.current+1, 0 {
		breaker := s.f.breakers[s.current]
		if !breaker.Allow() {
			continue
		}
		stream, err := s.f.engines[s.current].Open(s.ctx, s.c)
		if err != nil {
			breaker.Done(err)
			cause = err
			continue
		}
		s.stream, s.opened, s.replayed, s.settled = stream, time.Now(), 0, false
		s.live = len(s.held) == 0
		s.change()
		s.wg.Add(1)
		go s.receive(stream, s.heldStart)
		if !s.live {
			s.wg.Add(1)
			go s.replay(stream)
		}
		if len(s.due) > 0 {
			s.wait()
		}
		return nil
	}
	if cause == nil {
		cause = &Error{Op: "open", Kind: ErrUnavailable, Err: errNoEngine}
	}
	return cause
}

// fail gives up stream, if it is still the one in use, for the next engine. It
// is called with mu held.
func (s *failoverStream) fail(stream Stream, cause error) {
	if s.err != nil || stream != s.stream {
		return
	}
	s.settle(cause)
	s.rest()
	s.mail.Put(Event{Kind: Degraded, Transcript: Transcript{Start: s.heldStart, End: s.ear.clock}, Err: cause})
	s.wg.Go(func() { stream.Close() })
	if s.quick++; time.Since(s.opened) >= steady {
		s.quick = 1
	}
	if s.quick > s.f.o.Reconnects || permanent(cause) {
		s.current, s.quick = s.current+1, 0
	}
	if err := s.next(cause); err != nil {
		s.err, s.stream = err, nil
		s.mail.CloseWith(err)
		s.change()
		close(s.done)
	}
}

// steady is how long a connection lasts that was no failure from the start.
const steady = 5 * time.Second

// permanent reports whether the same engine would fail again in the same way.
func permanent(err error) bool {
	for _, kind := range []error{ErrAuth, ErrQuota, ErrRefused, ErrBadAudio} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// settle tells the engine's breaker how it did, once. It is called with mu held.
func (s *failoverStream) settle(err error) {
	breaker := s.f.breakers[s.current]
	if !s.settled || err != nil && breaker.Allow() {
		breaker.Done(err)
	}
	s.settled = true
}

// change wakes who waits for a change. It is called with mu held.
func (s *failoverStream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// replay gives the stream what was held, at twice the speed of speech unless it
// takes it at once, and then leaves it to Send.
func (s *failoverStream) replay(stream Stream) {
	defer s.wg.Done()
	const piece = 5 * frameTime
	_, atOnce := stream.(*segmentedStream)
	ticker := time.NewTicker(piece / 2)
	defer ticker.Stop()
	for {
		s.mu.Lock()
		if s.stream != stream || s.err != nil {
			s.mu.Unlock()
			return
		}
		rest := s.held[s.replayed:]
		if n := s.c.Format.Bytes(piece); !atOnce && len(rest) > n {
			rest = rest[:n]
		}
		s.replayed += len(rest)
		err := stream.Send(rest)
		if err == nil && s.replayed == len(s.held) {
			s.live = true
			s.change()
		}
		if err != nil {
			s.fail(stream, err)
		}
		done := err != nil || s.live
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

// receive passes the stream's events on, on the call's clock.
func (s *failoverStream) receive(stream Stream, offset time.Duration) {
	defer s.wg.Done()
	for {
		ev, err := stream.Recv(s.ctx)
		s.mu.Lock()
		switch {
		case s.stream != stream:
		case s.err != nil && err != nil: // closed
			close(s.done)
		case err != nil:
			if err == io.EOF {
				err = &Error{Op: "read", Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF}
			}
			s.fail(stream, err)
		default:
			s.pass(stream, ev, offset)
			s.mu.Unlock()
			continue
		}
		s.mu.Unlock()
		return
	}
}

// pass handles one event of the stream. It is called with mu held.
func (s *failoverStream) pass(stream Stream, ev Event, offset time.Duration) {
	t := &ev.Transcript
	if t.End == 0 && ev.Kind != SpeechStart {
		t.Start, t.End = s.heldStart-offset, s.ear.clock-offset
	}
	t.Start += offset
	t.End += offset
	for i := range t.Words {
		t.Words[i].Start += offset
		t.Words[i].End += offset
	}
	switch ev.Kind {
	case Degraded:
		if !errors.Is(ev.Err, ErrOverrun) {
			if s.current+1 < len(s.f.engines) && s.err == nil {
				s.fail(stream, ev.Err)
				return
			}
			s.settle(ev.Err)
		}
	case Final, UtteranceEnd:
		if ev.Kind == Final {
			ev.Timing.Latency, ev.Timing.Valid = s.ear.latency(*t, ev.At)
		}
		s.settle(nil)
		s.answered(t.End)
		if done := t.End - s.heldStart; done > 0 {
			s.forget(s.c.Format.Bytes(done))
		}
	}
	s.mail.Put(ev)
}

// question asks a silent stream to flush: an engine that heard only noise
// answers that, a dead one does not.
func (s *failoverStream) question(stream Stream) {
	s.mu.Lock()
	if s.stream != stream || s.patience == nil || s.err != nil {
		s.mu.Unlock()
		return
	}
	s.patience = nil
	live, asked := s.live, s.ear.clock
	if !live {
		s.wait() // it has not been given everything yet
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	ctx, cancel := context.WithTimeout(s.ctx, s.f.o.Patience)
	defer cancel()
	err := stream.Flush(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil || s.stream != stream:
	case err != nil:
		s.fail(stream, &Error{Op: "read", Kind: ErrTimeout, Err: err})
	default:
		s.answered(asked)
	}
}

// Flush flushes the engine in use, and the next one if that fails meanwhile.
func (s *failoverStream) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		stream, live, changed, err := s.stream, s.live, s.changed, s.err
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
		err = stream.Flush(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.mu.Lock()
		if err != nil {
			s.fail(stream, err)
		}
		same := s.stream == stream
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

// shutdown closes the engine's stream and receives what it still has.
func (s *failoverStream) shutdown() error {
	s.mu.Lock()
	stream := s.stream
	if s.err == nil {
		s.err = ErrClosed
		if !s.settled {
			s.settle(context.Canceled)
		}
	}
	s.rest()
	s.mu.Unlock()
	var err error
	if stream != nil {
		err = stream.Close()
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
