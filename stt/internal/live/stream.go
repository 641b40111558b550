package live

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/stt"
)

// Stream is one connection to a service. It ends when the connection does: for
// a new one, and a replay, there is stt.Failover.
type Stream struct {
	p      Protocol
	format stt.Format
	cancel context.CancelFunc
	stop   func() bool
	wake   chan struct{} // has a token when the writer has something to do
	done   chan struct{} // closed when both goroutines have ended
	mail   stt.Mailbox

	mu      sync.Mutex // guards the session and what follows
	conn    *websocket.Conn
	queue   []byte    // audio that was not sent yet
	lost    int       // bytes of it that were dropped, not yet reported
	ready   bool      // audio can be sent
	flushes []*flush  // in order; those that were sent come first
	answers []Message // to be sent
	heard   time.Time // when the service last said something
	closed  bool
	err     error // why the stream ended
}

type flush struct {
	after int // bytes of queue that come before it
	sent  bool
	done  chan struct{}
	err   error
}

// Open begins to connect. The stream ends with ctx.
func Open(ctx context.Context, p Protocol, f stt.Format) *Stream {
	s := &Stream{p: p, format: f, wake: make(chan struct{}, 1), done: make(chan struct{}), ready: !p.Waits}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.stop = context.AfterFunc(ctx, s.shutdown)
	go s.run(run)
	return s
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
	err := s.talk(ctx)
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
	conn, err := s.p.dial(dialing)
	cancel()
	<-watching
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.conn = conn
	s.poke()
	s.mu.Unlock()
	reading, stopReading := context.WithCancel(ctx)
	read := make(chan error, 1)
	go func() { read <- s.read(reading, conn) }()
	err = s.write(ctx, conn, read)
	stopReading()
	conn.CloseNow()
	if readErr := <-read; err == nil || err == errReading {
		err = readErr
	}
	return err
}

var errReading = fmt.Errorf("live: the reader ended")

// write sends what there is to send until the stream is closed or fails.
func (s *Stream) write(ctx context.Context, conn *websocket.Conn, read chan error) error {
	send := func(m Message) error {
		if m.Data == nil {
			return nil
		}
		kind := websocket.MessageText
		if m.Binary {
			kind = websocket.MessageBinary
		}
		ctx, cancel := context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		if err := conn.Write(ctx, kind, m.Data); err != nil {
			return s.p.failure(err)
		}
		return nil
	}
	s.mu.Lock()
	hello := s.p.Session.Hello()
	s.mu.Unlock()
	if err := send(hello); err != nil {
		return err
	}
	var idle <-chan time.Time
	if s.p.KeepAlive > 0 {
		ticker := time.NewTicker(s.p.KeepAlive / 2)
		defer ticker.Stop()
		idle = ticker.C
	}
	sent := time.Now()
	for {
		m, more, closed := s.next()
		if closed {
			s.mu.Lock()
			bye := s.p.Session.Bye()
			s.mu.Unlock()
			return send(bye)
		}
		if m.Data != nil {
			if err := send(m); err != nil {
				select {
				case readErr := <-read: // it knows better why
					read <- readErr
					return errReading
				case <-time.After(100 * time.Millisecond):
				}
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
			if time.Since(sent) >= s.p.KeepAlive {
				s.mu.Lock()
				m := s.p.Session.KeepAlive()
				s.mu.Unlock()
				if err := send(m); err != nil {
					return err
				}
				sent = time.Now()
			}
		case err := <-read:
			read <- err
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
		s.mail.Put(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: s.p.Engine, Op: "write", Kind: stt.ErrOverrun,
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
	if least := s.format.Bytes(s.p.MinChunk); available > 0 && (available >= least || pending != nil) {
		n := available
		if most := s.format.Bytes(s.p.MaxChunk); n > most {
			if n = most; available-n < least {
				n = available - least // and leave enough for another message
			}
		}
		audio := s.queue[:n]
		if n < least { // before a flush
			audio = s.format.AppendSilence(append([]byte(nil), audio...), (least-n)/s.format.Encoding.SampleSize())
		}
		m = s.p.Session.Audio(audio)
		s.take(n)
		return m, true, false
	}
	if pending != nil && pending.after == 0 {
		pending.sent = true
		m = s.p.Session.Flush()
		if s.p.FlushWait > 0 {
			s.heard = time.Now()
			go s.settle(pending)
		}
		return m, true, false
	}
	return Message{}, false, false
}

// settle ends the wait for a flush that the service does not answer as such.
func (s *Stream) settle(f *flush) {
	for {
		s.mu.Lock()
		waits := slices.Contains(s.flushes, f)
		u, ok := s.p.Session.(Unfinished)
		quiet := time.Since(s.heard)
		if ok && u.Unfinished() {
			quiet = 0
		}
		s.mu.Unlock()
		switch {
		case !waits:
			return
		case quiet < s.p.FlushWait:
			timer := time.NewTimer(s.p.FlushWait - quiet)
			select {
			case <-timer.C:
			case <-s.done:
				timer.Stop()
				return
			}
			continue
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := s.conn.Ping(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.flushes, f); i >= 0 {
		if err != nil {
			f.err = &stt.Error{Engine: s.p.Engine, Op: "flush", Kind: stt.ErrTimeout}
		}
		s.flushes = slices.Delete(s.flushes, i, i+1)
		close(f.done)
	}
}

// read receives until the connection ends.
func (s *Stream) read(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return s.p.failure(err)
		}
		s.mu.Lock()
		s.heard = time.Now()
		r := s.p.Session.Handle(data)
		if r.Send.Data != nil {
			s.answers = append(s.answers, r.Send)
		}
		if r.Ready {
			s.ready = true
		}
		for _, ev := range r.Events {
			s.mail.Put(ev)
		}
		if r.Flushed && len(s.flushes) > 0 && s.flushes[0].sent {
			close(s.flushes[0].done)
			s.flushes = s.flushes[1:]
		}
		s.poke()
		s.mu.Unlock()
		if r.Err != nil {
			return r.Err
		}
	}
}
