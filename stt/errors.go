package stt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Kinds of failure, for errors.Is. [Error.Retryable] reports which of them may pass.
var (
	ErrAuth        = errors.New("stt: credentials refused")
	ErrQuota       = errors.New("stt: account's quota used up")
	ErrOverloaded  = errors.New("stt: too many requests at once")
	ErrUnavailable = errors.New("stt: engine unavailable")
	ErrTimeout     = errors.New("stt: no answer in time")
	ErrBadAudio    = errors.New("stt: audio not accepted")
	ErrRefused     = errors.New("stt: request refused") // by its parameters: asking again will not help
	ErrPanic       = errors.New("stt: engine panicked")
	ErrOverrun     = errors.New("stt: audio dropped") // more was sent than the engine could take
	ErrClosed      = errors.New("stt: stream closed")
)

// Error describes the failure of an engine. Its text never holds a credential.
type Error struct {
	Engine     string        // "deepgram"; empty for the machinery of this package
	Op         string        // what was tried: "open", "recognize", "read", ...
	Kind       error         // one of the Err values above; nil when unknown
	Status     int           // HTTP status or WebSocket close code; 0 if none
	Code       string        // the service's own error code
	RetryAfter time.Duration // how long the service asks to be left alone; 0 if it does not
	// Warning is set when the service reports an error and goes on: no speech is known to
	// be lost, and a failover stays with the engine.
	Warning bool
	Err     error // the cause; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("stt")
	if e.Engine != "" {
		b.WriteString("/" + e.Engine)
	}
	b.WriteString(": " + e.Op)
	if e.Kind != nil {
		b.WriteString(": " + strings.TrimPrefix(e.Kind.Error(), "stt: "))
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Retryable reports whether the same request may succeed later, or elsewhere at once.
func (e *Error) Retryable() bool {
	switch e.Kind {
	case ErrOverloaded, ErrUnavailable, ErrTimeout, ErrPanic, ErrOverrun:
		return true
	}
	return false
}

// StatusKind returns the kind of failure that an HTTP status means, nil for
// success.
func StatusKind(status int) error {
	switch {
	case status < 400:
		return nil
	case status == 401 || status == 403:
		return ErrAuth
	case status == 402:
		return ErrQuota
	case status == 408 || status == 504:
		return ErrTimeout
	case status == 413 || status == 415:
		return ErrBadAudio
	case status == 429:
		return ErrOverloaded
	case status >= 500:
		return ErrUnavailable
	}
	return ErrRefused
}

// Reason names the kind of failure for a metric's label: "timeout",
// "unavailable", "rate_limited", "auth", "bad_audio", "canceled", "panic" or
// "other".
func Reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, ErrClosed):
		return "canceled"
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, ErrOverloaded), errors.Is(err, ErrQuota):
		return "rate_limited"
	case errors.Is(err, ErrAuth):
		return "auth"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	case errors.Is(err, ErrBadAudio):
		return "bad_audio"
	case errors.Is(err, ErrPanic):
		return "panic"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "other"
}
