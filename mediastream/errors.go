package mediastream

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/ws"
)

// ErrorType is the kind of an [Error], fit for a metric's label.
type ErrorType string

// The kinds of errors of a stream.
const (
	ErrorHandshake    ErrorType = "handshake"     // the upgrade was refused
	ErrorAuth         ErrorType = "auth"          // never reported by this package; for hosts that count into the same metric
	ErrorTimeout      ErrorType = "timeout"       // no connected and start in time, or silence on the socket
	ErrorDisconnect   ErrorType = "disconnect"    // the socket ended without a normal closing handshake
	ErrorProtocol     ErrorType = "protocol"      // a message that the protocol does not allow, or too many of them
	ErrorOversize     ErrorType = "oversize"      // a message over the read limit
	ErrorSlowConsumer ErrorType = "slow_consumer" // the host takes too long over events: audio was dropped
	ErrorWrite        ErrorType = "write"         // the peer did not take a message in time
)

// Error is an error of a stream.
type Error struct {
	Type   ErrorType
	Event  string // name of the event the message carried; empty if unknown
	Offset int    // byte of the message at which the fault is; -1 if no message is at fault
	Code   int    // close code (RFC 6455, section 7.4) the stream ended with; 0 when it goes on
	Err    error
}

// Error returns the type, the place and the cause.
func (e *Error) Error() string {
	s := "mediastream: " + string(e.Type)
	if e.Event != "" {
		s += " in " + e.Event
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
	// ErrClosed is returned by sends after Stop, Close or the end of the socket.
	ErrClosed = errors.New("mediastream: stream is closed")
	// ErrQueueFull is returned by sends that would exceed Options.Queue. Nothing of that send is
	// queued.
	ErrQueueFull = errors.New("mediastream: outbound queue is full")
)

// Close codes used by this package, RFC 6455 section 7.4.1.
const (
	codeNormal      = 1000
	codeGoingAway   = 1001
	codeProtocol    = 1002
	codeUnsupported = 1003
	codeNoStatus    = 1005
	codeAbnormal    = 1006
	codePolicy      = 1008
	codeTooBig      = 1009
)

// closedWith sorts the error that ended a socket: the close code, and whether
// it is an error at all.
func closedWith(err error) *Error {
	switch fault, code := ws.Sort(err); fault {
	case ws.Closed:
		return nil
	case ws.TooBig:
		return &Error{Type: ErrorOversize, Offset: -1, Code: code, Err: err}
	case ws.Broken:
		return &Error{Type: ErrorProtocol, Offset: -1, Code: code, Err: err}
	default:
		return &Error{Type: ErrorDisconnect, Offset: -1, Code: code, Err: err}
	}
}
