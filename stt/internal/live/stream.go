package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/stt"
)

// Stream is a call on one connection to a service. It ends when the connection
// does: for a new one, and a replay, there is stt.Failover.
type Stream struct {
	e       *Engine
	url     string
	session Session
	format  stt.Format
	cancel  context.CancelFunc
	stop    func() bool
	wake    chan struct{} // has a token when the writer has something to do
	done    chan struct{} // closed when both goroutines have ended
	mail    stt.Mailbox

	mu      sync.Mutex // guards the session and what follows
	link    *link
	queue   []byte     // audio that was not sent yet
	lost    int        // bytes of it that were dropped, not yet reported
	sent    int        // bytes of audio, silence of ours included
	shifts  []shift    // of the service's clock against the call's
	ready   bool       // audio can be sent
	flushes []*flush   // in order; those that were sent come first
	answers []Message  // to be sent
	heard   time.Time  // when the service last said something
	unclear int        // messages in a row that are not as documented
	warned  int        // warnings since it last heard something
	warning time.Time  // when the last one was reported
	last    *stt.Error // the last one
	closed  bool
	err     error // why the stream ended
}

// shift is silence of n bytes that the service was given besides, or if n is
// negative audio that it was not, at a place in what was sent.
type shift struct{ at, n int }

// connect begins to connect a call. The stream ends with ctx.
func (e *Engine) connect(ctx context.Context, c stt.Config) *Stream {
	s := &Stream{e: e, url: e.url(c), session: e.s.Session(c), format: c.Format,
		wake: make(chan struct{}, 1), done: make(chan struct{}), ready: !e.s.Waits}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.stop = context.AfterFunc(ctx, s.shutdown)
	go s.run(run)
	return s
}

// age is how old the stream's connection is, 0 without one.
func (s *Stream) age() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == nil {
		return 0
	}
	return time.Since(s.link.opened)
}

// Send implements stt.Stream.
func (s *Stream) Send(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return stt.ErrClosed
	case s.err != nil:
		return s.err
	}
	s.queue = append(s.queue, frame...)
	if excess := len(s.queue) - s.format.Bytes(maxQueue); excess > 0 {
		s.take(excess)
		s.lost += excess
		if i := len(s.shifts) - 1; i >= 0 && s.shifts[i].at == s.sent && s.shifts[i].n < 0 {
			s.shifts[i].n -= excess
		} else {
			s.shifts = append(s.shifts, shift{s.sent, -excess})
		}
	}
	s.poke()
	return nil
}

// take removes n bytes from the queue. It is called with mu held.
func (s *Stream) take(n int) {
	s.queue = append(s.queue[:0], s.queue[n:]...)
	for _, f := range s.flushes {
		f.after = max(0, f.after-n)
	}
}

func (s *Stream) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Recv implements stt.Stream.
func (s *Stream) Recv(ctx context.Context) (stt.Event, error) { return s.mail.Recv(ctx) }

// Close implements stt.Stream.
func (s *Stream) Close() error {
	s.stop()
	s.shutdown()
	return nil
}

// maxQueue is how much audio may wait to be sent.
const maxQueue = 30 * time.Second

// byeTime is how long the last message may take.
const byeTime = 500 * time.Millisecond

func (s *Stream) shutdown() {
	s.mu.Lock()
	s.closed = true
	s.poke()
	s.mu.Unlock()
	timer := time.AfterFunc(byeTime, s.cancel)
	defer timer.Stop()
	<-s.done
	s.cancel()
}

// run connects, writes until the end, and settles it.
func (s *Stream) run(ctx context.Context) {
	defer close(s.done)
	err := s.e.quiet.Error(s.talk(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		err = nil
		s.mail.CloseWith(io.EOF)
	} else {
		s.err = err
		s.mail.CloseWith(err)
	}
	for _, f := range s.flushes {
		if f.err = err; err == nil {
			f.err = stt.ErrClosed
		}
		close(f.done)
	}
	s.flushes = nil
}

func (s *Stream) talk(ctx context.Context) error {
	dialing, cancel := context.WithCancel(ctx)
	defer cancel()
	watching := make(chan struct{})
	go func() { // closing does not wait for a connection
		defer close(watching)
		for {
			select {
			case <-s.wake:
				s.mu.Lock()
				closed := s.closed
				s.mu.Unlock()
				if closed {
					cancel()
					return
				}
			case <-dialing.Done():
				return
			}
		}
	}()
	l, err := s.e.link(dialing, s.url)
	cancel()
	<-watching
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.link = l
	hello := s.session.Hello()
	s.poke()
	s.mu.Unlock()
	defer l.close()
	if err = s.send(ctx, hello); err == nil {
		if err = l.attach(s.receive); err == nil {
			err = s.write(ctx)
		}
	}
	if err == errReading {
		if err = l.err; !isTyped(err) {
			err = s.explained(s.e.failure(err))
		}
	}
	return err
}

// explained gives the error of a close the kind of the warning that came before it
// with the same code: the close itself may say less.
func (s *Stream) explained(e *stt.Error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && s.last.Status != 0 && s.last.Status == e.Status {
		e.Kind, e.Err = s.last.Kind, s.last.Err
	}
	return e
}

var errReading = errors.New("live: the reader ended")

func isTyped(err error) bool {
	_, ok := err.(*stt.Error)
	return ok
}

func (s *Stream) send(ctx context.Context, m Message) error {
	if m.Data == nil {
		return nil
	}
	kind := websocket.MessageText
	if m.Binary {
		kind = websocket.MessageBinary
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := s.link.conn.Write(ctx, kind, m.Data)
	if err == nil {
		return nil
	}
	select {
	case <-s.link.ended: // it knows better why
		return errReading
	case <-time.After(100 * time.Millisecond):
	}
	return s.e.failure(err)
}

// write sends what there is to send until the stream is closed or fails.
func (s *Stream) write(ctx context.Context) error {
	var idle <-chan time.Time
	keep := s.e.s.KeepAlive
	if keep > 0 {
		ticker := time.NewTicker(keep / 2)
		defer ticker.Stop()
		idle = ticker.C
	}
	sent := time.Now()
	ready := time.NewTimer(Patience)
	defer ready.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		m, more, closed := s.next()
		if closed {
			s.mu.Lock()
			bye := s.session.Bye()
			s.mu.Unlock()
			return s.send(ctx, bye)
		}
		if m.Data != nil {
			if err := s.send(ctx, m); err != nil {
				return err
			}
			sent = time.Now()
		}
		if more {
			continue
		}
		due.Reset(s.due())
		select {
		case <-s.wake:
		case <-due.C:
			if err := s.expire(); err != nil {
				return err
			}
		case <-ready.C:
			if !s.isReady() {
				return &stt.Error{Engine: s.e.s.Name, Op: "open", Kind: stt.ErrTimeout, Err: errNotReady}
			}
		case <-idle:
			if time.Since(sent) >= keep {
				s.mu.Lock()
				m := s.session.KeepAlive()
				s.mu.Unlock()
				if err := s.send(ctx, m); err != nil {
					return err
				}
				sent = time.Now()
			}
		case <-s.link.ended:
			return errReading
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errNotReady = errors.New("the service is connected and does not say that it is ready")

func (s *Stream) isReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// due returns how long until the session gives something up.
func (s *Stream) due() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.session.(Expirer); ok {
		if at := x.Due(); !at.IsZero() {
			return max(0, time.Until(at))
		}
	}
	return time.Hour
}

// expire has the session give up the messages that are due.
func (s *Stream) expire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.session.(Expirer)
	if !ok {
		return nil
	}
	return s.use(x.Expire(time.Now()))
}

// next returns the next message to send, and whether there may be more.
func (s *Stream) next() (m Message, more, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost > 0 {
		s.mail.Put(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: s.e.s.Name, Op: "write", Kind: stt.ErrOverrun,
			Err: fmt.Errorf("%v of audio given up", s.format.Duration(s.lost))}})
		s.lost = 0
	}
	if s.closed {
		return Message{}, false, true
	}
	if len(s.answers) > 0 {
		m, s.answers = s.answers[0], s.answers[1:]
		return m, true, false
	}
	if !s.ready {
		return Message{}, false, false
	}
	var pending *flush
	for _, f := range s.flushes {
		if !f.sent {
			pending = f
			break
		}
	}
	available := len(s.queue)
	if pending != nil {
		available = pending.after
	}
	if least := s.format.Bytes(s.e.s.MinChunk); available > 0 && (available >= least || pending != nil) {
		n := available
		if most := s.format.Bytes(s.e.s.MaxChunk); n > most {
			if n = most; available-n < least {
				n = available - least // and leave enough for another message
			}
		}
		audio := s.queue[:n]
		if n < least { // before a flush
			audio = s.format.AppendSilence(append([]byte(nil), audio...), (least-n)/s.format.Encoding.SampleSize())
			s.shifts = append(s.shifts, shift{s.sent + n, least - n})
		}
		s.sent += len(audio)
		m = s.session.Audio(audio)
		s.take(n)
		return m, true, false
	}
	if pending != nil && pending.after == 0 {
		pending.sent = true
		m = s.session.Flush()
		s.heard = time.Now()
		go s.settle(pending)
		return m, true, false
	}
	return Message{}, false, false
}
