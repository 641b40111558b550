package tts

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
	ErrAuth        = errors.New("tts: credentials refused")
	ErrQuota       = errors.New("tts: account's quota used up")
	ErrOverloaded  = errors.New("tts: too many requests at once")
	ErrUnavailable = errors.New("tts: engine unavailable")
	ErrTimeout     = errors.New("tts: no audio in time")
	ErrBadText     = errors.New("tts: text not accepted") // nothing to say in it, too long, or in a script that the voice cannot read
	ErrBadAudio    = errors.New("tts: audio not usable")  // missing, implausibly short or long, half a sample, an unusable rate
	ErrRefused     = errors.New("tts: request refused")   // by its parameters: asking again will not help
	ErrPanic       = errors.New("tts: engine panicked")
	ErrClosed      = errors.New("tts: engine closed")
)

var (
	errNothing     = errors.New("there is nothing to say in it")
	errGone        = errors.New("they have ended their goroutine")
	errBreakerOpen = errors.New("it failed too often: breaker is open")
)

// Error describes the failure of an engine. Its text never holds a credential, nor the
// text to be said.
type Error struct {
	Engine     string        // "flite"; empty for the machinery of this package
	Op         string        // what was tried: "open", "synthesize", "check", ...
	Kind       error         // one of the Err values above; nil when unknown
	Status     int           // HTTP status or WebSocket close code; 0 if none
	Code       string        // the service's own error code
	RetryAfter time.Duration // how long the service asks to be left alone; 0 if it does not
	Err        error         // the cause; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	parts := []string{"tts"}
	if e.Engine != "" {
		parts[0] += "/" + e.Engine
	}
	parts = append(parts, e.Op)
	if e.Kind != nil {
		parts = append(parts, strings.TrimPrefix(e.Kind.Error(), "tts: "))
	}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("status %d %s", e.Status, e.Code)))
	} else if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	errs := []error{e.Kind, e.Err}
	if e.Kind == nil {
		errs = errs[1:]
	}
	if e.Err == nil {
		errs = errs[:len(errs)-1]
	}
	return errs
}

// Retryable reports whether the same request may succeed later, or elsewhere at once.
func (e *Error) Retryable() bool {
	switch e.Kind {
	case ErrOverloaded, ErrUnavailable, ErrTimeout, ErrPanic, ErrBadAudio:
		return true
	}
	return false
}

// Reason names the kind of failure for a metric's label: "timeout", "unavailable",
// "rate_limited", "auth", "bad_text", "bad_audio", "canceled", "panic" or "other".
func Reason(err error) string {
	var timeout net.Error
	for _, r := range [...]struct {
		kind error
		name string
	}{
		{context.Canceled, "canceled"}, {ErrClosed, "canceled"}, {ErrTimeout, "timeout"}, {context.DeadlineExceeded, "timeout"},
		{ErrOverloaded, "rate_limited"}, {ErrQuota, "rate_limited"}, {ErrAuth, "auth"}, {ErrUnavailable, "unavailable"},
		{ErrBadText, "bad_text"}, {ErrBadAudio, "bad_audio"}, {ErrPanic, "panic"},
	} {
		if errors.Is(err, r.kind) {
			return r.name
		}
	}
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout"
	}
	return "other"
}
