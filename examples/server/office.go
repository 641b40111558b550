package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/console"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/twiliorest"
)

// office is what people with an admin token may do.
type office struct {
	voice   *voice.Server
	limits  *limits
	rest    *twiliorest.Client // nil without an API key
	gate    *outbound.Gate     // before whatever dials
	number  string
	base    string // of the URLs that Twilio asks about placed calls
	guard   *admin.Guard
	console *console.Console
}

func newOffice(c config, a *app, rest *twiliorest.Client) *office {
	return &office{
		voice:   a.voice,
		console: a.console,
		limits:  a.limits,
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
	mux.Handle("GET /admin/console/", o.console.Page())
	guarded("GET /admin/console/events", "calls:read", o.console.Events(o.voice).ServeHTTP)
	guarded("GET /admin/console/words", "calls:listen", o.console.Words(o.voice).ServeHTTP)
	guarded("GET /admin/calls", "calls:read", o.listCalls)
	guarded("POST /admin/calls", "calls:write", o.placeCall)
	guarded("GET /admin/blocked", "policy:read", o.listBlocked)
	guarded("POST /admin/blocked", "policy:write", o.addBlocked)
	guarded("PUT /admin/blocked", "policy:write", o.setBlocked)
	guarded("GET /admin/history", "calls:read", o.listHistory)
	guarded("POST /admin/forget", "policy:write", o.forget)
	guarded("GET /admin/limits", "policy:read", o.listLimits)
	guarded("POST /admin/limits", "policy:write", o.addLimits)
	guarded("PUT /admin/limits", "policy:write", o.setLimits)
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
	if refused.Reason() == policy.ReasonRateLimit {
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

// listBlocked answers with the blocked numbers, one a line.
func (o *office) listBlocked(w http.ResponseWriter, _ *http.Request) { list(w, o.limits.blocked) }

// addBlocked blocks the numbers in the body too.
func (o *office) addBlocked(w http.ResponseWriter, r *http.Request) {
	change(w, r, o.limits.blocked, func(text, body string) (string, error) { return blockedText(text + "\n" + body) })
}

// setBlocked replaces the blocked numbers by those in the body.
func (o *office) setBlocked(w http.ResponseWriter, r *http.Request) {
	change(w, r, o.limits.blocked, func(_, body string) (string, error) { return blockedText(body) })
}

func blockedText(text string) (string, error) {
	numbers, err := policy.ParseNumbers(text)
	if err != nil {
		return "", err
	}
	return string(entriesOf(numbers)), nil
}

// mostHistory is how many calls the history shows at once.
const mostHistory = 1000

// listHistory answers with what was decided about the calls of the number in the query's
// caller, the latest first, or about all calls: one a line, as JSON.
func (o *office) listHistory(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/jsonl")
	if o.limits.history == nil {
		return
	}
	lines := json.NewEncoder(w)
	for _, e := range o.limits.history.Recent(r.FormValue("caller"), time.Now(), mostHistory) {
		lines.Encode(map[string]any{
			"at": e.Call.At.UTC(), "call_sid": e.Call.SID, "from": e.Call.From, "to": e.Call.To, "direction": e.Call.Direction,
			"verdict": e.Decision.Verdict.String(), "reason": e.Decision.Reason, "detail": e.Decision.Detail,
		})
	}
}

// forget has all instances forget the calls of the number in the form field "caller", and
// answers how many there were on this one. What limits and scores count goes by itself.
func (o *office) forget(w http.ResponseWriter, r *http.Request) {
	caller := r.PostFormValue("caller")
	if caller == "" || len(caller) > maxCaller || strings.ContainsAny(caller, "\r\n") {
		http.Error(w, "caller is missing, or none", http.StatusBadRequest)
		return
	}
	forgotten := 0
	if o.limits.forgets != nil {
		var err error
		if forgotten, err = o.limits.forgets.forget(r.Context(), caller); err != nil {
			http.Error(w, fmt.Sprintf("%d forgotten here; the other instances do not know yet, try again: %v", forgotten, err), http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(w, forgotten)
}

// maxCaller is the longest caller, a SIP address.
const maxCaller = 256

// listLimits answers with the limits of single callers, one a line.
func (o *office) listLimits(w http.ResponseWriter, _ *http.Request) { list(w, o.limits.callers) }

// addLimits gives the callers in the body other limits, and leaves those of the rest.
func (o *office) addLimits(w http.ResponseWriter, r *http.Request) {
	change(w, r, o.limits.callers, func(text, body string) (string, error) {
		old, err := policy.ParseLimits(text)
		if err != nil {
			return "", err
		}
		limits, err := policy.ParseLimits(body)
		maps.Copy(old, limits)
		return policy.FormatLimits(old), err
	})
}

// setLimits replaces the limits of single callers by those in the body.
func (o *office) setLimits(w http.ResponseWriter, r *http.Request) {
	change(w, r, o.limits.callers, func(_, body string) (string, error) {
		limits, err := policy.ParseLimits(body)
		return policy.FormatLimits(limits), err
	})
}

// list answers with a setting.
func list(w http.ResponseWriter, s *policy.Setting) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, s.Text())
}

// listSize bounds the body of a list.
const listSize = policy.MaxValue

// change changes a setting on all instances to what to makes of it and the body.
func change(w http.ResponseWriter, r *http.Request, s *policy.Setting, to func(text, body string) (string, error)) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, listSize))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	var wrong error // with the body
	err = s.Update(r.Context(), func(text []byte) ([]byte, error) {
		var next string
		next, wrong = to(string(text), string(body))
		return []byte(next), wrong
	})
	switch {
	case wrong != nil:
		http.Error(w, wrong.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
