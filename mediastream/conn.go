package mediastream

import (
	"sync"

	"agentos.dev/dialtone/internal/ws"
)

// Conn is the server's end of a stream. All methods may be called from any
// goroutine, but only one may be in [Conn.Events].
type Conn struct {
	sock    ws.Socket // what a message needs comes first, in few cache lines
	wire    wire
	in      inbox
	counts  counters
	backlog backlog
	out     outbox
	watch   watch
	opts    Options

	mu      sync.Mutex
	cause   *Error // what ended the stream, first come
	halted  error  // of the context that ended during an iteration
	closing bool   // Close was called

	shutting sync.Once // sends the close frame
	running  sync.WaitGroup
}

func newConn(sock ws.Socket, w wire, opts Options) *Conn {
	c := &Conn{opts: opts, sock: sock, wire: w}
	c.backlog.arrived.L = &c.backlog.mu
	c.out.rate = Mulaw().bytesPerSecond()
	c.watch.begin(c)
	return c
}

// Close ends the stream with a close code (RFC 6455, section 7.4; 1000 is a
// normal end) and a reason of at most 123 bytes. It drops what is still queued,
// waits at most a second for the peer's answer and then for the connection's
// goroutines. Events ends without an error. Calls after the first, and calls
// after the stream has ended, only release what is left. An error tells that the
// peer was not told or did not answer, which a host can do nothing about.
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

// ended returns what has ended the stream or the reading.
func (c *Conn) ended() (cause *Error, halted error, closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause, c.halted, c.closing
}
