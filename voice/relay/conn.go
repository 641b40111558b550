package relay

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// Conn is the server's end of a session. It is made by [Accept]; the zero value is not usable.
// All methods may be called from any goroutine, but only one may be in [Conn.Events].
type Conn struct {
	sock ws.Socket
	opts Options
	out  outbox
	in   inbox

	mu      sync.Mutex
	cause   *Error // what ended the connection, first come
	halted  error  // of the context that ended during an iteration
	closing bool   // Close was called

	shutting sync.Once // sends the close frame
	running  sync.WaitGroup
	counts   struct{ messagesIn, bytesIn, messagesOut, bytesOut, malformed, unknown atomic.Uint64 }
}

// inbox is the state of the reading side.
type inbox struct {
	mu       sync.Mutex // of the watch and the reader
	watch    *time.Timer
	due      time.Time // when the watch is to look again
	credit   float64   // messages that may come
	counted  time.Time // when the credit was last added to
	heard    time.Time // when the last message or frame came
	answers  bool      // the peer has answered a ping
	setup    bool      // has come
	over     bool      // nothing more comes
	skipped  int
	watching bool
}

// maxLate is how much is kept of what Twilio says until it has heard of the end, in bytes.
const maxLate = 64 << 10

// maxMalformed is how many messages of a session may be skipped before it ends.
const maxMalformed = 100

func newConn(sock ws.Socket, opts Options) *Conn {
	c := &Conn{sock: sock, opts: opts}
	c.out.idle = sync.NewCond(&c.out.mu)
	now := time.Now()
	in := &c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	in.credit, in.counted, in.heard, in.watching = burst, now, now, true
	in.due = now.Add(opts.SetupTimeout)
	in.watch = time.AfterFunc(opts.SetupTimeout, c.look)
	return c
}

// pings is how many pings are sent in an IdleTimeout.
const pings = 3

// look is one turn of the watch, which first waits for the setup message, and then pings.
func (c *Conn) look() {
	in := &c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.watching || in.over {
		return
	}
	now, every := time.Now(), c.opts.IdleTimeout/pings
	if late := now.Sub(in.due); late > every { // the process was paused, and what came meanwhile is not known yet
		in.heard = in.heard.Add(late)
	}
	switch {
	case !in.setup:
		c.fail(&Error{Type: mediastream.ErrorTimeout, Offset: -1, Code: codePolicy, Err: errNoSetup})
		return
	case in.answers && now.Sub(in.heard) >= c.opts.IdleTimeout:
		c.fail(&Error{Type: mediastream.ErrorTimeout, Offset: -1, Code: codeGoingAway, Err: errIdle})
		return
	}
	c.sock.Ping()
	in.due = now.Add(every)
	in.watch.Reset(every)
}

// came notes a message or frame, and reports whether it is one too many.
func (c *Conn) came(frame bool) (allowed bool) {
	in := &c.in
	in.mu.Lock()
	defer in.mu.Unlock()
	now := time.Now()
	in.credit = min(burst, in.credit+now.Sub(in.counted).Seconds()*float64(c.opts.MaxRate))
	in.counted, in.heard, in.answers = now, now, in.answers || frame
	in.credit--
	if in.credit >= 0 {
		return true
	}
	c.fail(&Error{Type: mediastream.ErrorProtocol, Offset: -1, Code: codePolicy, Err: errTooMany})
	return false
}

// answersPing counts a frame, and says whether a ping is to be answered. After the close
// frame that would be an error.
func (c *Conn) answersPing() bool {
	allowed := c.came(true)
	cause, _, closing := c.ended()
	return allowed && cause == nil && !closing
}

// Events yields what Twilio says, in order, until the session ends. It may be called again
// after a break, which goes on where that left off; once the session has ended it yields
// nothing. Events reads in the caller's goroutine: while that is slow, Twilio waits, and
// nothing is lost.
//
// The iteration ends without an error after [Conn.Close], with what Twilio has sent until it
// heard of that, and when Twilio closes the socket
// properly, as it does when the call ends. It ends with an error, its last pair, when ctx
// ends (ctx.Err(); the socket is still open, but nothing more is read from it) and when the
// connection breaks (an [*Error]; the socket is closed). What is merely wrong is skipped and
// reported to Options.OnError:
//
//	no JSON object, too deep, a field missing or of the wrong kind   skipped; the 100th ends the session with 1008
//	a message of an unknown type                                     delivered as Unknown
//	a second setup                                                   delivered: a reconnection may bring one
//	prompt, dtmf, interrupt, error or info before setup              the session ends with 1008
//	more messages, pings or frames than Options.MaxRate              the session ends with 1008
//	a binary message                                                 the session ends with 1003
//	a message larger than Options.ReadLimit                          the session ends with 1009
//	a WebSocket frame that RFC 6455 forbids                          the session ends with 1002
//	text that is not UTF-8                                           the session ends with 1007
//	a half-open connection                                           the session ends by Options.IdleTimeout, with 1001
func (c *Conn) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if ctx.Done() != nil {
			stop := context.AfterFunc(ctx, func() { c.halt(ctx.Err()) })
			defer stop()
		}
		for {
			e, err := c.receive()
			if err == errEnd {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// errEnd ends an iteration without an error.
var errEnd = errors.New("relay: end of session")

// receive reads from the socket until there is an event to deliver.
func (c *Conn) receive() (Event, error) {
	c.in.mu.Lock()
	over := c.in.over
	c.in.mu.Unlock()
	if over {
		return Event{}, errEnd
	}
	for {
		msg, text, err := c.sock.Read()
		if err != nil {
			return Event{}, c.finish(err)
		}
		c.counts.messagesIn.Add(1)
		c.counts.bytesIn.Add(uint64(len(msg)))
		if c.opts.OnMessage != nil {
			c.opts.OnMessage(false, msg)
		}
		switch {
		case !c.came(false):
			return Event{}, c.finish(errTooMany)
		case !text:
			return Event{}, c.refuse(codeUnsupported, "", errBinary)
		}
		e, err := parseAside(msg)
		if err != nil {
			c.counts.malformed.Add(1)
			c.report(err.(*Error))
			if c.in.skipped++; c.in.skipped >= maxMalformed {
				return Event{}, c.refuse(codePolicy, "", errBadMany)
			}
			continue
		}
		c.in.mu.Lock()
		if e.Type == EventSetup && !c.in.setup && c.in.watching {
			c.in.setup = true
			c.in.due = time.Now().Add(c.opts.IdleTimeout / pings)
			c.in.watch.Reset(c.opts.IdleTimeout / pings)
		}
		setup := c.in.setup
		c.in.mu.Unlock()
		switch {
		case e.Type == EventUnknown:
			c.counts.unknown.Add(1)
		case !setup && e.Type != EventSetup:
			return Event{}, c.refuse(codePolicy, e.Type.String(), errEarly)
		}
		return e, nil
	}
}

// parseAside is ParseEvent on a stack of its own: encoding/json needs a deep one, which a
// call would keep.
func parseAside(msg []byte) (e Event, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e, err = ParseEvent(msg)
	}()
	<-done
	return e, err
}

// Close sends what is queued, for at most a second, and ends the session with a close code
// (RFC 6455, section 7.4; 1000 is a normal end) and a reason of at most 123 bytes. It waits
// at most another second for the peer's answer and then for the connection's goroutines.
// Events ends without an error. Calls after the first, and calls after the session has
// ended, only release what is left. An error means that the close handshake
// failed, which a host can do nothing about.
func (c *Conn) Close(code int, reason string) error {
	c.out.drain(closeWait)
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.in.mu.Lock()
	c.in.watching = false
	c.in.watch.Stop()
	c.in.mu.Unlock()
	err := c.shut(code, reason)
	c.running.Wait()
	return err
}

// closeWait bounds what Close waits for what is queued.
const closeWait = time.Second

// fail ends the connection because of e, unless it has ended already. The reader wakes up and
// sends the close frame.
func (c *Conn) fail(e *Error) {
	c.mu.Lock()
	first := c.cause == nil && !c.closing
	if first {
		c.cause = e
	}
	c.mu.Unlock()
	if !first { // and the closing handshake may be under way
		return
	}
	c.report(e)
	c.out.stop()
	c.sock.Interrupt()
}

// halt ends the reading because an iteration's context has ended.
func (c *Conn) halt(err error) {
	c.mu.Lock()
	c.halted = err
	c.mu.Unlock()
	c.sock.Interrupt()
}

// refuse ends the session for what the peer did.
func (c *Conn) refuse(code int, message string, why error) error {
	e := &Error{Type: mediastream.ErrorProtocol, Message: message, Offset: -1, Code: code, Err: why}
	c.fail(e)
	return c.finish(e)
}

// finish ends the reading side after err and returns what Events ends with.
func (c *Conn) finish(err error) error {
	cause, halted, closing := c.ended()
	if cause == nil && !closing && halted == nil {
		if e := closedWith(err); e != nil {
			c.fail(e)
			cause, _, closing = c.ended()
		}
	}
	c.in.mu.Lock()
	c.in.over = true
	c.in.mu.Unlock()
	switch {
	case closing:
		return errEnd
	case cause != nil:
		_ = c.shut(cause.Code, string(cause.Type))
		return cause
	case halted != nil:
		return halted
	}
	_ = c.shut(codeNormal, "")
	return errEnd
}

// shut closes the socket once.
func (c *Conn) shut(code int, reason string) (err error) {
	c.shutting.Do(func() {
		c.out.stop()
		err = c.sock.Close(code, reason)
	})
	return err
}

func (c *Conn) report(e *Error) {
	if c.opts.OnError != nil {
		c.opts.OnError(e)
	}
}

// ended returns what has ended the connection or the reading.
func (c *Conn) ended() (cause *Error, halted error, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause, c.halted, c.closing
}

// Stats is a snapshot of what a connection has done.
type Stats struct {
	MessagesIn, BytesIn   uint64 // whole messages
	MessagesOut, BytesOut uint64
	Malformed             uint64 // messages that were skipped
	Unknown               uint64 // messages of an unknown type
}

// Stats returns what the connection has done so far.
func (c *Conn) Stats() Stats {
	n := &c.counts
	return Stats{
		MessagesIn: n.messagesIn.Load(), BytesIn: n.bytesIn.Load(), MessagesOut: n.messagesOut.Load(), BytesOut: n.bytesOut.Load(),
		Malformed: n.malformed.Load(), Unknown: n.unknown.Load(),
	}
}
