package twiliorest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/twiml"
)

// Outbound is a call to be placed.
type Outbound struct {
	// To and From are numbers in E.164, "client:name" or "sip:user@host". To a number
	// only a number calls.
	From, To string
	// URL is asked for TwiML when the call is picked up. Instead, TwiML holds it; its URLs
	// must be absolute, as there is no base for relative ones.
	URL, TwiML string
	// StatusCallback receives the Events: initiated, ringing, answered,
	// completed; completed alone when there are none.
	StatusCallback string
	Events         []string
	// Ring is how long it rings, in whole seconds. 0 means 60 s; at most 600 s.
	Ring time.Duration
	// TimeLimit ends the call, in whole seconds. 0 means 4 h; a call that nobody
	// ends costs as long. At most a day.
	TimeLimit time.Duration
	// MachineDetection is Enable or DetectMessageEnd; empty is off.
	MachineDetection string
	// DetectionCallback has machine detection go on while the call does (AsyncAmd), and
	// receives its result, as a voice.Server does at twilio/amd. "" has the call's TwiML
	// wait for the result, which is AnsweredBy of its webhook: a person who answers hears
	// nothing for about four seconds.
	DetectionCallback string
}

// Limits of Twilio on a call.
const (
	maxRing = 600 * time.Second
	maxCall = 24 * time.Hour
)

// check returns an error, which is ErrOutbound, for everything that Twilio does not take.
func (o *Outbound) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if why := unfit(o.To); why != "" {
		wrong("To %s", why)
	}
	switch {
	case o.From == "":
		wrong("From is missing")
	case policy.IsE164(o.To) && !policy.IsE164(o.From):
		wrong("From is not a number in E.164, but To is one")
	case strings.ContainsFunc(o.From, unprintable):
		wrong("From has blanks in it or characters that are not printed")
	}
	switch {
	case o.URL == "" && o.TwiML == "":
		wrong("neither URL nor TwiML")
	case o.URL != "" && o.TwiML != "":
		wrong("URL and TwiML exclude each other")
	case o.URL != "":
		errs = append(errs, absolute("URL", o.URL))
	default:
		errs = append(errs, checkTwiML(o.TwiML))
	}
	if o.StatusCallback != "" {
		errs = append(errs, absolute("StatusCallback", o.StatusCallback))
	} else if len(o.Events) > 0 {
		wrong("Events without a StatusCallback")
	}
	if o.DetectionCallback != "" {
		errs = append(errs, absolute("DetectionCallback", o.DetectionCallback))
		if o.MachineDetection == "" {
			wrong("DetectionCallback without MachineDetection")
		}
	}
	for _, event := range o.Events {
		if !slices.Contains([]string{"initiated", "ringing", "answered", "completed"}, event) {
			wrong("Events: %.40q is none of initiated, ringing, answered and completed", event)
		}
	}
	errs = append(errs, option.Duration("Ring", o.Ring), option.Duration("TimeLimit", o.TimeLimit))
	if o.Ring > maxRing {
		wrong("Ring is %v, more than %v", o.Ring, maxRing)
	}
	if o.TimeLimit > maxCall {
		wrong("TimeLimit is %v, more than %v", o.TimeLimit, maxCall)
	}
	switch o.MachineDetection {
	case "", "Enable", "DetectMessageEnd":
	default:
		wrong("MachineDetection %.40q is neither Enable nor DetectMessageEnd", o.MachineDetection)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrOutbound, err)
	}
	return nil
}

// unfit says why nobody can be called at an address, or "". Schemes that it does not know
// are left to Twilio.
func unfit(address string) string {
	scheme, rest, ok := strings.Cut(address, ":")
	switch {
	case address == "":
		return "is missing"
	case strings.ContainsFunc(address, unprintable):
		return "has blanks in it or characters that are not printed"
	case !ok && !policy.IsE164(address):
		return "is neither a number in E.164, as +14155550100, nor an address, as client:alice or sip:alice@example.com"
	case ok && (scheme == "" || rest == ""):
		return "is not an address, as client:alice or sip:alice@example.com"
	case scheme == "sip" || scheme == "sips":
		if user, host, at := strings.Cut(rest, "@"); !at || user == "" || host == "" {
			return "is not a SIP address, as sip:alice@example.com"
		}
	}
	return ""
}

func unprintable(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError
}

// absolute checks that text is a URL that Twilio can request. The error does not quote the
// URL.
func absolute(name, text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New(name + " is not an absolute http or https URL")
	case strings.ContainsFunc(text, unprintable):
		return errors.New(name + " has blanks in it or characters that are not printed")
	case strings.Contains(u.Hostname(), "_"):
		return errors.New(name + " has an underscore in its host's name")
	}
	return nil
}

// checkTwiML returns an error for a document that the API does not take, that Twilio cannot
// read or reports an error for where no URL is the document's own. The length that counts
// is that of the document as it is sent.
func checkTwiML(document string) error {
	if utf8.RuneCountInString(document) > maxTwiML {
		return ErrTooLong
	}
	r, err := twiml.Parse(strings.NewReader(document))
	if err != nil {
		return fmt.Errorf("twiliorest: TwiML: %w", err)
	}
	var errs []error
	if all, ok := r.ValidateREST().(interface{ Unwrap() []error }); ok {
		for _, err := range all.Unwrap() {
			if found := (*twiml.Error)(nil); errors.As(err, &found) && found.Code != 0 && found.Code != codeTooLong {
				quiet := *found
				quiet.Msg = quoted.ReplaceAllString(found.Msg, "the value")
				errs = append(errs, fmt.Errorf("twiliorest: TwiML: %w", &quiet))
			}
		}
	}
	return errors.Join(errs...)
}

// codeTooLong is Twilio's error for TwiML that is too long for the API.
const codeTooLong = 32018

// quoted matches what package twiml quotes of a document.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
