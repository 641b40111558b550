package voicetest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"agentos.dev/dialtone/twiml"
)

// rooms registers the routes of conferences and their participants.
func (a *restAPI) rooms(mux *http.ServeMux) {
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("GET "+account+"/Conferences.json", a.authorised(a.listConferences))
	mux.HandleFunc("GET "+account+"/Conferences/{conference}", a.authorised(a.fetchConference))
	mux.HandleFunc("POST "+account+"/Conferences/{conference}/Participants.json", a.authorised(a.createParticipant))
	mux.HandleFunc("GET "+account+"/Conferences/{conference}/Participants/{call}", a.authorised(a.fetchParticipant))
	mux.HandleFunc("POST "+account+"/Conferences/{conference}", a.authorised(a.updateConference))
	mux.HandleFunc("GET "+account+"/Conferences/{conference}/Participants.json", a.authorised(a.listParticipants))
	mux.HandleFunc("POST "+account+"/Conferences/{conference}/Participants/{call}", a.authorised(a.updateParticipant))
	mux.HandleFunc("DELETE "+account+"/Conferences/{conference}/Participants/{call}", a.authorised(a.removeParticipant))
}

// room returns the conference that a request names by SID or friendly name, and who is in
// it. If there is no such conference now it answers 404 and returns nil.
func (a *restAPI) room(w http.ResponseWriter, r *http.Request) (room *conference, inside []*participant) {
	which := strings.TrimSuffix(r.PathValue("conference"), ".json")
	a.twilio.mu.Lock()
	for _, o := range a.twilio.conferences {
		if o.sid == which || o.name == which {
			room, inside = o, o.inside
		}
	}
	a.twilio.mu.Unlock()
	if room == nil {
		notFound(w, r)
	}
	return room, inside
}

// listConferences answers with the conferences in progress, or of another Status.
func (a *restAPI) listConferences(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of conferences", "FriendlyName", "Status")
	name, list := r.URL.Query().Get("FriendlyName"), []map[string]any{}
	a.twilio.mu.Lock()
	all := slices.AppendSeq(slices.Clone(a.twilio.over), maps.Values(a.twilio.conferences))
	slices.SortFunc(all, func(a, b *conference) int { return b.created.Compare(a.created) })
	for _, o := range all {
		if status := cmp.Or(r.URL.Query().Get("Status"), "in-progress"); (name == "" || name == o.name) && status == o.status() {
			list = append(list, o.resource())
		}
	}
	a.twilio.mu.Unlock()
	restPage(w, r, "conferences", list)
}

// fetchConference answers with a conference. One that has ended is found by its SID only.
func (a *restAPI) fetchConference(w http.ResponseWriter, r *http.Request) {
	which := strings.TrimSuffix(r.PathValue("conference"), ".json")
	var body map[string]any
	a.twilio.mu.Lock()
	for _, o := range a.twilio.over {
		if o.sid == which {
			body = o.resource()
		}
	}
	a.twilio.mu.Unlock()
	if body == nil {
		room, _ := a.room(w, r)
		if room == nil {
			return
		}
		a.twilio.mu.Lock()
		body = room.resource()
		a.twilio.mu.Unlock()
	}
	restJSON(w, http.StatusOK, body)
}

// status returns the conference's status in the REST API. The caller holds the fake's lock.
func (room *conference) status() string {
	switch {
	case room.ended != "":
		return "completed"
	case room.began:
		return "in-progress"
	}
	return "init"
}

// resource returns a conference as the REST API does. The caller holds the fake's lock.
func (room *conference) resource() map[string]any {
	path := "/2010-04-01/Accounts/" + room.twilio.cfg.AccountSID + "/Conferences/" + room.sid
	m := map[string]any{"sid": room.sid, "account_sid": room.twilio.cfg.AccountSID, "friendly_name": room.name, "status": room.status(),
		"region": "us1", "api_version": "2010-04-01", "date_created": room.created.UTC().Format(rfc2822), "reason_conference_ended": nil,
		"call_sid_ending_conference": nil, "uri": path + ".json", "subresource_uris": map[string]string{"participants": path + "/Participants.json"}}
	if m["status"] == "completed" {
		m["reason_conference_ended"] = room.ended
		if room.endedBy != "" {
			m["call_sid_ending_conference"] = room.endedBy
		}
	}
	return m
}

// updateConference plays an announcement to everybody in a conference, or ends it for all.
func (a *restAPI) updateConference(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a conference's update", "Status", "AnnounceUrl", "AnnounceMethod")
	room, inside := a.room(w, r)
	if room == nil {
		return
	}
	if at := r.PostForm.Get("AnnounceUrl"); at != "" {
		for _, p := range inside {
			p.announce(r.PostForm)
		}
	}
	if r.PostForm.Get("Status") == "completed" {
		a.twilio.mu.Lock()
		room.end("conference-ended-via-api", "")
		a.twilio.mu.Unlock()
	}
	a.twilio.mu.Lock()
	body := room.resource()
	a.twilio.mu.Unlock()
	restJSON(w, http.StatusOK, body)
}

// announce plays the TwiML at AnnounceUrl to a participant.
func (p *participant) announce(form url.Values) {
	d := &document{url: form.Get("AnnounceUrl"), method: methodOf(twiml.Method(form.Get("AnnounceMethod")))}
	p.call.background.Go(func() {
		if response, base, err := p.call.load(p.call.ctx, d); err == nil {
			p.call.recites(p.call.ctx, response, base)
			p.room.report([]tell{{twiml.ConferenceAnnouncement, "announcement-end", p, nil}})
		}
	})
}

// listParticipants answers with those that match the filters Muted, Hold and Coaching.
func (a *restAPI) listParticipants(w http.ResponseWriter, r *http.Request) {
	room, inside := a.room(w, r)
	if room == nil {
		return
	}
	a.asked(r, "the list of participants", "Muted", "Hold", "Coaching")
	list := []map[string]any{}
	a.twilio.mu.Lock()
	for _, p := range inside {
		m := p.resource()
		is := func(name, field string) bool {
			return !r.URL.Query().Has(name) || r.URL.Query().Get(name) == fmt.Sprint(m[field])
		}
		if is("Muted", "muted") && is("Hold", "hold") && is("Coaching", "coaching") {
			list = append(list, m)
		}
	}
	a.twilio.mu.Unlock()
	restPage(w, r, "participants", list)
}

// fetchParticipant answers with one participant.
func (a *restAPI) fetchParticipant(w http.ResponseWriter, r *http.Request) {
	p := a.participant(w, r)
	if p == nil {
		return
	}
	a.twilio.mu.Lock()
	body := p.resource()
	a.twilio.mu.Unlock()
	restJSON(w, http.StatusOK, body)
}

// resource returns a participant as the REST API does. The caller holds the fake's lock.
func (p *participant) resource() map[string]any {
	m := map[string]any{"account_sid": p.room.twilio.cfg.AccountSID, "call_sid": p.call.SID, "conference_sid": p.room.sid, "label": twiml.Or(p.noun.ParticipantLabel, ""),
		"muted": p.muted, "hold": p.hold != nil, "coaching": p.coach != "", "call_sid_to_coach": nil, "status": "connected", "end_conference_on_exit": p.ends,
		"start_conference_on_enter": p.noun.StartConferenceOnEnter.Or(true), "queue_time": "0",
		"uri": "/2010-04-01/Accounts/" + p.room.twilio.cfg.AccountSID + "/Conferences/" + p.room.sid + "/Participants/" + p.call.SID + ".json"}
	if p.coach != "" {
		m["call_sid_to_coach"] = p.coach
	}
	return m
}

// participant returns the participant that a request names by CallSid or label. If there is
// none it answers 404 and returns nil.
func (a *restAPI) participant(w http.ResponseWriter, r *http.Request) *participant {
	room, inside := a.room(w, r)
	if room == nil {
		return nil
	}
	which := strings.TrimSuffix(r.PathValue("call"), ".json")
	i := slices.IndexFunc(inside, func(p *participant) bool {
		return p.call.SID == which || which != "" && twiml.Or(p.noun.ParticipantLabel, "") == which
	})
	if i < 0 {
		notFound(w, r)
		return nil
	}
	return inside[i]
}

// updateParticipant changes a participant: muted or not, on hold or not, whom he coaches,
// whether his leaving ends the conference. It can also play an announcement to him.
func (a *restAPI) updateParticipant(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a participant's update", "Muted", "Hold", "HoldUrl", "HoldMethod", "AnnounceUrl", "AnnounceMethod", "EndConferenceOnExit", "Coaching", "CallSidToCoach")
	p := a.participant(w, r)
	if p == nil {
		return
	}
	is := func(name string) bool { return strings.EqualFold(r.PostForm.Get(name), "true") }
	if coached := r.PostForm.Get("CallSidToCoach"); coached != "" && !slices.ContainsFunc(p.room.members(), func(o *participant) bool { return o.call.SID == coached }) {
		restError(w, http.StatusBadRequest, 16028, "CallSidToCoach "+coached+" is not in the conference")
		return
	}
	var told []tell
	a.twilio.mu.Lock()
	if muted := is("Muted"); r.PostForm.Has("Muted") && muted != p.muted {
		p.muted = muted
		told = append(told, tell{twiml.ConferenceMute, map[bool]string{true: "participant-mute", false: "participant-unmute"}[muted], p, nil})
	}
	if hold := is("Hold"); r.PostForm.Has("Hold") && hold != (p.hold != nil) {
		if p.hold = nil; hold {
			p.hold = &document{url: r.PostForm.Get("HoldUrl"), method: methodOf(twiml.Method(r.PostForm.Get("HoldMethod")))} // music, if the URL is empty
		}
		told = append(told, tell{twiml.ConferenceHold, map[bool]string{true: "participant-hold", false: "participant-unhold"}[hold], p, nil})
	}
	if r.PostForm.Has("EndConferenceOnExit") {
		p.ends = is("EndConferenceOnExit")
	}
	if r.PostForm.Has("Coaching") || r.PostForm.Has("CallSidToCoach") {
		if p.coach = ""; is("Coaching") {
			p.coach = r.PostForm.Get("CallSidToCoach")
		}
		told = append(told, tell{twiml.ConferenceModify, "participant-modify", p, nil})
	}
	p.room.change()
	body := p.resource()
	a.twilio.mu.Unlock()
	p.room.report(told)
	if r.PostForm.Get("AnnounceUrl") != "" {
		p.announce(r.PostForm)
	}
	restJSON(w, http.StatusOK, body)
}

// members returns the participants of a conference.
func (room *conference) members() []*participant {
	room.twilio.mu.Lock()
	defer room.twilio.mu.Unlock()
	return room.inside
}

// removeParticipant takes a call out of a conference. The call goes on with the action of
// its Dial, or the verb after it.
func (a *restAPI) removeParticipant(w http.ResponseWriter, r *http.Request) {
	if p := a.participant(w, r); p != nil {
		p.remove()
		w.WriteHeader(http.StatusNoContent)
	}
}

// invitedBy lists the parameters of a new participant that the fake knows: those that it
// simulates, and those that have no effect in it. Nothing writes to it.
var invitedBy = strings.Fields(`To From Label Muted Beep StartConferenceOnEnter EndConferenceOnExit WaitUrl WaitMethod EarlyMedia MaxParticipants
	ConferenceStatusCallback ConferenceStatusCallbackMethod ConferenceStatusCallbackEvent Region Coaching CallSidToCoach JitterBufferSize
	StatusCallback StatusCallbackEvent StatusCallbackMethod Timeout TimeLimit Record RecordingChannels RecordingTrack RecordingStatusCallback
	RecordingStatusCallbackEvent RecordingStatusCallbackMethod Trim MachineDetection AmdStatusCallback AmdStatusCallbackMethod MachineDetectionTimeout
	MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout CallReason CallToken CallerId CallerDisplayName Byoc`)

// createParticipant calls somebody, who joins the conference when he picks up.
func (a *restAPI) createParticipant(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a new participant", invitedBy...)
	form, name := r.PostForm, strings.TrimSuffix(r.PathValue("conference"), ".json")
	if code, problem := wrongCall(form); code != 0 {
		restError(w, http.StatusBadRequest, code, problem)
		return
	}
	n := &twiml.Conference{Name: name, ParticipantLabel: form.Get("Label"), Muted: twiml.Bool(form.Get("Muted")), Beep: twiml.Beep(form.Get("Beep")),
		StartConferenceOnEnter: twiml.Bool(form.Get("StartConferenceOnEnter")), EndConferenceOnExit: twiml.Bool(form.Get("EndConferenceOnExit")),
		WaitURL: form.Get("WaitUrl"), WaitMethod: twiml.Method(form.Get("WaitMethod")), StatusCallback: form.Get("ConferenceStatusCallback"),
		StatusCallbackMethod: twiml.Method(form.Get("ConferenceStatusCallbackMethod"))}
	n.MaxParticipants, _ = strconv.Atoi(form.Get("MaxParticipants"))
	if strings.EqualFold(form.Get("Coaching"), "true") {
		n.Coach = form.Get("CallSidToCoach")
	}
	for _, events := range form["ConferenceStatusCallbackEvent"] {
		for _, event := range strings.Fields(events) {
			n.StatusCallbackEvent = append(n.StatusCallbackEvent, twiml.ConferenceEvent(event))
		}
	}
	a.twilio.mu.Lock()
	room := a.twilio.conferences[name]
	for _, o := range a.twilio.conferences {
		if o.sid == name {
			room, n.Name = o, o.name
		}
	}
	if room != nil && n.ParticipantLabel != "" && slices.ContainsFunc(room.inside, func(p *participant) bool { return p.noun.ParticipantLabel == n.ParticipantLabel }) {
		a.twilio.mu.Unlock()
		restError(w, http.StatusBadRequest, 16026, "Label "+n.ParticipantLabel+" is in use by another participant")
		return
	}
	if room == nil {
		room = a.twilio.newConference(name)
	}
	a.twilio.mu.Unlock()
	if form.Get("AmdStatusCallback") != "" {
		form.Set("AsyncAmd", "true")
		form.Set("AsyncAmdStatusCallback", form.Get("AmdStatusCallback"))
		form.Set("AsyncAmdStatusCallbackMethod", form.Get("AmdStatusCallbackMethod"))
	}
	c := a.placed(form)
	body := c.participant(room, n, "").resource() // nobody else has it yet: it needs no lock
	body["status"] = "queued"
	restJSON(w, http.StatusCreated, body)
	a.begin(c, &document{response: twiml.New(&twiml.Dial{Nouns: []twiml.DialNoun{n}})})
}
