package voicetest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

// streams registers the routes of the streams and transcriptions of a call.
func (a *restAPI) streams(mux *http.ServeMux) {
	const call = "/2010-04-01/Accounts/{account}/Calls/{call}"
	mux.HandleFunc("POST "+call+"/Streams.json", a.authorised(a.createStream))
	mux.HandleFunc("POST "+call+"/Streams/{stream}", a.authorised(a.stopStream))
	mux.HandleFunc("POST "+call+"/Transcriptions.json", a.authorised(a.createTranscription))
	mux.HandleFunc("POST "+call+"/Transcriptions/{transcription}", a.authorised(a.stopTranscription))
}

// live returns the call in progress that a request is about, or answers with an error.
func (a *restAPI) live(w http.ResponseWriter, r *http.Request) *Call {
	c := a.find(w, r)
	if c != nil && (c.Status() != "in-progress" || c.ctx.Err() != nil) {
		restError(w, http.StatusBadRequest, 21220, "Call is not in-progress")
		return nil
	}
	return c
}

// createStream forks a live call's audio to the host.
func (a *restAPI) createStream(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	noun := &twiml.Stream{Name: r.PostForm.Get("Name"), URL: r.PostForm.Get("Url"), Track: twiml.Track(r.PostForm.Get("Track")),
		StatusCallback: r.PostForm.Get("StatusCallback"), StatusCallbackMethod: twiml.Method(r.PostForm.Get("StatusCallbackMethod"))}
	names := []string{"Name", "Url", "Track", "StatusCallback", "StatusCallbackMethod"}
	for n := 1; n <= 99; n++ {
		name, value := "Parameter"+strconv.Itoa(n)+".Name", "Parameter"+strconv.Itoa(n)+".Value"
		names = append(names, name, value)
		if r.PostForm.Has(name) {
			noun.Parameters = append(noun.Parameters, twiml.Parameter{Name: r.PostForm.Get(name), Value: r.PostForm.Get(value)})
		}
	}
	a.known(r, "a call's stream", names...)
	c := a.live(w, r)
	if c == nil {
		return
	}
	if u, err := url.Parse(noun.URL); err != nil || u.Scheme != "wss" || u.Host == "" {
		restError(w, http.StatusBadRequest, 21205, "Url is not a valid wss URL: "+noun.URL)
		return
	}
	c.event(REST, "Stream %s", noun.URL)
	s, err := c.openStream(c.ctx, noun, false)
	if err != nil { // it has been warned of
		restJSON(w, http.StatusCreated, c.subresource("Streams", newSID("MZ"), noun.Name, "stopped"))
		return
	}
	restJSON(w, http.StatusCreated, c.subresource("Streams", s.sid, noun.Name, "in-progress"))
}

// subresource returns a stream or a transcription as the REST API does.
func (c *Call) subresource(kind, sid, name, status string) map[string]any {
	return map[string]any{"sid": sid, "account_sid": c.tw.cfg.AccountSID, "call_sid": c.SID, "name": name, "status": status,
		"date_updated": time.Now().UTC().Format(rfc2822), "uri": "/2010-04-01/Accounts/" + c.tw.cfg.AccountSID + "/Calls/" + c.SID + "/" + kind + "/" + sid + ".json"}
}

// stops reports whether a request asks to stop something, or answers with an error.
func stops(w http.ResponseWriter, r *http.Request) bool {
	if status := r.PostFormValue("Status"); status != "stopped" {
		restError(w, http.StatusBadRequest, 20001, "Status "+strconv.Quote(status)+" is not stopped")
		return false
	}
	return true
}

// stopStream ends a stream that runs beside the call, by its SID or name.
func (a *restAPI) stopStream(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a stream's update", "Status")
	c := a.find(w, r)
	if c == nil || !stops(w, r) {
		return
	}
	which := strings.TrimSuffix(r.PathValue("stream"), ".json")
	streams := c.openStreams()
	i := slices.IndexFunc(streams, func(s *stream) bool { return !s.bidirectional && (s.sid == which || s.name == which) })
	if i < 0 {
		notFound(w, r)
		return
	}
	streams[i].stop()
	restJSON(w, http.StatusOK, c.subresource("Streams", streams[i].sid, streams[i].name, "stopped"))
}

// createTranscription transcribes a live call.
func (a *restAPI) createTranscription(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a call's transcription", "Name", "Track", "StatusCallbackUrl", "StatusCallbackMethod", "InboundTrackLabel", "OutboundTrackLabel",
		"PartialResults", "LanguageCode", "TranscriptionEngine", "ProfanityFilter", "SpeechModel", "Hints", "EnableAutomaticPunctuation")
	c := a.live(w, r)
	if c == nil {
		return
	}
	form := r.PostForm
	noun := &twiml.Transcription{Name: form.Get("Name"), Track: twiml.Track(form.Get("Track")), StatusCallbackURL: form.Get("StatusCallbackUrl"),
		StatusCallbackMethod: twiml.Method(form.Get("StatusCallbackMethod")), InboundTrackLabel: form.Get("InboundTrackLabel"),
		OutboundTrackLabel: form.Get("OutboundTrackLabel"), PartialResults: twiml.Bool(form.Get("PartialResults")), LanguageCode: form.Get("LanguageCode"),
		TranscriptionEngine: form.Get("TranscriptionEngine"), ProfanityFilter: twiml.Bool(form.Get("ProfanityFilter")), SpeechModel: form.Get("SpeechModel"),
		Hints: form.Get("Hints"), EnableAutomaticPunctuation: twiml.Bool(form.Get("EnableAutomaticPunctuation"))}
	c.event(REST, "Transcription %s", noun.Name)
	restJSON(w, http.StatusCreated, c.subresource("Transcriptions", c.startTranscription(noun, "").sid, noun.Name, "in-progress"))
}

// stopTranscription ends a transcription, by its SID or name.
func (a *restAPI) stopTranscription(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a transcription's update", "Status")
	c := a.find(w, r)
	if c == nil || !stops(w, r) {
		return
	}
	which := strings.TrimSuffix(r.PathValue("transcription"), ".json")
	running := c.transcribing()
	i := slices.IndexFunc(running, func(s *transcription) bool { return s.sid == which || s.noun.Name == which })
	if i < 0 {
		notFound(w, r)
		return
	}
	running[i].stop()
	restJSON(w, http.StatusOK, c.subresource("Transcriptions", running[i].sid, running[i].noun.Name, "stopped"))
}
