package voicetest

import (
	"fmt"
	"time"
)

// Kind says what an [Event] is about.
type Kind string

// The kinds of events.
const (
	Request  Kind = "request"  // the host answered a webhook or callback
	Verb     Kind = "verb"     // a TwiML verb begins
	Opened   Kind = "opened"   // a stream's handshake was accepted and start was sent
	Closed   Kind = "closed"   // a stream ended
	Speaking Kind = "speaking" // the caller begins or ends to speak
	Playing  Kind = "playing"  // the first sound after silence reaches the caller
	Silent   Kind = "silent"   // everything the host sent has been played
	Marked   Kind = "mark"     // a mark was returned
	Cleared  Kind = "clear"    // the host dropped what was not yet played
	Pressed  Kind = "pressed"  // the caller pressed keys, or answered a Gather in words
	Dialled  Kind = "dialled"  // a leg of a Dial begins to ring, or is joined with the caller
	Queued   Kind = "queued"   // the call enters or leaves a queue
	Recorded Kind = "recorded" // a recording begins or ends
	REST     Kind = "rest"     // the host used the REST API on this call
	Warned   Kind = "warning"  // Twilio would raise this warning or error
	Ended    Kind = "ended"    // the call is over
)

// Event is one thing that happened in a call.
type Event struct {
	Call *Call
	At   time.Duration // since the call was placed, by the clock
	Kind Kind
	Text string // for people
}

// String returns the event as one line, such as " 1.240s mark confirmation".
func (e Event) String() string {
	return fmt.Sprintf("%6.3fs %s %s", e.At.Seconds(), e.Kind, e.Text)
}

// Warning is a warning or an error that Twilio would log in its debugger, or something that
// the fake does not simulate.
type Warning struct {
	Code int // Twilio's error code, such as 31951; 0 of what is not simulated
	Text string
}

// Error returns the code and the text.
func (w Warning) Error() string {
	if w.Code == 0 {
		return "voicetest: " + w.Text
	}
	return fmt.Sprintf("twilio %d: %s", w.Code, w.Text)
}

// event records what happened and tells the tracer.
func (c *Call) event(kind Kind, format string, args ...any) {
	e := Event{Call: c, At: time.Since(c.begun), Kind: kind, Text: fmt.Sprintf(format, args...)}
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	if c.tw.cfg.Trace != nil {
		c.tw.cfg.Trace(e)
	}
	for _, w := range c.plan.watchers {
		if w.Event != nil {
			w.Event(e)
		}
	}
}

// maxWarnings bounds what a flood of bad messages is remembered for.
const maxWarnings = 1000

// warn records what Twilio would complain about and returns it.
func (c *Call) warn(code int, format string, args ...any) error {
	w := Warning{Code: code, Text: fmt.Sprintf(format, args...)}
	c.mu.Lock()
	full := len(c.warnings) >= maxWarnings
	if !full {
		c.warnings = append(c.warnings, w)
	}
	c.mu.Unlock()
	if !full {
		c.event(Warned, "%s", w.Error())
	}
	return w
}

// Warnings returns what Twilio would have complained about, in order: a test
// of a well-behaved host finds none.
func (c *Call) Warnings() []Warning {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Warning(nil), c.warnings...)
}

// Events returns what happened so far, in order.
func (c *Call) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Event(nil), c.events...)
}
