package mediastream

import (
	"sync"
	"sync/atomic"
	"time"
)

// Conn is the server's end of a stream. All methods may be called from any
// goroutine, but only one may be in [Conn.Events].
type Conn struct {
	opts Options
	sock socket
	wire wire

	in      inbox
	backlog backlog
	out     outbox
	counts  counters
	watch   watch

	mu      sync.Mutex
	cause   *Error // what ended the stream, first come
	closing bool   // Close was called

	shutting sync.Once // sends the close frame
	running  sync.WaitGroup
}

func newConn(sock socket, w wire, opts Options) *Conn {
	c := &Conn{opts: opts, sock: sock, wire: w}
	c.in.buf = make([]byte, 0, 1<<9)
	c.backlog.arrived.L = &c.backlog.mu
	c.out.rate = Mulaw().bytesPerSecond()
	c.watch.begin(c)
	return c
}

// Close ends the stream with a close code (RFC 6455, section 7.4; 1000 is a
// normal end) and a reason of at most 123 bytes. It drops what is still queued,
// waits at most a second for the peer's answer and then for the connection's
// goroutines. Events ends without an error. Calls after the first, and calls
// after the stream has ended by an error, only release what is left.
func (c *Conn) Close(code int, reason string) error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.watch.end()
	err := c.shut(code, reason)
	c.running.Wait()
	return err
}

// fail ends the stream because of e, unless it has ended already. Whoever reads
// wakes up and sends the close frame.
func (c *Conn) fail(e *Error) {
	c.mu.Lock()
	first := c.cause == nil && !c.closing
	if first {
		c.cause = e
	}
	c.mu.Unlock()
	if first {
		c.report(e)
	}
	c.out.stop()
	c.sock.interrupt()
}

// shut closes the socket once.
func (c *Conn) shut(code int, reason string) (err error) {
	c.shutting.Do(func() {
		c.out.stop()
		err = c.sock.close(code, reason)
	})
	return err
}

func (c *Conn) report(e *Error) {
	if c.opts.OnError != nil {
		c.opts.OnError(e)
	}
}

func (c *Conn) ended() (cause *Error, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause, c.closing
}

// Stats is a snapshot of what a stream has done.
type Stats struct {
	MessagesIn, BytesIn   uint64 // whole messages, their payload as JSON
	MessagesOut, BytesOut uint64

	Malformed   uint64        // messages that were skipped because they are not JSON or lack a field
	WrongStream uint64        // messages that were skipped because they name another stream
	Unknown     uint64        // events of an unknown name
	Reordered   uint64        // messages whose sequence number was not larger than the one before
	Lost        uint64        // messages that are missing, by the sequence numbers
	Gaps        uint64        // places where audio is missing, by the timestamps
	Silence     time.Duration // audio missing there in all
	Dropped     uint64        // messages dropped because the consumer was too slow

	Backlog  time.Duration // audio received and not yet delivered to a slow consumer
	Queued   time.Duration // audio accepted by SendMedia and not yet sent
	Unplayed time.Duration // audio sent and, by the clock, not yet played
}

// Stats returns what the stream has done so far.
func (c *Conn) Stats() Stats {
	n := &c.counts
	s := Stats{
		MessagesIn:  n.messagesIn.Load(),
		BytesIn:     n.bytesIn.Load(),
		MessagesOut: n.messagesOut.Load(),
		BytesOut:    n.bytesOut.Load(),
		Malformed:   n.malformed.Load(),
		WrongStream: n.wrongStream.Load(),
		Unknown:     n.unknown.Load(),
		Reordered:   n.reordered.Load(),
		Lost:        n.lost.Load(),
		Gaps:        n.gaps.Load(),
		Silence:     time.Duration(n.silence.Load()),
		Dropped:     n.dropped.Load(),
		Backlog:     c.backlog.duration(),
	}
	s.Queued, s.Unplayed = c.out.state()
	return s
}

// counters are written by the connection's goroutines and read by Stats.
type counters struct {
	messagesIn, bytesIn, messagesOut, bytesOut atomic.Uint64
	malformed, wrongStream, unknown, reordered atomic.Uint64
	lost, gaps, dropped                        atomic.Uint64
	silence                                    atomic.Int64
}

// watch looks at a stream twice a second, in place of a timer for each
// read and write.
type watch struct {
	mu      sync.Mutex
	timer   *time.Timer
	every   time.Duration
	stopped bool

	began    time.Time
	messages uint64    // seen at the last look
	since    time.Time // when that number last grew
	earned   time.Time // until when messages have been allowed for
	busy     int       // looks in a row that found the consumer at work
}

const (
	lookEvery  = 500 * time.Millisecond
	looksBusy  = 2 // before the consumer counts as slow
	rateWindow = 10 * time.Second
)

func (w *watch) begin(c *Conn) {
	w.began = time.Now()
	w.since, w.earned = w.began, w.began
	w.every = max(min(lookEvery, c.opts.StartTimeout/4, c.opts.IdleTimeout/4, c.opts.WriteTimeout/4), time.Millisecond)
	c.in.credit.Store(c.maxCredit())
	w.mu.Lock()
	w.timer = time.AfterFunc(onGrid(w.every), c.look)
	w.mu.Unlock()
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// maxCredit is how many messages may come at once.
func (c *Conn) maxCredit() int64 { return int64(c.opts.MaxRate) * int64(rateWindow/time.Second) }

// look is one turn of the watch.
func (c *Conn) look() {
	w := &c.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || c.in.over.Load() {
		return
	}
	now := time.Now()
	if earned := int64(now.Sub(w.earned)) * int64(c.opts.MaxRate) / int64(time.Second); earned > 0 {
		c.in.credit.Store(min(c.in.credit.Load()+earned, c.maxCredit()))
		w.earned = now
	}
	if n := c.counts.messagesIn.Load(); n != w.messages {
		w.messages, w.since = n, now
	}
	switch idle := now.Sub(w.since); {
	case !c.in.started.Load() && now.Sub(w.began) >= c.opts.StartTimeout:
		c.fail(&Error{Type: Timeout, Offset: -1, Code: codePolicy, Err: errNoStart})
		return
	case idle >= c.opts.IdleTimeout:
		c.fail(&Error{Type: Timeout, Offset: -1, Code: codeGoingAway, Err: errIdle})
		return
	case c.out.stalled(now, c.opts.WriteTimeout):
		c.fail(&Error{Type: Write, Offset: -1, Code: codeAbnormal, Err: errStalled})
		return
	}
	if c.backlog.busy() {
		if w.busy++; w.busy >= looksBusy {
			w.busy = 0
			c.relieve()
		}
	} else {
		w.busy = 0
	}
	c.flushForgotten()
	w.timer.Reset(onGrid(w.every))
}
