package voice

import (
	"net/url"
	"regexp"
	"strings"

	"agentos.dev/dialtone/policy"
)

// Info identifies a call. All fields are as Twilio sent them in the signed
// webhook; From may be a number in E.164 form, "client:name", "sip:..." or a
// word such as "anonymous".
//
// Source: https://www.twilio.com/docs/voice/twiml#request-parameters
type Info struct {
	SID        string // CallSid, "CA" and 32 hexadecimal digits
	AccountSID string
	From       string
	To         string
	Direction  string // "inbound", "outbound-api" or "outbound-dial"
	Country    string // FromCountry, ISO 3166-1 alpha-2, or "" when unknown
	Attested   string // StirVerstat, or ""
	AnsweredBy string // of a placed call with synchronous machine detection: "human", "machine_start", "fax", ...; or "". See Event.AnsweredBy

	ForwardedFrom string // who forwarded the call here, if the carrier tells; or ""

	Leg int // number of the call's stream, from 1; 0 where there was none. It is above 1 when the call has resumed

	Unidirectional bool // the stream is one of Server.Listening or Call.Listening: nothing can be said in it

	Query string // of the webhook's URL, where the host may write what its handler is to know: "order=42"
}

// fields lists what a session token carries, in its order.
func (i *Info) fields() []*string {
	return []*string{&i.SID, &i.AccountSID, &i.From, &i.To, &i.Direction, &i.Country, &i.Attested, &i.AnsweredBy, &i.ForwardedFrom, &i.Query}
}

var (
	callSID    = regexp.MustCompile(`^CA[0-9a-fA-F]{32}$`)
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
)

// infoOf reads the standard parameters of a voice webhook.
func infoOf(form url.Values) Info {
	return Info{
		SID:        form.Get("CallSid"),
		AccountSID: atMost(form.Get("AccountSid"), maxWord),
		From:       atMost(form.Get("From"), maxAddress),
		To:         atMost(form.Get("To"), maxAddress),
		Direction:  atMost(form.Get("Direction"), maxWord),
		Country:    countryOf(form.Get("FromCountry")),
		Attested:   atMost(form.Get("StirVerstat"), maxWord),
		AnsweredBy: atMost(form.Get("AnsweredBy"), maxWord),

		ForwardedFrom: atMost(form.Get("ForwardedFrom"), maxAddress),
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

// policyCall is the call as the policy sees it.
func (i Info) policyCall() policy.Call {
	return policy.Call{
		SID:           i.SID,
		AccountSID:    i.AccountSID,
		From:          i.From,
		To:            i.To,
		Direction:     i.Direction,
		Country:       i.Country,
		ForwardedFrom: i.ForwardedFrom,
		StirVerstat:   i.Attested,
	}
}
