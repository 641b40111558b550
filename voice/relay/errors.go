package relay

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// Error is an error of a connection, or of a message.
type Error struct {
	Type    mediastream.ErrorType // handshake, timeout, disconnect, protocol, oversize or write
	Message string                // the type that the message has on the wire; "" if it is not known
	Offset  int                   // byte of the message at which it went wrong; -1 if no message is to blame
	Code    int                   // close code (RFC 6455, section 7.4) the connection ended with; 0 when it goes on
	Err     error
}

// Error returns the type, the place and the cause.
func (e *Error) Error() string {
	s := "relay: " + string(e.Type)
	if e.Message != "" {
		s += " in " + e.Message
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	// ErrClosed is returned by [Conn.Send] after an [End], Close or the end of the socket.
	ErrClosed = errors.New("relay: connection is closed")
	// ErrQueueFull is returned by [Conn.Send] when more waits to be sent than Options.Queue
	// holds. The message is not queued.
	ErrQueueFull = errors.New("relay: outbound queue is full")
)

// What can be wrong with a message.
var (
	errMissing   = errors.New("is missing")
	errEmpty     = errors.New("is empty")
	errNotObject = errors.New("is not an object")
	errNotText   = errors.New("is not a string")
	errNotBool   = errors.New("is neither true nor false")
	errNotNumber = errors.New("is not a number within its limits")
	errNotUTF8   = errors.New("text that is not UTF-8")
	errDepth     = errors.New("nested too deeply")
	errUnknown   = errors.New("is not a documented field")
	errType      = errors.New("is not a type of message")
	errDigits    = errors.New("is not made of 0-9, w, # and *")
	errSource    = errors.New("is not an absolute http or https URL")
)

// What can be wrong with a connection.
var (
	errOrigin  = errors.New("the request has an Origin header, which Twilio does not send")
	errNoSetup = errors.New("no setup message in time")
	errEarly   = errors.New("comes before setup")
	errIdle    = errors.New("no answer to a ping in time: the peer is gone")
	errStalled = errors.New("the peer does not take what is sent")
	errBinary  = errors.New("binary message")
	errTooMany = errors.New("too many messages")
	errBadMany = errors.New("too many malformed messages")
)

// Close codes used by this package, RFC 6455 section 7.4.1.
const (
	codeNormal      = 1000
	codeGoingAway   = 1001
	codeUnsupported = 1003
	codeAbnormal    = 1006
	codePolicy      = 1008
)

// closedWith sorts the error that ended a socket; nil is a proper end.
func closedWith(err error) *Error {
	fault, code := ws.Sort(err)
	if fault == ws.Closed {
		return nil
	}
	kind := map[ws.Fault]mediastream.ErrorType{ws.Dropped: mediastream.ErrorDisconnect, ws.TooBig: mediastream.ErrorOversize, ws.Broken: mediastream.ErrorProtocol}[fault]
	return &Error{Type: kind, Offset: -1, Code: code, Err: err}
}
