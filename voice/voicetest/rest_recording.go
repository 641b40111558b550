package voicetest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"agentos.dev/dialtone/twiml"
)

// recordings serves what the REST API has of recordings.
func (a *restAPI) recordings(mux *http.ServeMux) {
	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("GET "+account+"/Recordings/{recording}", a.authorised(a.fetchRecording))
	mux.HandleFunc("DELETE "+account+"/Recordings/{recording}", a.authorised(a.deleteRecording))
	mux.HandleFunc("GET "+account+"/Recordings.json", a.authorised(a.listAllRecordings))
	mux.HandleFunc("GET "+account+"/Recordings/{recording}/Transcriptions.json", a.authorised(a.listTexts))
	mux.HandleFunc("GET "+account+"/Transcriptions/{text}", a.authorised(a.fetchText))
	mux.HandleFunc("GET "+account+"/Calls/{call}/Recordings.json", a.authorised(a.listRecordings))
	mux.HandleFunc("POST "+account+"/Calls/{call}/Recordings.json", a.authorised(a.startRecording))
	mux.HandleFunc("POST "+account+"/Calls/{call}/Recordings/{recording}", a.authorised(a.updateRecording))
}

// recordingOf returns the recording that a request is about, or answers 404.
func (a *restAPI) recordingOf(w http.ResponseWriter, r *http.Request) (found *recording, suffix string) {
	sid, suffix, _ := strings.Cut(r.PathValue("recording"), ".")
	a.twilio.mu.Lock()
	found = a.twilio.recordings[sid]
	a.twilio.mu.Unlock()
	if found == nil {
		notFound(w, r)
	}
	return found, suffix
}

func notFound(w http.ResponseWriter, r *http.Request) {
	restError(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

// fetchRecording answers with the audio, or with the resource of a URL in .json. Audio is
// there when the recording is complete.
func (a *restAPI) fetchRecording(w http.ResponseWriter, r *http.Request) {
	rec, suffix := a.recordingOf(w, r)
	switch {
	case rec == nil:
	case suffix == "json":
		restJSON(w, http.StatusOK, rec.resource())
	case rec.state() != "completed":
		notFound(w, r)
	case suffix == "" || suffix == "wav":
		w.Header().Set("Content-Type", "audio/x-wav")
		w.Write(rec.wav())
	default:
		a.twilio.notSimulated("a recording as ." + suffix + " is not simulated")
		notFound(w, r)
	}
}

func (a *restAPI) deleteRecording(w http.ResponseWriter, r *http.Request) {
	rec, _ := a.recordingOf(w, r)
	if rec == nil {
		return
	}
	a.twilio.mu.Lock()
	delete(a.twilio.recordings, rec.sid)
	a.twilio.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (a *restAPI) listRecordings(w http.ResponseWriter, r *http.Request) {
	c := a.find(w, r)
	if c == nil {
		return
	}
	c.mu.Lock()
	recorded := slices.Clone(c.recorded)
	c.mu.Unlock()
	list := []map[string]any{}
	for _, rec := range recorded {
		list = append(list, rec.resource())
	}
	restPage(w, r, "recordings", list)
}

// listAllRecordings answers with the account's, the last first.
func (a *restAPI) listAllRecordings(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of recordings", "CallSid")
	a.twilio.mu.Lock()
	recorded := slices.Collect(maps.Values(a.twilio.recordings))
	a.twilio.mu.Unlock()
	slices.SortFunc(recorded, func(a, b *recording) int { return b.began.Compare(a.began) })
	list := []map[string]any{}
	for _, rec := range recorded {
		if of := r.URL.Query().Get("CallSid"); of == "" || of == rec.call.SID {
			list = append(list, rec.resource())
		}
	}
	restPage(w, r, "recordings", list)
}

// listTexts answers with the transcription of a recording, if it has one.
func (a *restAPI) listTexts(w http.ResponseWriter, r *http.Request) {
	rec, _ := a.recordingOf(w, r)
	if rec == nil {
		return
	}
	list := []map[string]any{}
	if text := rec.transcript(); text != nil {
		list = append(list, text)
	}
	restPage(w, r, "transcriptions", list)
}

// fetchText answers with a transcription: a TranscriptionUrl leads here.
func (a *restAPI) fetchText(w http.ResponseWriter, r *http.Request) {
	sid, _ := strings.CutSuffix(r.PathValue("text"), ".json")
	a.twilio.mu.Lock()
	recorded := slices.Collect(maps.Values(a.twilio.recordings))
	a.twilio.mu.Unlock()
	for _, rec := range recorded {
		if text := rec.transcript(); text != nil && text["sid"] == sid {
			restJSON(w, http.StatusOK, text)
			return
		}
	}
	notFound(w, r)
}

// transcript returns what the REST API says of the transcription of a recording, nil if it has
// none.
func (r *recording) transcript() map[string]any {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	if r.textSID == "" {
		return nil
	}
	account := r.call.tw.cfg.AccountSID
	return map[string]any{"sid": r.textSID, "account_sid": account, "recording_sid": r.sid, "api_version": "2010-04-01", "type": "fast", "duration": r.seconds(),
		"status": transcribedAs(strings.Join(r.words, " ")), "transcription_text": strings.Join(r.words, " "), "price": nil, "price_unit": "USD",
		"uri": "/2010-04-01/Accounts/" + account + "/Transcriptions/" + r.textSID + ".json"}
}

// startRecording records a call that is up.
func (a *restAPI) startRecording(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a call's recording", "RecordingStatusCallback", "RecordingStatusCallbackEvent", "RecordingStatusCallbackMethod", "RecordingChannels", "RecordingTrack", "Trim")
	c := a.find(w, r)
	if c == nil {
		return
	}
	if c.Status() != "in-progress" || c.ctx.Err() != nil {
		restError(w, http.StatusBadRequest, 21220, "Requested resource is not eligible for recording")
		return
	}
	rec := &recording{source: "StartCallRecordingAPI", channels: channelsOf(r.PostFormValue("RecordingChannels")),
		track: twiml.RecordedTrack(cmp.Or(r.PostFormValue("RecordingTrack"), "both")), trim: r.PostFormValue("Trim") == "trim-silence"}
	rec.callback = c.recordingCallback("", r.PostFormValue("RecordingStatusCallback"), twiml.Method(r.PostFormValue("RecordingStatusCallbackMethod")), recordingEvents(r.PostForm))
	restJSON(w, http.StatusCreated, c.record(rec).resource())
}

// updateRecording pauses, resumes or stops a recording of a call; Twilio.CURRENT is the
// last one.
func (a *restAPI) updateRecording(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a recording's update", "Status", "PauseBehavior")
	c := a.find(w, r)
	if c == nil {
		return
	}
	sid := strings.TrimSuffix(r.PathValue("recording"), ".json")
	c.mu.Lock()
	var rec *recording
	for _, o := range c.recordings {
		if o.sid == sid || sid == "Twilio.CURRENT" {
			rec = o
		}
	}
	c.mu.Unlock()
	if rec == nil {
		notFound(w, r)
		return
	}
	switch status := r.PostFormValue("Status"); status {
	case "stopped":
		if rec.source == "RecordVerb" {
			c.change(func() { rec.end("") })
		} else {
			rec.done(false)
		}
	case "paused", "in-progress":
		c.change(func() { rec.status, rec.skip = status, r.PostFormValue("PauseBehavior") == "skip" })
	default:
		restError(w, http.StatusBadRequest, 20001, "Status "+strconv.Quote(status)+" is not one of a recording")
		return
	}
	restJSON(w, http.StatusOK, rec.resource())
}

// channelsOf returns the number of channels that mono and dual stand for.
func channelsOf(text string) int {
	if text == "dual" {
		return 2
	}
	return 1
}

func (r *recording) state() string {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	return r.status
}

// resource returns what the REST API says of a recording.
func (r *recording) resource() map[string]any {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	m := map[string]any{
		"sid": r.sid, "account_sid": r.call.tw.cfg.AccountSID, "call_sid": r.call.SID, "api_version": "2010-04-01", "status": r.status,
		"source": r.source, "channels": r.channels, "track": r.track, "duration": nil, "price": nil, "price_unit": "USD", "error_code": nil,
		"start_time": r.began.UTC().Format(rfc2822), "date_created": r.began.UTC().Format(rfc2822), "media_url": r.url(),
		"uri": "/2010-04-01/Accounts/" + r.call.tw.cfg.AccountSID + "/Recordings/" + r.sid + ".json",
	}
	if r.over {
		m["duration"] = r.seconds()
	}
	return m
}
