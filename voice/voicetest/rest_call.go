package voicetest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

// What Twilio takes for an address of a call.
var (
	e164    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	address = regexp.MustCompile(`^(client:.+|sips?:[^@\s]+@[^@\s]+)$`)
)

// placedBy lists the parameters of a new call that are simulated, and those that have no
// effect here: what a carrier or a machine detector is told. Never written to.
var placedBy = strings.Fields(`To From Url Twiml Method ApplicationSid FallbackUrl FallbackMethod StatusCallback StatusCallbackEvent StatusCallbackMethod
	Timeout TimeLimit SendDigits Record RecordingChannels RecordingTrack RecordingStatusCallback RecordingStatusCallbackEvent
	RecordingStatusCallbackMethod Trim MachineDetection AsyncAmd AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod
	MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout
	CallReason CallToken CallerId Byoc`)

// create places an outbound call.
func (a *restAPI) create(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a new call", placedBy...)
	form := r.PostForm
	if code, problem := wrongCall(form); code != 0 {
		restError(w, http.StatusBadRequest, code, problem)
		return
	}
	d, code, problem := restDocument(form.Get("Twiml"), form.Get("Url"), form.Get("Method"))
	if d == nil {
		restError(w, http.StatusBadRequest, code, problem)
		return
	}
	c := a.placed(form)
	if form.Get("Twiml") != "" && form.Get("Url") != "" {
		c.warn(32019, "both Twiml and Url are given: Url is asked")
	}
	c.checkGiven(d)
	restCall(w, http.StatusCreated, c)
	a.begin(c, d)
}

// placed returns a new call as its parameters have it, which is yet to begin.
func (a *restAPI) placed(form url.Values) *Call {
	c := a.twilio.newCall(form.Get("From"), form.Get("To"), "outbound-api", append(slices.Clone(a.twilio.cfg.Placed), func(p *plan) { p.place(form) }))
	if c.plan.record != nil {
		c.plan.record.callback = c.recordingCallback("", form.Get("RecordingStatusCallback"), twiml.Method(form.Get("RecordingStatusCallbackMethod")), recordingEvents(form))
	}
	for _, event := range c.plan.statusEvents {
		if !slices.Contains([]string{"initiated", "ringing", "answered", "completed"}, event) {
			c.warn(21626, "StatusCallbackEvent %q is not one of a call", event)
		}
	}
	if form.Get("MachineDetection") != "" && form.Get("AsyncAmd") == "true" && c.plan.detectionURL == "" {
		c.warn(21262, "asynchronous machine detection without AsyncAmdStatusCallback")
	}
	return c
}

// begin has a placed call ring, and go on with a document.
func (a *restAPI) begin(c *Call, d *document) {
	c.start(d)
	select {
	case a.twilio.placed <- c:
	default: // nobody ever picks up
	}
}

// wrongCall returns Twilio's error for the parameters of a new call, or 0.
func wrongCall(form url.Values) (code int, problem string) {
	to, from := form.Get("To"), form.Get("From")
	switch {
	case to == "":
		return 21201, "No 'To' number is specified"
	case from == "":
		return 21213, "Caller phone number is required"
	case !e164.MatchString(to) && !address.MatchString(to):
		return 21211, "The 'To' number " + to + " is not a valid phone number"
	case !e164.MatchString(from) && !address.MatchString(from):
		return 21212, "The 'From' number " + from + " is not a valid phone number or caller id"
	case form.Get("ApplicationSid") != "":
		return 21218, "ApplicationSid " + form.Get("ApplicationSid") + " is not an application of the account"
	}
	for _, name := range []string{"StatusCallback", "FallbackUrl", "AsyncAmdStatusCallback", "RecordingStatusCallback"} {
		if at := form.Get(name); at != "" && !isWeb(at) {
			return 21609, name + " is not a valid URL: " + at
		}
	}
	return 0, ""
}

// place takes what a new call's parameters ask for.
func (p *plan) place(form url.Values) {
	seconds := func(name string, otherwise time.Duration) time.Duration {
		if n, err := strconv.Atoi(form.Get(name)); err == nil && n > 0 {
			return time.Duration(n) * time.Second
		}
		return otherwise
	}
	by := func(name string) string { return strings.ToUpper(cmp.Or(form.Get(name), http.MethodPost)) }
	p.timeout, p.timeLimit, p.sendDigits = seconds("Timeout", time.Minute)+timeoutBuffer, seconds("TimeLimit", 4*time.Hour), form.Get("SendDigits")
	p.fallbackURL, p.fallbackMethod = form.Get("FallbackUrl"), by("FallbackMethod")
	if events := form["StatusCallbackEvent"]; len(events) > 0 {
		p.statusEvents = events
	}
	if p.statusURL, p.statusMethod = form.Get("StatusCallback"), by("StatusCallbackMethod"); p.statusURL == "" {
		p.statusEvents = nil
	}
	switch detects, async := form.Get("MachineDetection") != "" && p.sendDigits == "", form.Get("AsyncAmd") == "true"; {
	case detects && async:
		p.detectionURL, p.detectionMethod = form.Get("AsyncAmdStatusCallback"), by("AsyncAmdStatusCallbackMethod")
		p.detectsLater()
	case detects:
		if p.detects = detection; !p.params.Has("AnsweredBy") {
			Param("AnsweredBy", "human")(p)
		}
	}
	if form.Get("Record") == "true" {
		p.record = &recording{source: "OutboundAPI", channels: channelsOf(form.Get("RecordingChannels")),
			track: twiml.RecordedTrack(cmp.Or(form.Get("RecordingTrack"), "both")), trim: form.Get("Trim") != "do-not-trim"}
	}
}

// detectsLater has AnsweredBy told to the callback of asynchronous machine detection alone.
func (p *plan) detectsLater() {
	if p.detectionURL != "" {
		p.detected = p.params.Get("AnsweredBy")
		delete(p.params, "AnsweredBy")
	}
}

// recordingEvents returns what a RecordingStatusCallback is told.
func recordingEvents(form url.Values) (events []twiml.RecordingEvent) {
	for _, e := range form["RecordingStatusCallbackEvent"] {
		for _, event := range strings.Fields(e) {
			events = append(events, twiml.RecordingEvent(event))
		}
	}
	return events
}

// list answers with the calls, the last first.
func (a *restAPI) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a.asked(r, "the list of calls", "Status", "To", "From", "ParentCallSid", "StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>")
	is := func(name, value string) bool { return q.Get(name) == "" || q.Get(name) == value }
	a.twilio.mu.Lock()
	var calls []*Call
	for _, c := range a.twilio.calls {
		if !a.twilio.deleted[c.SID] && is("To", c.To) && is("From", c.From) && is("ParentCallSid", c.parent) {
			calls = append(calls, c)
		}
	}
	a.twilio.mu.Unlock()
	slices.SortFunc(calls, func(a, b *Call) int { return b.begun.Compare(a.begun) })
	list := []map[string]any{}
	for _, c := range calls {
		c.mu.Lock()
		timely := when(q, "StartTime", c.pickedUp) && when(q, "EndTime", c.ended)
		c.mu.Unlock()
		if timely && is("Status", c.restStatus()) {
			list = append(list, c.resource())
		}
	}
	restPage(w, r, "calls", list)
}

// when reports whether a time fits the filters that twilio-go sends as StartTime, StartTime<
// and StartTime>: days, or instants.
func when(q url.Values, name string, t time.Time) bool {
	for _, relation := range []string{"", "<", ">"} {
		asked := q.Get(name + relation)
		if asked == "" {
			continue
		}
		day := time.Duration(0)
		limit, err := time.Parse(time.RFC3339, asked)
		if err != nil {
			limit, err = time.Parse(time.DateOnly, asked)
			day = 24 * time.Hour
		}
		switch {
		case err != nil || t.IsZero(),
			relation == "" && (t.Before(limit) || !t.Before(limit.Add(max(day, time.Second)))),
			relation == "<" && t.After(limit),
			relation == ">" && t.Before(limit):
			return false
		}
	}
	return true
}

// restPage answers with the part of a list that is asked for.
func restPage(w http.ResponseWriter, r *http.Request, name string, list []map[string]any) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("PageSize"))
	if err != nil || size < 1 {
		size = 50
	}
	page, _ := strconv.Atoi(q.Get("Page"))
	from := min(max(page, 0)*size, len(list))
	to := min(from+size, len(list))
	var next any
	if to < len(list) {
		q.Set("Page", strconv.Itoa(page+1))
		next = r.URL.Path + "?" + q.Encode()
	}
	restJSON(w, http.StatusOK, map[string]any{name: list[from:to], "page": page, "page_size": size, "start": from, "end": max(to-1, 0),
		"uri": r.URL.RequestURI(), "next_page_uri": next})
}

// remove deletes what Twilio knows of a call that is over.
func (a *restAPI) remove(w http.ResponseWriter, r *http.Request) {
	c := a.find(w, r)
	switch {
	case c == nil:
	case !c.over():
		restError(w, http.StatusConflict, 20409, "Call "+c.SID+" is not over")
	default:
		a.twilio.mu.Lock()
		a.twilio.deleted[c.SID] = true
		a.twilio.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}
}

// notifications lists what Twilio complained about in a call.
func (a *restAPI) notifications(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of a call's notifications")
	c := a.find(w, r)
	if c == nil {
		return
	}
	list := []map[string]any{}
	for _, warning := range c.Warnings() {
		if warning.Code != 0 {
			list = append(list, map[string]any{"account_sid": c.tw.cfg.AccountSID, "call_sid": c.SID, "error_code": strconv.Itoa(warning.Code),
				"message_text": warning.Text, "log": "0", "more_info": moreInfo(warning.Code), "api_version": "2010-04-01"})
		}
	}
	restPage(w, r, "notifications", list)
}

// restCall answers with the call resource.
func restCall(w http.ResponseWriter, code int, c *Call) { restJSON(w, code, c.resource()) }

// restStatus is the status as the REST API tells it: a call that was ended is over at once.
func (c *Call) restStatus() string {
	status := c.Status()
	if c.ctx.Err() != nil && status == "in-progress" {
		status = "completed"
	}
	return status
}

// resource returns what the REST API says of a call. A minute that was begun costs 1.4
// cents, 0.85 when the call came in.
func (c *Call) resource() map[string]any {
	status, lasted := c.restStatus(), int(c.Duration()/time.Second)
	path := "/2010-04-01/Accounts/" + c.tw.cfg.AccountSID + "/Calls/" + c.SID
	c.mu.Lock()
	defer c.mu.Unlock()
	m := map[string]any{
		"sid": c.SID, "account_sid": c.tw.cfg.AccountSID, "parent_call_sid": nil, "from": c.From, "to": c.To, "from_formatted": c.From,
		"to_formatted": c.To, "status": status, "direction": c.direction, "api_version": "2010-04-01", "answered_by": nil, "caller_name": "",
		"forwarded_from": c.plan.params.Get("ForwardedFrom"), "date_created": c.begun.UTC().Format(rfc2822), "date_updated": time.Now().UTC().Format(rfc2822),
		"start_time": nil, "end_time": nil, "duration": nil, "price": nil, "price_unit": "USD", "queue_time": "0", "phone_number_sid": "",
		"annotation": nil, "group_sid": nil, "trunk_sid": "", "uri": path + ".json",
		"subresource_uris": map[string]string{"recordings": path + "/Recordings.json", "notifications": path + "/Notifications.json",
			"streams": path + "/Streams.json", "transcriptions": path + "/Transcriptions.json"},
	}
	if c.parent != "" {
		m["parent_call_sid"] = c.parent
	}
	if by := cmp.Or(c.answeredBy, c.plan.params.Get("AnsweredBy")); by != "" {
		m["answered_by"] = by
	}
	if !c.pickedUp.IsZero() {
		m["start_time"] = c.pickedUp.UTC().Format(rfc2822)
	}
	if !c.ended.IsZero() {
		m["end_time"], m["duration"] = c.ended.UTC().Format(rfc2822), strconv.Itoa(lasted)
		if price := map[bool]float64{true: 0.0085, false: 0.014}[c.direction == "inbound"]; !c.pickedUp.IsZero() {
			m["price"] = fmt.Sprintf("-%.5f", price*float64(max(1, (lasted+59)/60)))
		}
	}
	return m
}
