package mediastream

import (
	"sync"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// Conn is the server's end of a stream, made by [Accept]: the zero value does not work. All
// methods may be called from any goroutine, but only one may be in [Conn.Events].
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

// SendMedia queues raw audio in the stream's format, mu-law of 8 kHz. It copies the bytes and
// never waits for the network. Audio leaves in messages of 100 to 180 ms, by a clock of the bytes
// sent, at most Options.Lead ahead of its playback; less than 100 ms waits for more audio, for
// [Conn.Flush], or for a second without SendMedia. Before [EventStart] it is queued.
//
// It returns [ErrQueueFull] or [ErrClosed].
func (c *Conn) SendMedia(audio []byte) error { return c.out.addMedia(audio) }

// Flush sends the queued audio at the end of an utterance without waiting for a full message.
func (c *Conn) Flush() error { return c.out.flush() }

// SendMark queues a mark behind all audio queued before, and flushes that. The
// carrier returns it as an [EventMark] once the audio has been played or cleared:
// every mark comes back, in order, unless the stream ends first.
//
// It returns [ErrQueueFull] or [ErrClosed].
func (c *Conn) SendMark(name string) error { return c.out.addMark(name) }

// Clear stops the playback: it drops the audio that is queued here and, before
// anything later is sent, has the carrier drop what is queued there. The carrier
// then returns the marks it holds; marks that had not left yet are sent right
// behind the clear and so come back as well.
func (c *Conn) Clear() error { return c.out.dropAll() }

// Pause stops the playback until [Conn.Resume]: the carrier drops its queue, and the audio and
// marks it has not played are kept here. More can be queued behind them. Nothing is sent
// meanwhile; [Conn.Clear] drops it all. The place where the playback stopped is known a round
// trip later, when the mark that Pause sends behind its clear has come back.
//
// In a playback that is paused already Pause does nothing. Its only error is [ErrClosed].
func (c *Conn) Pause() error { return c.out.suspend() }

// Resume goes on with a playback behind the last sample that was played. At most 20 ms are
// repeated and nothing is left out. If the connection stalls around the Pause, all audio since
// the last mark that came back is repeated.
//
// In a playback that is not paused Resume does nothing. Its only error is [ErrClosed].
func (c *Conn) Resume() error { return c.out.resume() }

// Played returns how much of the audio given to SendMedia has been played, in bytes since the
// stream began. Certain goes by the marks that came back. About adds the audio played since, by a
// clock that starts when audio is sent and is corrected by each mark; it never passes a mark that
// has not come back. Audio that a Clear dropped counts as played, so that what is sent next
// begins at SendMedia's count.
func (c *Conn) Played() (certain, about int64) { return c.out.progress() }

// FarEnd fills dst with the audio that the caller hears while he speaks the inbound audio from
// Frame.Timestamp at on: the audio sent and not cleared, in the stream's format, and silence
// around it. It reports whether dst holds any sent audio. An echo canceller takes it as far end,
// or reference; it does not include the delay of network and telephone. Each call continues where
// the one before ended, unless at is 40 ms or more later. Audio sent before the first call is not
// kept: a first call with a nil dst, at 0, begins.
func (c *Conn) FarEnd(dst []byte, at time.Duration) bool { return c.out.hears(dst, at) }

// Stats returns the stream's counters.
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

// Close ends the stream with a close code (RFC 6455, section 7.4; 1000 is a normal end) and a
// reason of at most 123 bytes. It drops what is still queued, waits at most a second for the
// peer's answer and then for the connection's goroutines. Events ends without an error. Calls
// after the first, and calls after the stream has ended, only release its resources. An error
// means that the closing handshake failed; the host can ignore it.
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
