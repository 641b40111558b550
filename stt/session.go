package stt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// session is a call. It hears the audio once, keeps what is not answered yet, and
// hands both to one leg after another. Events of the leg in use are put on the
// call's clock and emitted in order, and what they answer is forgotten; at a change,
// what is still on the tape is replayed, and what the leg before had yet to say is
// dropped. So everything is answered once.
//
// It has no goroutine of its own but for a replay: it runs in that of whoever sends
// audio or emits an event.
type session struct {
	f      *failover
	c      Config
	keep   time.Duration // of audio for a next leg; 0 = there will be none
	slack  time.Duration // of audio held beyond the need, so that the rest moves once in a while and not with every frame
	ctx    context.Context
	cancel context.CancelFunc
	stop   func() bool
	wg     sync.WaitGroup
	in     inbound

	mu       sync.Mutex // guards what follows. It is released by leave.
	ear      *ear
	tape     tape
	said     time.Duration // the end of the speech that is final
	due      []span        // speech after that, finished
	placed   time.Duration // up to where transcripts without times were placed
	began    time.Duration // of the last SpeechStart that was passed on
	speaking bool          // the leg has an utterance under way
	open     *leg          // whose Final was passed on, and not yet the utterance's end
	patience *time.Timer   // runs while something is due
	turn     turn

	current int           // index of the link
	quick   int           // its legs in a row that did not hold
	leg     *leg          // nil when none is left
	changed chan struct{} // closed when the leg changes or goes live
	err     error         // the stream has ended
}

const (
	tolerance = 300 * time.Millisecond // between two views of where speech begins or ends
	maxSlack  = 500 * time.Millisecond // where much is held
	minSlack  = 100 * time.Millisecond // where there is no next leg
	steady    = 5 * time.Second        // the age from which the end of a connection counts as the first failure
	stillness = time.Second            // of nobody speaking, in which a call may change its connection
	// remembered is how long after its audio a transcript can be measured.
	remembered = 30 * time.Second
)

func newSession(ctx context.Context, f *failover, c Config) (Stream, error) {
	memory := max(remembered, f.o.Keep+2*maxSlack)
	for _, l := range f.links {
		if e, ok := l.opens.(*segmented); ok {
			memory = max(memory, 2*time.Second+min(e.o.VAD.HangOver, time.Minute))
		}
	}
	ear, err := newEar(c.Format, memory)
	if err != nil {
		return nil, err
	}
	s := &session{f: f, c: c, ear: ear, keep: f.o.Keep, slack: maxSlack, began: -tolerance, changed: make(chan struct{}),
		tape: tape{format: c.Format, frame: c.Format.Bytes(frameTime)}}
	if f.alone() {
		s.keep, s.slack = 0, minSlack
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.mu.Lock()
	err = s.next(nil)
	s.leave()
	if err != nil {
		s.cancel()
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

// arrival is an event of a leg.
type arrival struct {
	leg   *leg
	event Event
}

// inbound are the events that came while the session was at work in another
// goroutine, which handles them when it is done: an engine's Emit never waits.
type inbound struct {
	n      atomic.Int32 // of events
	mu     sync.Mutex
	events []arrival
	size   int // bytes that they take
}

// maxInbound bounds them, in bytes: more than any engine says in the time of a Send.
const maxInbound = 1 << 20

func (in *inbound) put(a arrival) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 256 + len(a.event.Transcript.Text) + 64*len(a.event.Transcript.Words)
	if last := len(in.events) - 1; last >= 0 && a.event.Kind == Interim && in.events[last].event.Kind == Interim {
		in.events[last] = a
		return
	}
	if in.size+n > maxInbound && a.event.Kind != Ended {
		if last := len(in.events) - 1; last >= 0 && in.events[last].event.Err == errFlood {
			return
		}
		n, a.event = 256, Event{Kind: Degraded, At: a.event.At, Err: errFlood}
	}
	in.size += n
	in.events = append(in.events, a)
	in.n.Store(int32(len(in.events)))
}

var errFlood = &Error{Op: "receive", Kind: ErrOverrun, Err: errors.New("1 MiB of events came at once; those after it were given up")}

// drain returns the waiting events.
func (in *inbound) drain() []arrival {
	if in.n.Load() == 0 {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	events := in.events
	in.events, in.size = nil, 0
	in.n.Store(0)
	return events
}

// take is a leg's Emit.
func (s *session) take(l *leg, ev Event) {
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	s.in.put(arrival{l, ev})
	if s.mu.TryLock() {
		s.leave()
	}
}

// leave releases mu, after the events that came meanwhile were handled.
func (s *session) leave() {
	for {
		s.handle()
		if s.in.n.Load() == 0 || !s.mu.TryLock() {
			return
		}
	}
}

// handle handles the waiting events, and releases mu.
func (s *session) handle() {
	defer s.mu.Unlock()
	for events := s.in.drain(); len(events) > 0; events = s.in.drain() {
		for _, a := range events {
			s.pass(a.leg, a.event)
		}
	}
}

// emit gives the host an event. It is called with mu held.
func (s *session) emit(ev Event) {
	if s.c.Emit == nil || s.err != nil && ev.Kind != Ended {
		return
	}
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	s.c.Emit(ev)
}

// Send implements Stream.
func (s *session) Send(frame []byte) error { return s.SendOver(frame, nil) }

// SendOver implements Duplex.
func (s *session) SendOver(frame, played []byte) error {
	now := time.Now()
	s.mu.Lock()
	defer s.leave()
	if s.err != nil {
		return s.err
	}
	voice, events := s.ear.hear(frame, played, now)
	s.tape.add(frame, voice)
	if s.leg.live {
		if err := s.leg.send(s, len(s.tape.audio)); err != nil {
			s.fail(s.leg, err, false)
		}
	}
	s.heard(events)
	s.trim()
	if s.leg != nil && s.leg.link.maxAge > 0 && now.Sub(s.leg.opened) >= s.leg.link.maxAge {
		s.renew()
	}
	return nil
}

// heard takes the events of the ear. It is called with mu held.
func (s *session) heard(events []vad.Event) {
	for _, ev := range events {
		if ev.Kind == vad.Utterance {
			if len(s.due) == maxSpans && s.keep == 0 { // without a patience that would ask the engine
				s.due = s.due[:copy(s.due, s.due[1:])]
			}
			s.due = append(s.due, span{onset: at(ev.Onset), end: at(ev.VoicedEnd)})
		}
		if ev.Kind != vad.SpeechStart {
			s.answered(s.said) // maybe it was answered before its end was heard
		}
		s.turned(ev)
	}
	s.turnOver()
}

// trim forgets audio that will not be replayed: what came before the speech
// under way, if all before it is answered, and what is too old. It is called
// with mu held.
func (s *session) trim() {
	excess := s.tape.length() - s.keep
	if len(s.due) == 0 {
		excess = max(excess, at(s.ear.seg.Needed())-s.tape.start)
	}
	if excess > s.slack {
		s.forget(s.tape.start + excess)
	}
}

// forget drops the audio up to end, in whole frames, at most what the leg has done
// with. It is called with mu held.
func (s *session) forget(end time.Duration) {
	if s.leg == nil {
		return
	}
	if frames := int((min(end, s.leg.needed(&s.tape)) - s.tape.start) / frameTime); frames > 0 {
		s.tape.forget(frames)
		s.leg.given -= frames * s.tape.frame
	}
}

// next opens the current engine, or one after it, and begins the replay. It is
// called with mu held, with what ended the engine before.
func (s *session) next(cause error) error {
	for ; s.current < len(s.f.links); s.current, s.quick = s.current+1, 0 {
		k := s.f.links[s.current]
		if !k.breaker.Allow() {
			continue
		}
		l, err := s.openLeg(k)
		if err != nil {
			k.breaker.Done(err)
			cause = err
			continue
		}
		s.use(l)
		return nil
	}
	if cause == nil {
		cause = &Error{Op: "open", Kind: ErrUnavailable, Err: errNoEngine}
	}
	return cause
}

// use goes on with a leg. It is called with mu held.
func (s *session) use(l *leg) {
	s.leg, s.speaking = l, false
	s.turn.orphan = s.turn.open()
	s.change()
	for l.words != nil && !l.live && s.leg == l { // which takes it at once
		s.repeat(l)
	}
	if s.leg == l && !l.live {
		s.wg.Go(func() { s.replay(l) })
	}
	if len(s.due) > 0 {
		s.wait()
	}
	s.finish()
}

// fail gives up a leg, if it is still the one in use, for another of its engine, or
// for the next engine if away is set or the engine failed too often. It is called
// with mu held.
func (s *session) fail(l *leg, cause error, away bool) {
	if s.err != nil || l != s.leg {
		return
	}
	s.settle(cause)
	s.rest()
	s.emit(Event{Kind: Degraded, Transcript: Transcript{Start: s.tape.start, End: s.ear.clock}, Err: replayed{cause}})
	s.wg.Go(func() { l.close() })
	if s.quick++; time.Since(l.opened) >= steady {
		s.quick = 1
	}
	if s.quick > l.link.reconnects || permanent(cause) || away && s.more() {
		s.current, s.quick = s.current+1, 0
	}
	if err := s.next(cause); err != nil {
		if s.turn.open() {
			s.turnTo(TurnEnd)
		}
		s.err, s.leg = err, nil
		s.emit(Event{Kind: Ended, Err: err})
		s.change()
	}
}

// more reports whether there is an engine after the one in use.
func (s *session) more() bool { return s.current+1 < len(s.f.links) }

// renew changes to a new leg of the same engine when nobody speaks and nothing is
// due. A call without such a silence runs into the service's own limit, as into any
// other end of a connection. It is called with mu held.
func (s *session) renew() {
	old := s.leg
	if !old.live || s.speaking || s.turn.open() || s.open != nil || len(s.due) > 0 || s.ear.quiet() < stillness {
		return
	}
	l, err := s.openLeg(old.link)
	if err != nil {
		return
	}
	if !old.settled {
		s.settle(context.Canceled)
	}
	s.use(l)
	s.wg.Go(func() { old.close() })
}

// replayed is what a session has survived without loss: no reason for another
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

// settle reports the leg's result to the engine's breaker, once. It is called with mu
// held.
func (s *session) settle(err error) {
	breaker := s.leg.link.breaker
	if !s.leg.settled || err != nil && breaker.Allow() {
		breaker.Done(err)
	}
	s.leg.settled = true
}

// change wakes the goroutines that wait for a change. It is called with mu held.
func (s *session) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// replay gives the leg the audio on the tape, at twice the speed of speech, and then
// leaves it to Send.
func (s *session) replay(l *leg) {
	const frames = 5 // at once
	ticker := time.NewTicker(frames * frameTime / 2)
	defer ticker.Stop()
	for {
		s.mu.Lock()
		for n := 0; s.leg == l && s.err == nil && !l.live && n < frames; n++ {
			s.repeat(l)
		}
		done := s.leg != l || s.err != nil || l.live
		s.leave()
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
func (s *session) repeat(l *leg) {
	err := l.send(s, min(l.given+s.tape.frame, len(s.tape.audio)))
	switch {
	case err != nil:
		s.fail(l, err, false)
	case l.given == len(s.tape.audio):
		l.live = true
		s.change()
	}
}

// Flush implements Stream: it flushes the leg in use, and the next one if that fails
// meanwhile.
func (s *session) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		l, changed, err := s.leg, s.changed, s.err
		live := err == nil && l.live
		s.leave()
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
		err = l.flush(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.mu.Lock()
		s.catchUp()
		if err != nil {
			s.fail(l, err, false)
		}
		done := err == nil && s.leg == l && s.err == nil
		if _, ours := l.stream.(*session); done && l.words == nil && !ours { // which asks nobody about nothing
			s.settle(nil) // it answers
		}
		if done && s.turn.open() {
			s.turnTo(TurnEnd)
		}
		s.leave()
		if done {
			return nil
		}
	}
}

// catchUp handles the events that came before now. It is called with mu held.
func (s *session) catchUp() {
	for _, a := range s.in.drain() {
		s.pass(a.leg, a.event)
	}
}

// Close implements Stream.
func (s *session) Close() error {
	s.stop()
	return s.shutdown()
}

func (s *session) shutdown() error {
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
	s.leave()
	var err error
	if l != nil {
		err = l.close()
	}
	s.cancel()
	s.wg.Wait()
	return err
}
