package mediastream

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Events yields the carrier's messages, in order, until the stream ends. Called again after a
// break, it continues; once the stream has ended it yields nothing.
//
// An event's Media.Payload is valid until the next iteration; everything else may be kept.
//
// The iteration ends without an error after Stop, after [Conn.Close], and when the peer closes
// the socket properly: Twilio sends no Stop when the server closes first. It ends with an error,
// its last pair, when ctx ends (ctx.Err(); the socket is still open, but nothing more is read
// from it) and when the stream breaks (an [*Error]; the socket is closed). Malformed messages are
// skipped, counted in [Stats] and reported to Options.OnError:
//
//	not JSON, too deep, a field missing or of the wrong type   skipped; the 100th ends the stream with 1008
//	a streamSid of another stream, a second connected          skipped; counts towards the 100
//	an unknown event                                           delivered as EventUnknown
//	sequence numbers or timestamps that jump                   delivered; counted as Lost, Gaps, Reordered
//	a payload that is empty, of odd length or not base64       delivered
//	media, dtmf, mark or stop before start; a second start     the stream ends with 1008
//	more messages, pings or frames than Options.MaxRate        the stream ends with 1008
//	a binary message                                           the stream ends with 1003
//	a message larger than Options.ReadLimit                    the stream ends with 1009
//	a WebSocket frame that RFC 6455 forbids                    the stream ends with 1002
//	text that is not UTF-8                                     the stream ends with 1007
//	silence, a half-open connection                            the stream ends by Options.IdleTimeout, with 1001
//
// Events reads in the goroutine that iterates. While the host takes long over an event, or
// does not iterate, another goroutine reads and keeps up to Options.Backlog of messages, so
// that the carrier never has to wait. Beyond that the oldest audio is dropped, counted, added
// to the next Media.Gap and reported as [ErrorSlowConsumer]. A full backlog without audio ends
// the stream with 1008.
func (c *Conn) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if ctx.Done() != nil {
			stop := context.AfterFunc(ctx, func() { c.halt(ctx.Err()) })
			defer stop()
		}
		for {
			c.backlog.takeBack()
			e, err := c.next()
			if err == errEnd {
				return
			}
			c.backlog.handOver()
			if err != nil {
				yield(Event{}, err)
				return
			}
			if !yield(*e, nil) {
				return
			}
		}
	}
}

// next returns the next event from the backlog, if there is one, or the socket.
// When the host has ended the reading, what is left of the backlog is skipped.
func (c *Conn) next() (*Event, error) {
	for next := c.backlog.pop(); next != nil; next = c.backlog.pop() {
		if _, halted, closing := c.ended(); next.err != nil || halted == nil && !closing {
			return &next.event, next.err
		}
	}
	return &c.in.event, c.receive(&c.in.event)
}

// errEnd ends an iteration that has no error to tell.
var errEnd = errors.New("mediastream: end of stream")

var (
	errNoStart  = errors.New("no start event in time")
	errIdle     = errors.New("no message in time: the peer is gone")
	errStalled  = errors.New("the peer does not take what is sent")
	errBinary   = errors.New("binary message")
	errTooMany  = errors.New("too many messages")
	errBadMany  = errors.New("too many malformed messages")
	errEarly    = errors.New("comes before start")
	errTwice    = errors.New("comes a second time")
	errOtherSID = errors.New("names another stream")
	errNoSID    = errors.New("has no streamSid")
	errSlow     = errors.New("the consumer is too slow, audio is being dropped")
	errFull     = errors.New("the consumer is too slow, and what waits is not audio")
)

// maxMalformed is how many messages of a stream may be skipped before it ends:
// enough for any carrier's quirk, too few to matter.
const maxMalformed = 100

// receive reads from the socket until there is an event to deliver, and puts it
// into e.
func (c *Conn) receive(e *Event) error {
	in := &c.in
	if in.over.Load() {
		return errEnd
	}
	for {
		if name, ok := c.out.heldBack(); ok {
			*e = Event{Type: EventMark, StreamSID: in.sid, Mark: name}
			return nil
		}
		msg, text, err := c.sock.Read()
		if err != nil {
			return c.finish(err)
		}
		c.counts.messagesIn.Add(1)
		c.counts.bytesIn.Add(uint64(len(msg)))
		if c.opts.OnMessage != nil {
			c.opts.OnMessage(false, msg)
		}
		if !c.allow() {
			return c.finish(errTooMany)
		}
		if !text {
			return c.refuse(codeUnsupported, "", errBinary)
		}
		if bad := c.wire.parse(e, msg); bad != nil {
			c.counts.malformed.Add(1)
			err = c.skip(bad)
		} else {
			err = c.admit(e)
		}
		if err != errSkipped {
			return err
		}
	}
}

// allow takes a message off the allowance, and ends the stream if there is none left.
func (c *Conn) allow() bool {
	if c.in.credit.Add(-1) >= 0 {
		return true
	}
	c.fail(&Error{Type: ErrorProtocol, Offset: -1, Code: codePolicy, Err: errTooMany})
	return false
}

// answersPing counts a ping, a pong or a further frame of a message like a message,
// and says whether a ping is to be answered. A stream that is ending answers
// none: after the close frame that would be an error, which cuts the handshake short.
func (c *Conn) answersPing() bool {
	allowed := c.allow()
	cause, _, closing := c.ended()
	return allowed && cause == nil && !closing
}

var errSkipped = errors.New("mediastream: message skipped")

// admit holds an event against the state of the stream.
func (c *Conn) admit(e *Event) error {
	in := &c.in
	switch e.Type {
	case EventConnected:
		if in.connected || in.started.Load() {
			return c.skip(misplaced(e, errTwice))
		}
		in.connected = true
		return nil
	case EventStart:
		if in.started.Load() {
			return c.refuse(codePolicy, "start", errTwice)
		}
		if e.StreamSID = e.Start.StreamSID; e.StreamSID == "" {
			return c.refuse(codePolicy, "start", errNoSID)
		}
		in.sid, in.sequence, in.rate = e.StreamSID, e.Sequence, e.Start.Format.bytesPerSecond()
		c.wire.begin(in.sid)
		in.started.Store(true)
		c.out.begin(in.rate)
		return nil
	case EventUnknown:
		c.counts.unknown.Add(1)
	}
	if !in.started.Load() {
		if e.Type == EventUnknown {
			return nil
		}
		return c.refuse(codePolicy, e.Type.String(), errEarly)
	}
	if e.StreamSID != in.sid {
		if e.StreamSID != "" {
			c.counts.wrongStream.Add(1)
			return c.skip(misplaced(e, errOtherSID))
		}
	}
	e.StreamSID = in.sid
	c.order(e)
	switch e.Type {
	case EventMark:
		if !c.out.returned(e.Mark, time.Now()) {
			return errSkipped
		}
	case EventStop:
		in.over.Store(true)
		c.out.stop()
	}
	return nil
}

// order follows sequence numbers and timestamps.
func (c *Conn) order(e *Event) {
	in := &c.in
	if e.Sequence > 0 {
		switch {
		case e.Sequence <= in.sequence:
			c.counts.reordered.Add(1)
		default:
			if in.sequence > 0 {
				c.counts.lost.Add(e.Sequence - in.sequence - 1)
			}
			in.sequence = e.Sequence
		}
	}
	if e.Type != EventMedia {
		return
	}
	track := in.clock(e.Media.Track)
	switch gap := e.Media.Timestamp - track.end; {
	case !track.begun:
		e.Media.Gap = max(0, gap) // Twilio's first piece comes about 100 ms after the stream's start
		track.begun, track.end = true, e.Media.Timestamp
	case gap >= minGap:
		e.Media.Gap = gap
		c.counts.gaps.Add(1)
		c.counts.silence.Add(int64(gap))
		track.end = e.Media.Timestamp
	case gap <= -minGap: // the carrier's clock is slower than its audio
		track.end = e.Media.Timestamp
	}
	track.end += in.length(&e.Media)
}

// misplaced describes an event that came at the wrong place.
func misplaced(e *Event, why error) *Error {
	return &Error{Type: ErrorProtocol, Event: e.Type.String(), Offset: -1, Err: why}
}

// skip reports a message that is left out and returns errSkipped, unless there
// have been too many.
func (c *Conn) skip(bad *Error) error {
	c.report(bad)
	c.in.skipped++
	if c.in.skipped >= maxMalformed {
		return c.refuse(codePolicy, "", errBadMany)
	}
	return errSkipped
}

// refuse ends the stream for what the peer did.
func (c *Conn) refuse(code int, event string, why error) error {
	e := &Error{Type: ErrorProtocol, Event: event, Offset: -1, Code: code, Err: why}
	c.fail(e)
	return c.finish(e)
}

// finish ends the reading side after err and returns what Events ends with.
func (c *Conn) finish(err error) error {
	cause, halted, closing := c.ended()
	if cause == nil && !closing {
		if halted != nil {
			c.in.over.Store(true)
			return halted
		}
		if e := closedWith(err); e != nil {
			c.fail(e)
			cause, _, closing = c.ended()
		}
	}
	c.in.over.Store(true)
	if closing {
		return errEnd
	}
	if cause == nil {
		_ = c.shut(codeNormal, "")
		return errEnd
	}
	_ = c.shut(cause.Code, string(cause.Type))
	return cause
}
