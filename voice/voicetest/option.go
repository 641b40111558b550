package voicetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/signature"
)

// An Option changes how one call goes. Options of one call add up, and edits
// are made in the order in which they were given.
type Option func(*plan)

// plan is what the options of a call amount to.
type plan struct {
	params                      url.Values
	inboundPath                 string
	inboundMethod               string
	statusURL                   string
	statusMethod                string
	streamURL                   string // instead of the one in the TwiML
	statusEvents                []string
	reverse                     bool
	detectionURL                string // AsyncAmdStatusCallback of a call that the host places; or ""
	detectionMethod             string
	detected                    string        // AnsweredBy for that; "" = a test calls Detected
	detects                     time.Duration // how long machine detection holds the first webhook up
	unanswered                  string        // final status of a call that nobody picks up; or ""
	rings                       time.Duration // how long it rings
	timeout                     time.Duration // how long it may ring; 0: for ever
	fallbackURL, fallbackMethod string        // asked for TwiML when a webhook fails; or ""
	sendDigits                  string        // pressed when a placed call is picked up
	record                      *recording    // of a placed call, from then on; or nil
	talks                       time.Duration // how long after that a leg hangs up
	legs                        map[string][]Option
	timeLimit                   time.Duration // of the call; 0: none
	dialStatus                  string
	referred                    string   // ReferCallStatus, or what refuses the REFER
	paid                        []string // errors and the result of a Pay
	repeats                     map[Hop]int
	requests                    []RequestEdit
	messages                    []MessageEdit
	frames                      map[int][]func(*Socket)
	signers                     map[Hop]signer
	watchers                    []Watcher
	echo                        *echo
	handset                     Handset
}

// A signer is a shared key that signs instead of the auth token.
type signer struct {
	id, secret string
	algorithm  signature.Algorithm
}

// SharedKey signs with a shared key of Twilio's Webhooks configuration API, at the
// given hops or at all, and names it in X-Twilio-Webhooks-Signature-Settings.
func SharedKey(id, secret string, algorithm signature.Algorithm, hops ...Hop) Option {
	return func(p *plan) {
		if p.signers == nil {
			p.signers = map[Hop]signer{}
		}
		for _, hop := range []Hop{Webhook, Callback, Handshake} {
			if at(hop, hops) {
				p.signers[hop] = signer{id, secret, algorithm}
			}
		}
	}
}

func (p *plan) wants(event string) bool { return slices.Contains(p.statusEvents, event) }

// edit applies the message edits one after the other.
func (p *plan) edit(event string, m Message) []Message {
	messages := []Message{m}
	for _, edit := range p.messages {
		var edited []Message
		for _, m := range messages {
			edited = append(edited, edit(event, m)...)
		}
		messages = edited
	}
	return messages
}

// Param sets a parameter of every webhook and callback of the call, such as
// StirVerstat or ForwardedFrom. No values delete it. AnsweredBy is told by asynchronous machine
// detection, where the host has asked for it.
func Param(name string, values ...string) Option {
	return func(p *plan) {
		if p.params == nil {
			p.params = url.Values{}
		}
		p.params[name] = values
	}
}

// Inbound sends the first webhook to another path than Config.InboundPath.
func Inbound(path string) Option { return func(p *plan) { p.inboundPath = path } }

// ByGET asks the first webhook and sends status callbacks with GET: their parameters are in
// the query of the URL.
func ByGET() Option {
	return func(p *plan) { p.inboundMethod, p.statusMethod = http.MethodGet, http.MethodGet }
}

// StatusEvents chooses the status callbacks: any of initiated, ringing,
// answered and completed. Only completed comes otherwise. None is a number without
// status callback.
func StatusEvents(events ...string) Option { return func(p *plan) { p.statusEvents = events } }

// Leg sets options of the legs that the host dials to a number, to "client:name" or to a SIP
// address with <Dial>; to "" it sets those of all. Meant are [Rings], [Talks], [Unanswered]
// and [Param].
func Leg(to string, options ...Option) Option {
	return func(p *plan) {
		if p.legs == nil {
			p.legs = map[string][]Option{}
		}
		p.legs[to] = append(p.legs[to], options...)
	}
}

// Talks sets how long a [Leg] is joined with the caller before it hangs up, by default 2 s.
func Talks(d time.Duration) Option { return func(p *plan) { p.talks = d } }

// Rings sets how long a call that the host places by REST, or a [Leg], rings before it is
// picked up or ends [Unanswered]. If that is longer than its Timeout and the 5 s that Twilio
// adds, it ends as no-answer. By default a call is picked up at once and a leg after 1 s.
func Rings(d time.Duration) Option { return func(p *plan) { p.rings = d } }

// Unanswered sets the status with which a call that the host places by REST, or a [Leg], ends
// before its TwiML is asked for: busy, no-answer, failed or canceled.
func Unanswered(status string) Option {
	return func(p *plan) { p.unanswered = strings.ToLower(status) }
}

// Dialed sets the status with which the legs of a <Dial> end: completed (the default), or
// unanswered as busy, no-answer, failed or canceled. For more see [Leg].
func Dialed(status string) Option { return func(p *plan) { p.dialStatus = strings.ToLower(status) } }
