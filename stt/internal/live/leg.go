package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
)

// leg is a call on one connection to a service. It ends when the connection does:
// for a new one, and a replay, there is stt.Open.
type leg struct {
	e       *Engine
	url     string
	c       stt.Config
	session Session
	cancel  context.CancelFunc
	stop    func() bool
	wake    chan struct{} // has a token when the writer has something to do
	done    chan struct{} // closed when both goroutines have ended

	mu      sync.Mutex // guards the session and what follows
	link    *wire.Link // nil until it is connected
	dialing context.CancelFunc
	queue   []byte           // audio that was not sent yet
	lost    int              // bytes of it that were dropped, not yet reported
	sent    int              // bytes of audio, silence of ours included
	shifts  []shift          // of the service's clock against the leg's
	ready   bool             // audio can be sent
	expect  *stt.Expectation // that was not sent yet
	flushes []*flush         // in order; those that were sent come first
	answers []Message        // to be sent
	heard   time.Time        // when the service last said something
	unclear int              // messages in a row that are not as documented
	warned  int              // warnings since it last heard something
	warning time.Time        // when the last one was reported
	last    *stt.Error       // the last one
	closed  bool
	err     error // why the leg ended
}

// shift is silence of n bytes that the service was given besides, or if n is
// negative audio that it was not, at a place in what was sent.
type shift struct{ at, n int }

// Open implements stt.Engine. The stream is one connection.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if e.s.Accepts != nil {
		if err := e.s.Accepts(c); err != nil {
			return nil, err
		}
	}
	if c.Emit == nil {
		c.Emit = func(stt.Event) {}
	}
	l := &leg{e: e, url: e.url(c), c: c, session: e.s.Session(c), wake: make(chan struct{}, 1), done: make(chan struct{}), ready: !e.s.Waits}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	var dialing context.Context
	dialing, l.dialing = context.WithCancel(run)
	l.stop = context.AfterFunc(ctx, l.shutdown)
	go l.run(run, dialing)
	return l, nil
}

// Send implements stt.Stream.
func (l *leg) Send(frame []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return stt.ErrClosed
	case l.err != nil:
		return l.err
	}
	l.queue = append(l.queue, frame...)
	if excess := len(l.queue) - l.c.Format.Bytes(maxQueue); excess > 0 {
		l.take(excess)
		l.lost += excess
		if i := len(l.shifts) - 1; i >= 0 && l.shifts[i].at == l.sent && l.shifts[i].n < 0 {
			l.shifts[i].n -= excess
		} else {
			l.shifts = append(l.shifts, shift{l.sent, -excess})
		}
	}
	l.poke()
	return nil
}

// Expect implements stt.Expecter for services that take it.
func (l *leg) Expect(e stt.Expectation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return stt.ErrClosed
	case l.err != nil:
		return l.err
	}
	l.expect = &e
	l.poke()
	return nil
}

// take removes n bytes from the queue. It is called with mu held.
func (l *leg) take(n int) {
	l.queue = append(l.queue[:0], l.queue[n:]...)
	for _, f := range l.flushes {
		f.after = max(0, f.after-n)
	}
}

func (l *leg) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close implements stt.Stream.
func (l *leg) Close() error {
	l.stop()
	l.shutdown()
	return nil
}

// maxQueue is how much audio may wait to be sent.
const maxQueue = 30 * time.Second

// byeTime is how long the last message may take.
const byeTime = 500 * time.Millisecond

func (l *leg) shutdown() {
	l.mu.Lock()
	l.closed = true
	if l.link == nil { // closing does not wait for a connection
		l.dialing()
	}
	l.poke()
	l.mu.Unlock()
	timer := time.AfterFunc(byeTime, l.cancel)
	defer timer.Stop()
	<-l.done
	l.cancel()
}

// run connects, writes until the end, and settles it.
func (l *leg) run(ctx, dialing context.Context) {
	defer close(l.done)
	err := l.e.quiet.Error(l.talk(ctx, dialing))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		err = stt.ErrClosed
	} else {
		l.c.Emit(stt.Event{Kind: stt.Ended, Err: err})
	}
	l.err = err
	for _, f := range l.flushes {
		f.err = err
		close(f.done)
	}
	l.flushes = nil
}

// talk has the conversation.
func (l *leg) talk(ctx, dialing context.Context) error {
	link, err := l.e.connect(dialing, l.url)
	l.dialing()
	if err != nil {
		return err
	}
	defer link.Close()
	l.mu.Lock()
	l.link = link
	hello := l.session.Hello()
	l.poke()
	l.mu.Unlock()
	if err = link.Write(ctx, hello); err == nil {
		if err = link.Attach(l.receive); err == nil {
			err = l.write(ctx)
		}
	}
	err = l.e.failure("read", err)
	if typed, ok := err.(*stt.Error); ok {
		l.explain(typed)
	}
	return err
}

// explain gives the error of a close the kind of the warning that came before it
// with the same code: the close itself may say less.
func (l *leg) explain(e *stt.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil && l.last.Status != 0 && l.last.Status == e.Status {
		e.Kind, e.Err = l.last.Kind, l.last.Err
	}
}

// write sends what there is to send until the stream is closed or fails.
func (l *leg) write(ctx context.Context) error {
	var idle <-chan time.Time
	keep := l.e.s.KeepAlive
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
		m, more, closed := l.next()
		if closed {
			l.mu.Lock()
			bye := l.session.Bye()
			l.mu.Unlock()
			return l.link.Write(ctx, bye)
		}
		if m.Data != nil {
			if err := l.link.Write(ctx, m); err != nil {
				return err
			}
			sent = time.Now()
		}
		if more {
			continue
		}
		due.Reset(l.due())
		select {
		case <-l.wake:
		case <-due.C:
			if err := l.expire(); err != nil {
				return err
			}
		case <-ready.C:
			if !l.isReady() {
				return &stt.Error{Engine: l.e.s.Name, Op: "open", Kind: stt.ErrTimeout, Err: errNotReady}
			}
		case <-idle:
			if time.Since(sent) >= keep {
				l.mu.Lock()
				m := l.session.KeepAlive()
				l.mu.Unlock()
				if err := l.link.Write(ctx, m); err != nil {
					return err
				}
				sent = time.Now()
			}
		case <-l.link.Ended():
			return l.link.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errNotReady = errors.New("the service is connected and does not say that it is ready")

func (l *leg) isReady() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

// due returns how long until the session gives something up.
func (l *leg) due() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x, ok := l.session.(Expirer); ok {
		if at := x.Due(); !at.IsZero() {
			return max(0, time.Until(at))
		}
	}
	return time.Hour
}

// expire has the session give up the messages that are due.
func (l *leg) expire() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.session.(Expirer)
	if !ok {
		return nil
	}
	return l.use(x.Expire(time.Now()))
}

// next returns the next message to send, and whether there may be more.
func (l *leg) next() (m Message, more, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost > 0 {
		l.c.Emit(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: l.e.s.Name, Op: "write", Kind: stt.ErrOverrun,
			Err: fmt.Errorf("%v of audio given up", l.c.Format.Duration(l.lost))}})
		l.lost = 0
	}
	if l.closed {
		return Message{}, false, true
	}
	if len(l.answers) > 0 {
		m, l.answers = l.answers[0], l.answers[1:]
		return m, true, false
	}
	if !l.ready {
		return Message{}, false, false
	}
	if x, ok := l.session.(Expecter); ok && l.expect != nil {
		m, l.expect = x.Expect(*l.expect), nil
		return m, true, false
	}
	var pending *flush
	for _, f := range l.flushes {
		if !f.sent {
			pending = f
			break
		}
	}
	available := len(l.queue)
	if pending != nil {
		available = pending.after
	}
	if least := l.c.Format.Bytes(l.e.s.MinChunk); available > 0 && (available >= least || pending != nil) {
		n := available
		if most := l.c.Format.Bytes(l.e.s.MaxChunk); n > most {
			if n = most; available-n < least {
				n = available - least // and leave enough for another message
			}
		}
		audio := l.queue[:n]
		if n < least { // before a flush
			audio = l.c.Format.AppendSilence(append([]byte(nil), audio...), (least-n)/l.c.Format.Encoding.Size())
			l.shifts = append(l.shifts, shift{l.sent + n, least - n})
		}
		l.sent += len(audio)
		m = l.session.Audio(audio)
		l.take(n)
		return m, true, false
	}
	if pending != nil && pending.after == 0 {
		pending.sent = true
		m = l.session.Flush()
		l.heard = time.Now()
		go l.settle(pending)
		return m, true, false
	}
	return Message{}, false, false
}
