package voicetest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

// queues registers the routes of queues and their members.
func (a *restAPI) queues(mux *http.ServeMux) {
	const queues = "/2010-04-01/Accounts/{account}/Queues"
	mux.HandleFunc("GET "+queues+".json", a.authorised(a.listQueues))
	mux.HandleFunc("GET "+queues+"/{queue}", a.authorised(a.fetchQueue))
	mux.HandleFunc("GET "+queues+"/{queue}/Members.json", a.authorised(a.listMembers))
	mux.HandleFunc("GET "+queues+"/{queue}/Members/{call}", a.authorised(a.fetchMember))
	mux.HandleFunc("POST "+queues+"/{queue}/Members/{call}", a.authorised(a.dequeue))
}

// resource returns a queue as the REST API does. The caller holds the fake's lock.
func (q *queue) resource(t *Twilio) map[string]any {
	return map[string]any{"sid": q.sid, "account_sid": t.cfg.AccountSID, "friendly_name": q.name, "current_size": len(q.waiting), "max_size": cmp.Or(q.size, maxQueue),
		"average_wait_time": int(q.average() / time.Second), "uri": "/2010-04-01/Accounts/" + t.cfg.AccountSID + "/Queues/" + q.sid + ".json"}
}

// resource returns a caller in a queue as the REST API does. The caller holds the fake's lock.
func (w *waiting) resource() map[string]any {
	return map[string]any{"call_sid": w.call.SID, "queue_sid": w.queue.sid, "date_enqueued": w.since.UTC().Format(rfc2822), "wait_time": int(w.time() / time.Second),
		"position": slices.Index(w.queue.waiting, w) + 1,
		"uri":      "/2010-04-01/Accounts/" + w.call.tw.cfg.AccountSID + "/Queues/" + w.queue.sid + "/Members/" + w.call.SID + ".json"}
}

func (a *restAPI) listQueues(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of queues")
	list := []map[string]any{}
	a.twilio.mu.Lock()
	for _, q := range a.twilio.queues {
		list = append(list, q.resource(a.twilio))
	}
	a.twilio.mu.Unlock()
	slices.SortFunc(list, func(a, b map[string]any) int {
		return cmp.Compare(a["friendly_name"].(string), b["friendly_name"].(string))
	})
	restPage(w, r, "queues", list)
}

// queue calls f, with the fake's lock held, with the queue that a request names, or answers 404.
func (a *restAPI) queue(w http.ResponseWriter, r *http.Request, f func(*queue)) {
	sid := strings.TrimSuffix(r.PathValue("queue"), ".json")
	a.twilio.mu.Lock()
	for _, q := range a.twilio.queues {
		if q.sid == sid {
			f(q)
			a.twilio.mu.Unlock()
			return
		}
	}
	a.twilio.mu.Unlock()
	notFound(w, r)
}

func (a *restAPI) fetchQueue(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if a.queue(w, r, func(q *queue) { body = q.resource(a.twilio) }); body != nil {
		restJSON(w, http.StatusOK, body)
	}
}

func (a *restAPI) listMembers(w http.ResponseWriter, r *http.Request) {
	a.asked(r, "the list of a queue's members")
	var list []map[string]any
	a.queue(w, r, func(q *queue) {
		list = []map[string]any{}
		for _, m := range q.waiting {
			list = append(list, m.resource())
		}
	})
	if list != nil {
		restPage(w, r, "queue_members", list)
	}
}

// member returns the caller that a request is about, by CallSid or Front, or answers 404.
func (a *restAPI) member(w http.ResponseWriter, r *http.Request) (found *waiting, body map[string]any) {
	which, exists := strings.TrimSuffix(r.PathValue("call"), ".json"), false
	a.queue(w, r, func(q *queue) {
		exists = true
		for i, m := range q.waiting {
			if m.call.SID == which || which == "Front" && i == 0 {
				found, body = m, m.resource()
				return
			}
		}
	})
	if exists && found == nil {
		notFound(w, r)
	}
	return found, body
}

func (a *restAPI) fetchMember(w http.ResponseWriter, r *http.Request) {
	if m, body := a.member(w, r); m != nil {
		restJSON(w, http.StatusOK, body)
	}
}

// dequeue takes a caller out of a queue: he goes on with the document of a URL.
func (a *restAPI) dequeue(w http.ResponseWriter, r *http.Request) {
	a.known(r, "a queue member's update", "Url", "Method")
	m, body := a.member(w, r)
	if m == nil {
		return
	}
	at := r.PostFormValue("Url")
	if !isWeb(at) {
		restError(w, http.StatusBadRequest, 21205, "Url is not a valid URL: "+at)
		return
	}
	if !m.call.replace(&document{url: at, method: methodOf(twiml.Method(r.PostFormValue("Method")))}) {
		restOver(w)
		return
	}
	m.call.event(REST, "dequeued")
	restJSON(w, http.StatusOK, body)
}
