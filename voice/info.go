package voice

import (
	"net/url"
	"regexp"
	"strings"

	"agentos.dev/dialtone/policy"
)

// Info identifies a call. The fields of [policy.Call] are as Twilio sent them in the
// signed webhook: From may be a number in E.164 form, "client:name", "sip:..." or a word
// such as "anonymous". Its At and Lease are zero here; they are for policies.
//
// Source: https://www.twilio.com/docs/voice/twiml#request-parameters
type Info struct {
	policy.Call

	AnsweredBy string // of an outbound call with synchronous machine detection: "human", "machine_start", "fax", ...; or "". See Event.AnsweredBy

	Leg int // number of the call's stream, from 1; 0 where there was none. It is above 1 when the call has resumed

	Unidirectional bool // the stream is one of Server.Listening or Call.Listening: nothing can be said in it

	Query string // of the webhook's URL, where the host may write what its handler is to know: "order=42"
}

// fields lists what a session token carries, in its order.
func (i *Info) fields() []*string {
	return []*string{&i.SID, &i.AccountSID, &i.From, &i.To, &i.Direction, &i.Country, &i.StirVerstat, &i.AnsweredBy, &i.ForwardedFrom, &i.Query}
}

var (
	callSID    = regexp.MustCompile(`^CA[0-9a-fA-F]{32}$`)
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
)

// infoOf reads the standard parameters of a voice webhook.
func infoOf(form url.Values) Info {
	return Info{
		Call: policy.Call{
			SID:           form.Get("CallSid"),
			AccountSID:    atMost(form.Get("AccountSid"), maxWord),
			From:          atMost(form.Get("From"), maxAddress),
			To:            atMost(form.Get("To"), maxAddress),
			Direction:     atMost(form.Get("Direction"), maxWord),
			Country:       countryOf(form.Get("FromCountry")),
			ForwardedFrom: atMost(form.Get("ForwardedFrom"), maxAddress),
			StirVerstat:   atMost(form.Get("StirVerstat"), maxWord),
		},
		AnsweredBy: atMost(form.Get("AnsweredBy"), maxWord),
	}
}

// Bounds of what travels in a session token. No number is longer, and a SIP
// address that is does not come from a telephone.
const (
	maxAddress = 256
	maxWord    = 64
	maxQuery   = 512
)

func atMost(s string, n int) string { return s[:min(len(s), n)] }

// countryOf accepts what can be a country code and nothing else.
func countryOf(s string) string {
	if len(s) != 2 {
		return ""
	}
	s = strings.ToUpper(s)
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	return s
}
