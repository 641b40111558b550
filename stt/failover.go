package stt

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// FailoverOptions configure [Failover].
type FailoverOptions struct {
	// Keep is how much audio is kept for a replay, counted from the end of the
	// last finished utterance; 0 = 15 s.
	Keep time.Duration
	// Patience is how long after the caller stopped speaking an engine may be
	// silent before it has to show that it lives, and then how long it has for
	// that; 0 = 2 s.
	Patience time.Duration
	// Reconnects is how often in a row an engine that fails is opened anew before
	// the next is taken, as is right for one that streams over a network. The
	// count begins anew when a connection has held for five seconds. 0 = never.
	Reconnects int
	// Breaker is for each engine's breaker, which all calls share.
	Breaker BreakerOptions
}

// Failover makes one engine of several. A call begins with the first whose
// breaker allows it. When that fails, is silent for too long or loses an
// utterance, what the caller said since the last finished utterance is replayed
// to the next, with the call's clock kept, so that nothing is lost or heard
// twice; a Degraded event tells of it. The call stays with the engine it went
// to. When no engine is left the stream ends with the last one's error.
func Failover(o FailoverOptions, engines ...Engine) Engine {
	if o.Keep <= 0 {
		o.Keep = 15 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	f := &failover{o: o}
	for _, e := range engines {
		f.engines = append(f.engines, e)
		f.breakers = append(f.breakers, NewBreaker(o.Breaker))
	}
	return f
}

type failover struct {
	o        FailoverOptions
	engines  []Engine
	breakers []*Breaker
}

// Check returns nil when one of the engines works: its breaker is closed, and it
// says so itself if it can.
func (f *failover) Check(ctx context.Context) error {
	i := -1
	return f.any(func(e Engine) error {
		if i++; f.breakers[i].Open() {
			return &Error{Op: "check", Kind: ErrUnavailable, Err: errBreakerOpen}
		}
		return passThrough{e}.Check(ctx)
	})
}

// Prewarm warms all engines; it fails when none could be.
func (f *failover) Prewarm(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(f.engines))
	for i, e := range f.engines {
		wg.Go(func() { errs[i] = passThrough{e}.Prewarm(ctx) })
	}
	wg.Wait()
	i := -1
	return f.any(func(Engine) error { i++; return errs[i] })
}

func (f *failover) any(try func(Engine) error) error {
	var errs []error
	for _, e := range f.engines {
		err := try(e)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Status tells of the engine that new calls go to.
func (f *failover) Status() Status {
	for i, e := range f.engines {
		if !f.breakers[i].Open() {
			return passThrough{e}.Status()
		}
	}
	return Status{}
}

func (f *failover) Open(ctx context.Context, c Config) (Stream, error) {
	ear, err := newEar(c.Format, vad.Options{}, remembered)
	if err != nil {
		return nil, err
	}
	s := &failoverStream{f: f, c: c, ear: ear, changed: make(chan struct{}), done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.mu.Lock()
	err = s.next(nil)
	s.mu.Unlock()
	if err != nil {
		s.cancel()
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

var errNoEngine = errors.New("no engine is left")

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
