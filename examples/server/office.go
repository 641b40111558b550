package main

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
)

// office is what people with an admin token may do.
type office struct {
	voice        *voice.Server
	blocked      *policy.BlockList
	rest         *twiliorest.Client // nil without an API key
	destinations *outbound.Destinations
	pacer        *outbound.Pacer
	number       string
	answerURL    string
	longest      time.Duration
	guard        *admin.Guard
}

func newOffice(c config, a *app, rest *twiliorest.Client) (*office, error) {
	o := &office{
		voice:     a.voice,
		blocked:   a.limits.blocked,
		rest:      rest,
		pacer:     outbound.NewPacer(float64(c.outboundCPS)),
		number:    c.number,
		answerURL: c.publicURL + "/api/voice/twilio/inbound",
		longest:   c.maxDuration,
		guard:     admin.NewGuard(admin.GuardOptions{Tokens: c.adminTokens, Audit: a.log}),
	}
	options := outbound.Options{Countries: c.outboundTo}
	if c.number != "" {
		options.Own = []string{c.number}
	}
	var err error
	o.destinations, err = outbound.New(options)
	return o, err
}

// routes adds the admin routes. Without tokens there are none: whatever is asked
// of them is not found.
func (o *office) routes(mux *http.ServeMux, tokens []admin.Token) {
	if len(tokens) == 0 {
		return
	}
	guarded := func(pattern, scope string, serve http.HandlerFunc) {
		mux.Handle(pattern, o.guard.Require(scope)(serve))
	}
	guarded("GET /admin/calls", "calls:read", o.listCalls)
	guarded("POST /admin/calls", "calls:write", o.placeCall)
	guarded("PUT /admin/blocked", "policy:write", o.setBlocked)
}

// listCalls answers with the calls in progress, as JSON.
func (o *office) listCalls(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(o.voice.Calls())
}

// placeCall calls the number in the form field "to" and connects it to the same
// handler as inbound calls.
func (o *office) placeCall(w http.ResponseWriter, r *http.Request) {
	to := r.PostFormValue("to")
	if err := o.destinations.Check(to); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if o.rest == nil {
		http.Error(w, "outbound calls need TWILIO_API_KEY", http.StatusServiceUnavailable)
		return
	}
	if err := o.pacer.Wait(r.Context(), 0); err != nil {
		return // the client has gone
	}
	sid, err := o.rest.Create(r.Context(), twiliorest.Outbound{From: o.number, To: to, URL: o.answerURL, TimeLimit: o.longest})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	io.WriteString(w, sid+"\n")
}

// listSize bounds the body of a list of numbers.
const listSize = 1 << 20

// setBlocked replaces the blocked numbers by the list in the body.
func (o *office) setBlocked(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, listSize))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	numbers, err := policy.ParseNumbers(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o.blocked.Set(numbers)
	w.WriteHeader(http.StatusNoContent)
}
