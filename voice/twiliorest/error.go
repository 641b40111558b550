package twiliorest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrCallSID says that a call SID is not CA and 32 hexadecimal digits.
	ErrCallSID = errors.New("twiliorest: malformed call SID")
	// ErrOutbound says that a call was not asked for, because Twilio would not take it.
	ErrOutbound = errors.New("twiliorest: call that cannot be placed")
	// ErrTooLong says that TwiML is longer than the 4000 characters that the API takes.
	ErrTooLong = errors.New("twiliorest: TwiML is too long for the REST API, give a URL instead")
)

// Twilio's error codes that callers ask about.
// https://www.twilio.com/docs/api/errors
const (
	CodeUnauthorized    = 20003
	CodeNotFound        = 20404
	CodeTooManyRequests = 20429
	CodeNotInProgress   = 21220
)

// Error is a request that failed.
type Error struct {
	Op      string // such as "hang up"
	CallSID string // empty for a call that was not placed
	Status  int    // of HTTP; 0 when there was no answer
	Code    int    // Twilio's; 0 when there was none
	Message string // Twilio's
	Err     error  // what went wrong when Twilio gave no reason
}

// Error says what failed and why, as far as it is known.
func (e *Error) Error() string {
	s := "twiliorest: " + e.Op
	if e.CallSID != "" {
		s += " " + e.CallSID
	}
	why := e.Message
	if why == "" && e.Err != nil {
		why = e.Err.Error()
	}
	switch {
	case e.Code != 0:
		return fmt.Sprintf("%s: %s (error %d, HTTP %d)", s, cmp.Or(why, "no reason given"), e.Code, e.Status)
	case e.Status != 0:
		return fmt.Sprintf("%s: HTTP %d: %s", s, e.Status, cmp.Or(why, "no reason given"))
	}
	return s + ": " + cmp.Or(why, "no reason given")
}

// Unwrap returns the cause, nil when Twilio gave a reason.
func (e *Error) Unwrap() error { return e.Err }

// CallEnded reports whether there is no such call in progress, so that it cannot be
// changed. Package voice makes an ErrCallEnded of it.
func (e *Error) CallEnded() bool {
	return e.CallSID != "" && (e.Status == http.StatusNotFound || e.Code == CodeNotFound || e.Code == CodeNotInProgress)
}

// refused reports whether Twilio surely did nothing and may be asked again.
func (e *Error) refused() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == CodeTooManyRequests
}

// lost reports whether Twilio may have done it or not.
func (e *Error) lost() bool { return e.Status == 0 || e.Status >= 500 }
