package voicetest

import (
	"net/http"
	"slices"
	"strings"

	"agentos.dev/dialtone/twiml"
)

// rooms serves what the REST API has of conferences.
func (a *restAPI) rooms(mux *http.ServeMux) {
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("GET "+account+"/Conferences.json", a.authorised(a.listConferences))
	mux.HandleFunc("POST "+account+"/Conferences/{conference}", a.authorised(a.updateConference))
	mux.HandleFunc("GET "+account+"/Conferences/{conference}/Participants.json", a.authorised(a.listParticipants))
	mux.HandleFunc("POST "+account+"/Conferences/{conference}/Participants/{call}", a.authorised(a.updateParticipant))
	mux.HandleFunc("DELETE "+account+"/Conferences/{conference}/Participants/{call}", a.authorised(a.removeParticipant))
}

// room returns the conference in progress that a request is about, by SID or name, or
// answers 404.
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

func (a *restAPI) listConferences(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of conferences", "FriendlyName", "Status", "PageSize")
	name, list := r.URL.Query().Get("FriendlyName"), []map[string]any{}
	a.twilio.mu.Lock()
	for _, o := range a.twilio.conferences {
		if status := r.URL.Query().Get("Status"); (name == "" || name == o.name) && (status == "" || status == o.status()) {
			list = append(list, o.resource())
		}
	}
	a.twilio.mu.Unlock()
	restJSON(w, http.StatusOK, map[string]any{"conferences": list, "page": 0, "page_size": 50, "uri": r.URL.RequestURI(), "next_page_uri": nil})
}

// status is what the REST API says, with the fake's lock held.
func (room *conference) status() string {
	if room.began {
		return "in-progress"
	}
	return "init"
}

// resource is what the REST API says of a conference, with the fake's lock held.
func (room *conference) resource() map[string]any {
	return map[string]any{"sid": room.sid, "account_sid": room.twilio.cfg.AccountSID, "friendly_name": room.name, "status": room.status(),
		"region": "us1", "api_version": "2010-04-01", "uri": "/2010-04-01/Accounts/" + room.twilio.cfg.AccountSID + "/Conferences/" + room.sid + ".json"}
}

// updateConference ends a conference for all.
func (a *restAPI) updateConference(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a conference's update", "Status")
	room, _ := a.room(w, r)
	if room == nil {
		return
	}
	if r.PostFormValue("Status") == "completed" {
		room.end(nil)
	}
	a.twilio.mu.Lock()
	body := room.resource()
	a.twilio.mu.Unlock()
	restJSON(w, http.StatusOK, body)
}

func (a *restAPI) listParticipants(w http.ResponseWriter, r *http.Request) {
	room, inside := a.room(w, r)
	if room == nil {
		return
	}
	list := []map[string]any{}
	a.twilio.mu.Lock()
	for _, p := range inside {
		list = append(list, p.resource())
	}
	a.twilio.mu.Unlock()
	restJSON(w, http.StatusOK, map[string]any{"participants": list, "page": 0, "page_size": 50, "uri": r.URL.RequestURI(), "next_page_uri": nil})
}

// resource is what the REST API says of a participant, with the fake's lock held.
func (p *participant) resource() map[string]any {
	return map[string]any{"account_sid": p.room.twilio.cfg.AccountSID, "call_sid": p.call.SID, "conference_sid": p.room.sid, "label": twiml.Or(p.noun.ParticipantLabel, ""),
		"muted": p.muted, "hold": false, "coaching": false, "status": "connected", "start_conference_on_enter": p.noun.StartConferenceOnEnter.Or(true),
		"end_conference_on_exit": p.noun.EndConferenceOnExit.Or(false)}
}

// participant returns the one that a request is about, by CallSid or label, or answers 404.
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

// updateParticipant mutes, and takes that back.
func (a *restAPI) updateParticipant(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a participant's update", "Muted")
	p := a.participant(w, r)
	if p == nil {
		return
	}
	a.twilio.mu.Lock()
	muted := strings.EqualFold(r.PostFormValue("Muted"), "true")
	changed := r.PostForm.Has("Muted") && muted != p.muted
	if changed {
		p.muted = muted
	}
	body := p.resource()
	a.twilio.mu.Unlock()
	if changed {
		p.room.report([]tell{{twiml.ConferenceMute, map[bool]string{true: "participant-mute", false: "participant-unmute"}[muted], p, nil}})
	}
	restJSON(w, http.StatusOK, body)
}

// removeParticipant puts a call out of a conference: the verb after its Dial runs, or the
// action.
func (a *restAPI) removeParticipant(w http.ResponseWriter, r *http.Request) {
	if p := a.participant(w, r); p != nil {
		p.room.end(p)
		w.WriteHeader(http.StatusNoContent)
	}
}
