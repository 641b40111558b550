// Package callback reads the forms that Twilio posts to webhooks of a host's own: what was
// gathered or recorded, how a dialled call ended, which state a call is in, who answered.
//
//	mux.Handle("POST /chosen", srv.Verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//		chosen, err := callback.ReadGather(r.PostForm)
//		...
//
// Each kind of form has a type and a function that reads it. A form that does not
// identify its call, recording or stream is an [*Error], and so is one without its result: a
// missing field is not a success.
// All else may be missing. Texts are "" then, and durations and numbers < 0, as 0 is a
// value. What cannot be read as the number or time that it should be counts as missing, and
// stays in Unknown, together with every parameter that no field holds: Twilio adds new ones
// at any time.
//
// The types hold what Twilio sent. Whether Twilio sent it must have been verified before,
// as voice.Server.Verified does; for a webhook by GET the form is in the URL's query.
//
// Source: https://www.twilio.com/docs/voice/twiml and the pages of its verbs.
package callback

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Error is a parameter without which a form says nothing.
type Error struct {
	Form      string // such as "gather"
	Parameter string // such as "CallSid"
	Problem   string // "is missing" or "is malformed"
}

// Error names the form, the parameter and what is wrong with it, but not its value.
func (e *Error) Error() string { return "callback: " + e.Form + ": " + e.Parameter + " " + e.Problem }

// Call is the standard parameters of a webhook about a call.
//
// Source: https://www.twilio.com/docs/voice/twiml#request-parameters
type Call struct {
	SID        string // CallSid
	AccountSID string
	From, To   string // a number in E.164, "client:name", "sip:...", or a word such as "anonymous"
	Status     string // CallStatus: queued, initiated, ringing, in-progress, completed, busy, failed, no-answer or canceled
	Direction  string // inbound, outbound-api or outbound-dial
	APIVersion string

	ParentSID     string // ParentCallSid, of a leg that Dial has placed
	ForwardedFrom string
	CallerName    string
	CallToken     string // as it came: a percent-encoded JSON, to be passed on untouched
	StirVerstat   string
	AnsweredBy    string // by synchronous machine detection

	FromPlace, ToPlace Place

	// Unknown holds the parameters that no field holds, or that are not of the form that
	// they should be of, with all of their values.
	Unknown url.Values
}

// Terminal reports whether the call is over.
func (c *Call) Terminal() bool { return terminal(c.Status) }

func terminal(status string) bool {
	return slices.Contains([]string{"completed", "busy", "failed", "no-answer", "canceled"}, status)
}

// Place is where a number belongs to, as far as Twilio knows.
type Place struct{ City, State, Zip, Country string }

var callSID = regexp.MustCompile(`^CA[0-9a-fA-F]{32}$`)

// reader reads a form, and knows what has not been read.
type reader struct {
	form string
	rest url.Values
	err  *Error // the first
}

func read(form string, values url.Values) *reader {
	r := &reader{form: form, rest: make(url.Values, len(values))}
	for name, all := range values {
		r.rest[name] = slices.Clone(all)
	}
	return r
}

// wrong notes what is wrong with a parameter.
func (r *reader) wrong(name, problem string) {
	if r.err == nil {
		r.err = &Error{Form: r.form, Parameter: name, Problem: problem}
	}
}

// done returns what is wrong with the form, or nil.
func (r *reader) done() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// text takes a parameter. One that is there several times stays in the rest as well.
func (r *reader) text(name string) string {
	values := r.rest[name]
	if len(values) == 0 {
		return ""
	}
	if len(values) == 1 {
		delete(r.rest, name)
	}
	return values[0]
}

// must takes a parameter that has to be there.
func (r *reader) must(name string) string {
	text := r.text(name)
	if text == "" {
		r.wrong(name, "is missing")
	}
	return text
}

// has demands a parameter, and leaves it there.
func (r *reader) has(name string) {
	if values := r.rest[name]; len(values) == 0 || values[0] == "" {
		r.wrong(name, "is missing")
	}
}

// callSID takes the SID of the call that the form is about.
func (r *reader) callSID() string {
	sid := r.must("CallSid")
	if sid != "" && !callSID.MatchString(sid) {
		r.wrong("CallSid", "is malformed")
	}
	return sid
}

// parsed takes a parameter that parse accepts. Any other stays in the rest.
func parsed[T any](r *reader, name string, missing T, parse func(string) (T, error)) T {
	values := r.rest[name]
	if len(values) == 0 {
		return missing
	}
	value, err := parse(values[0])
	if err != nil {
		return missing
	}
	r.text(name)
	return value
}

// number takes a count, < 0 if it is missing.
func (r *reader) number(name string) int {
	return parsed(r, name, -1, func(s string) (int, error) {
		n, err := strconv.ParseUint(s, 10, 31)
		return int(n), err
	})
}

// duration takes a whole number of units, < 0 if it is missing.
func (r *reader) duration(name string, unit time.Duration) time.Duration {
	n := r.number(name)
	if n < 0 {
		return -1
	}
	return time.Duration(n) * unit
}

// share takes a number from 0 to 1, < 0 if it is missing.
func (r *reader) share(name string) float64 {
	return parsed(r, name, -1, func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil && !(f >= 0 && f <= 1) {
			err = fmt.Errorf("callback: %v is not from 0 to 1", f)
		}
		return f, err
	})
}

// truth takes "true" or "false".
func (r *reader) truth(name string, missing bool) bool {
	return parsed(r, name, missing, strconv.ParseBool)
}

// at takes a time, in either way that Twilio writes them; it is zero if it is missing.
func (r *reader) at(name string) time.Time {
	return parsed(r, name, time.Time{}, func(s string) (time.Time, error) {
		t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s) // RFC 2822
		if err != nil {
			t, err = time.Parse(time.RFC3339Nano, s)
		}
		return t.UTC(), err
	})
}

// place takes where a number belongs to.
func (r *reader) place(of string) Place {
	return Place{r.text(of + "City"), r.text(of + "State"), r.text(of + "Zip"), r.text(of + "Country")}
}

// call takes the standard parameters. What else a form has must have been taken before.
func (r *reader) call() Call {
	return Call{
		SID:           r.callSID(),
		AccountSID:    r.text("AccountSid"),
		From:          r.text("From"),
		To:            r.text("To"),
		Status:        r.text("CallStatus"),
		Direction:     r.text("Direction"),
		APIVersion:    r.text("ApiVersion"),
		ParentSID:     r.text("ParentCallSid"),
		ForwardedFrom: r.text("ForwardedFrom"),
		CallerName:    r.text("CallerName"),
		CallToken:     r.text("CallToken"),
		StirVerstat:   r.text("StirVerstat"),
		AnsweredBy:    r.text("AnsweredBy"),
		FromPlace:     r.place("From"),
		ToPlace:       r.place("To"),
		Unknown:       r.rest,
	}
}

// ReadCall reads the webhook of a call: the first, or one that Redirect leads to.
func ReadCall(form url.Values) (*Call, error) {
	r := read("call", form)
	c := r.call()
	return &c, r.done()
}
