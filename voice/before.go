package voice

import (
	"bytes"
	"fmt"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/twiml"
)

// maxConnect is more than the size of the verbs that follow Config.Before.
const maxConnect = 6 << 10

// copyBefore returns a copy of the verbs that nobody else can change, or everything that
// keeps the stream from being reached after them.
func copyBefore(verbs []twiml.Verb) (_ []twiml.Verb, errs []error) {
	for i, verb := range verbs {
		if option.Nil(verb) {
			errs = append(errs, &OptionError{Option: fmt.Sprintf("Before[%d]", i), Problem: "is nil"})
		}
	}
	if errs != nil {
		return nil, errs
	}
	document := twiml.New(verbs...)
	if err := document.Validate(); err != nil {
		errs = append(errs, &OptionError{Option: "Before", Problem: "is not TwiML that Twilio runs", Err: err})
	}
	text := document.AppendXML(nil)
	if len(text) > twiml.MaxSize-maxConnect {
		errs = append(errs, &OptionError{Option: "Before", Problem: fmt.Sprintf("has %d bytes: Twilio reads 64 kB, and the stream needs %d of them", len(text), maxConnect)})
	}
	document, err := twiml.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, append(errs, &OptionError{Option: "Before", Problem: "is not TwiML", Err: err})
	}
	pauses := time.Duration(0)
	for i, verb := range document.Verbs {
		if why := diverts(verb); why != "" {
			errs = append(errs, &OptionError{Option: fmt.Sprintf("Before[%d]", i), Problem: fmt.Sprintf("is a %T, after which the stream is not reached: %s", verb, why)})
		}
		if pause, ok := verb.(*twiml.Pause); ok {
			pauses += twiml.Or(pause.Length, time.Second)
		}
	}
	if pauses >= sessionTTL {
		errs = append(errs, &OptionError{Option: "Before", Problem: fmt.Sprintf("pauses for %v: the stream must be reached within %v", pauses, sessionTTL)})
	}
	return document.Verbs, errs
}

// diverts says why the verbs behind this one are not sure to run within a minute, or "".
func diverts(verb twiml.Verb) string {
	switch v := verb.(type) {
	case *twiml.Say:
		if v.Loop == twiml.Zero {
			return "it repeats until the call ends"
		}
	case *twiml.Play:
		if v.Loop == twiml.Zero {
			return "it repeats until the call ends"
		}
	case *twiml.Sms:
		if twiml.Or(v.Action, "") != "" {
			return "its action is asked for the TwiML that runs next"
		}
	case *twiml.Hangup, *twiml.Reject:
		return "it ends the call"
	case *twiml.Redirect:
		return "other TwiML takes the place of this"
	case *twiml.Gather, *twiml.Record, *twiml.Pay:
		return "what the caller does decides which TwiML runs next; a webhook of the host's own can answer with it, and lead to the inbound webhook by its action"
	case *twiml.Dial, *twiml.Connect, *twiml.Enqueue, *twiml.Refer, *twiml.Echo:
		return "the call is elsewhere for as long as that takes"
	case *twiml.Leave:
		return "it leaves a queue, and the call is in none"
	}
	return ""
}
