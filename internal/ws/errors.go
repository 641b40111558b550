package ws

import (
	"errors"
	"fmt"
)

// CloseError is the close frame with which the peer ended the connection.
type CloseError struct {
	Code   int // RFC 6455, section 7.4; 1005 is a frame without a code
	Reason string
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("the peer closed with code %d", e.Code)
	}
	return fmt.Sprintf("the peer closed with code %d: %q", e.Code, e.Reason)
}

// Error is a violation by which the peer ended the connection.
type Error struct {
	Code int // to close with: 1002, 1007 or 1009
	Err  error
}

// Error returns the violation.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the violation.
func (e *Error) Unwrap() error { return e.Err }

// Fault sorts the errors that end the reading of a [Socket].
type Fault uint8

// How a connection ends.
const (
	Closed  Fault = iota // the peer closed it properly
	Dropped              // it broke, or the peer closed it with another code
	TooBig               // the peer sent a message over the read limit
	Broken               // the peer broke the protocol
)

// Sort sorts an error of Read, and returns the code that the connection is closed with.
func Sort(err error) (fault Fault, code int) {
	var closed *CloseError
	var broken *Error
	switch {
	case errors.As(err, &closed) && (closed.Code == codeNormal || closed.Code == codeGoingAway || closed.Code == codeNoStatus):
		return Closed, closed.Code
	case closed != nil:
		return Dropped, closed.Code
	case errors.As(err, &broken) && broken.Code == codeTooBig:
		return TooBig, codeTooBig
	case errors.Is(err, errUnmaskedClose): // a proxy's: the call can go on with another connection
		return Dropped, codeProtocol
	case broken != nil:
		return Broken, broken.Code
	}
	return Dropped, codeAbnormal
}

// Close codes, RFC 6455 section 7.4.1.
const (
	codeNormal      = 1000
	codeGoingAway   = 1001
	codeProtocol    = 1002
	codeReserved    = 1004
	codeNoStatus    = 1005
	codeAbnormal    = 1006
	codeNotUTF8     = 1007
	codeTooBig      = 1009
	codeBadGateway  = 1014
	codeTLS         = 1015
	codeLibrary     = 3000
	codePrivateLast = 4999
)

// sendable reports whether a close frame may carry the code.
func sendable(code int) bool {
	switch code {
	case codeReserved, codeNoStatus, codeAbnormal, codeTLS:
		return false
	}
	return code >= codeNormal && code <= codeBadGateway || code >= codeLibrary && code <= codePrivateLast
}

// errUnmaskedClose is the violation of proxies that close a connection in the name of its
// client, as Caddy 2.6 does with every one when it is reloaded or stopped.
var errUnmaskedClose = errors.New("a close frame of a client is not masked")

// What a peer can do wrong besides.
var (
	errReserved     = errors.New("a reserved bit is set, and no extension is in use")
	errUnmasked     = errors.New("a frame of a client is not masked")
	errOpcode       = errors.New("unknown opcode")
	errLength       = errors.New("a length beyond 63 bits")
	errLongControl  = errors.New("a control frame of more than 125 bytes")
	errSplitControl = errors.New("a control frame in fragments")
	errContinuation = errors.New("a continuation of no message")
	errInterleaved  = errors.New("a new message within the fragments of another")
	errCloseLength  = errors.New("a close frame of one byte")
	errCloseCode    = errors.New("a close code that must not be sent")
	errNotUTF8      = errors.New("text that is not UTF-8")
	errTooBig       = errors.New("a message over the read limit")
)

func violation(err error) *Error {
	switch err {
	case errNotUTF8:
		return &Error{codeNotUTF8, err}
	case errTooBig:
		return &Error{codeTooBig, err}
	}
	return &Error{codeProtocol, err}
}
