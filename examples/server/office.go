package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/twiliorest"
)

// office is what people with an admin token may do.
type office struct {
	voice    *voice.Server
	blocking sync.Mutex // for who changes the list
	blocked  *policy.BlockList
	rest     *twiliorest.Client // nil without an API key
	gate     *outbound.Gate     // before whatever dials
	number   string
	base     string // of the URLs that Twilio asks about placed calls
	guard    *admin.Guard
}

func newOffice(c config, a *app, rest *twiliorest.Client) *office {
	return &office{
		voice:   a.voice,
		blocked: a.limits.blocked,
		rest:    rest,
		gate:    a.limits.gate,
		number:  c.number,
		base:    c.publicURL + "/api/voice/twilio/",
		guard:   admin.NewGuard(admin.GuardOptions{Tokens: c.adminTokens, Audit: a.log, Source: clientOf(c.proxies)}),
	}
}

// clientOf returns whom failures are counted against: behind a proxy, strangers
// must not use up the tries of the person on call.
func clientOf(proxies []netip.Prefix) func(*http.Request) string {
	who := signature.AllowOptions{TrustedProxies: proxies}
	return func(r *http.Request) string {
		client, _ := who.Client(r)
		return client.String()
	}
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
	guarded("GET /admin/blocked", "policy:read", o.listBlocked)
	guarded("POST /admin/blocked", "policy:write", o.addBlocked)
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
	permit, err := o.gate.Decide(r.Context(), to, 0)
	var refused *outbound.Error
	switch {
	case errors.As(err, &refused):
		http.Error(w, err.Error(), statusOf(refused))
		return
	case err != nil:
		return // the client has gone
	case o.rest == nil:
		permit.Cancel()
		http.Error(w, "outbound calls need TWILIO_API_KEY", http.StatusServiceUnavailable)
		return
	}
	sid, err := o.rest.Create(r.Context(), twiliorest.Outbound{
		From: o.number, To: to, URL: o.base + "inbound", StatusCallback: o.base + "status", TimeLimit: permit.TimeLimit,
	})
	switch {
	case errors.Is(err, twiliorest.ErrOutbound): // Twilio was not asked
		permit.Cancel()
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err != nil:
		// It may have been placed all the same, so the permit stays used.
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	permit.Placed(sid)
	io.WriteString(w, sid+"\n")
}

// statusOf tells what is never allowed from what is used up.
func statusOf(refused *outbound.Error) int {
	if refused.Reason() == policy.RateLimit {
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

// listBlocked answers with the blocked numbers, one a line.
func (o *office) listBlocked(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, entry := range slices.Sorted(o.blocked.Numbers().All()) {
		io.WriteString(w, entry+"\n")
	}
}

// addBlocked blocks the numbers in the body too.
func (o *office) addBlocked(w http.ResponseWriter, r *http.Request) { o.block(w, r, true) }

// setBlocked replaces the blocked numbers by those in the body.
func (o *office) setBlocked(w http.ResponseWriter, r *http.Request) { o.block(w, r, false) }

// listSize bounds the body of a list of numbers.
const listSize = 1 << 20

func (o *office) block(w http.ResponseWriter, r *http.Request, add bool) {
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
	o.blocking.Lock()
	defer o.blocking.Unlock()
	if add {
		entries := slices.Collect(numbers.All())
		if numbers, err = policy.NewNumbers(slices.AppendSeq(entries, o.blocked.Numbers().All())...); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	o.blocked.Set(numbers)
	w.WriteHeader(http.StatusNoContent)
}
