package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	queue   []byte    // audio that was not sent yet
	lost    int       // bytes of it that were dropped, not yet reported
	sent    int       // bytes of audio, silence of ours included
	shifts  []shift   // of the service's clock against the call's
	ready   bool      // audio can be sent
	flushes []*flush  // in order; those that were sent come first
	answers []Message // to be sent
	heard   time.Time // when the service last said something
	closed  bool
	err     error // why the stream ended
}

// shift is silence of n bytes that the service was given besides, or if n is
// negative audio that it was not, at a place in what was sent.
type shift struct{ at, n int }

type flush struct {
	after int // bytes of queue that come before it
	sent  bool
	done  chan struct{}
	err   error
}

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

// Flush implements stt.Stream.
func (s *Stream) Flush(ctx context.Context) error {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return stt.ErrClosed
	case s.err != nil:
		s.mu.Unlock()
		return s.err
	}
	f := &flush{after: len(s.queue), done: make(chan struct{})}
	s.flushes = append(s.flushes, f)
	s.poke()
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
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
			err = s.e.failure(err)
		}
	}
	return err
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
		select {
		case <-s.wake:
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
		if s.e.s.FlushWait > 0 {
			s.heard = time.Now()
			go s.settle(pending)
		}
		return m, true, false
	}
	return Message{}, false, false
}

// settle ends the wait for a flush that the service leaves without an answer.
func (s *Stream) settle(f *flush) {
	for wait := s.e.s.FlushWait; wait > 0; wait = s.settled(f) {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.done:
			timer.Stop()
			return
		}
	}
}

// settled asks the session, if the service was silent for long enough, and then
// the service for a sign of life. It returns how long to wait before it is called
// again; 0 = f is done.
func (s *Stream) settled(f *flush) time.Duration {
	s.mu.Lock()
	settler, ok := s.session.(Settler)
	if !ok || !slices.Contains(s.flushes, f) {
		s.mu.Unlock()
		return 0
	}
	if rest := s.e.s.FlushWait - time.Since(s.heard); rest > 0 {
		s.mu.Unlock()
		return rest
	}
	r := settler.Settle()
	flushed := r.Flushed > 0
	r.Flushed = 0
	s.use(r)
	s.mu.Unlock()
	if !flushed {
		return s.e.s.FlushWait
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := s.link.conn.Ping(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.flushes, f); i >= 0 {
		if err != nil {
			f.err = &stt.Error{Engine: s.e.s.Name, Op: "flush", Kind: stt.ErrTimeout}
		}
		s.flushes = slices.Delete(s.flushes, i, i+1)
		close(f.done)
	}
	return 0
}

// receive takes a message of the service.
func (s *Stream) receive(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	r := s.session.Handle(data)
	s.use(r)
	s.poke()
	return r.Err
}

// use does what a reply asks for. It is called with mu held.
func (s *Stream) use(r Reply) {
	if r.Send.Data != nil {
		s.answers = append(s.answers, r.Send)
	}
	if r.Ready {
		s.ready = true
	}
	for _, ev := range r.Events {
		ev.Err = s.e.quiet.Error(ev.Err)
		t := &ev.Transcript
		t.Start, t.End = s.heardAt(t.Start), s.heardAt(t.End)
		for i := range t.Words {
			t.Words[i].Start, t.Words[i].End = s.heardAt(t.Words[i].Start), s.heardAt(t.Words[i].End)
		}
		s.mail.Put(ev)
	}
	for n := r.Flushed; n > 0 && len(s.flushes) > 0 && s.flushes[0].sent; n-- {
		close(s.flushes[0].done)
		s.flushes = s.flushes[1:]
	}
}

// heardAt returns the place on the call's clock of one on the service's. It is
// called with mu held.
func (s *Stream) heardAt(t time.Duration) time.Duration {
	var besides time.Duration
	for _, sh := range s.shifts {
		if at := s.format.Duration(sh.at); t > at {
			besides += min(t-at, s.format.Duration(sh.n))
		}
	}
	return t - besides
}
