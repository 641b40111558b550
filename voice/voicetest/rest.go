package voicetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"agentos.dev/dialtone/twiml"
)

// maxTwiML is the length of the Twiml parameter, error 32018.
const maxTwiML = 4000

// restAPI is the fake of api.twilio.com: what changes a live call, and what
// places one.
type restAPI struct {
	twilio *Twilio
	server *http.Server
	url    string
	served chan struct{}
}

func newRestAPI(t *Twilio) (*restAPI, error) {
	var ln net.Listener = t.link.rest
	if t.link.rest == nil {
		var err error
		if ln, err = net.Listen("tcp", cmp.Or(t.cfg.RESTAddr, "127.0.0.1:0")); err != nil {
			return nil, fmt.Errorf("voicetest: %w", err)
		}
	}
	a := &restAPI{twilio: t, url: "http://" + ln.Addr().String(), served: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Calls/{call}", a.authorised(a.update))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Calls/{call}", a.authorised(a.fetch))
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Calls.json", a.authorised(a.create))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Calls.json", a.authorised(a.list))
	mux.HandleFunc("DELETE /2010-04-01/Accounts/{account}/Calls/{call}", a.authorised(a.remove))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Calls/{call}/Notifications.json", a.authorised(a.notifications))
	a.recordings(mux)
	a.streams(mux)
	a.rooms(mux)
	a.queues(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.notSimulated("the REST request " + r.Method + " " + r.URL.Path + " is not simulated")
		restError(w, http.StatusNotFound, 20404, "not simulated: "+r.Method+" "+r.URL.Path)
	})
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(a.served)
		a.server.Serve(ln) // returns http.ErrServerClosed
	}()
	return a, nil
}

func (a *restAPI) close() {
	a.server.Close()
	<-a.served
}

// RESTURL returns the base URL of the fake REST API, such as
// "http://127.0.0.1:40124". It takes AccountSid and AuthToken, or [APIKey] and
// [APISecret]. Simulated are, each as .json:
//   - Calls (GET, POST) and Calls/{sid} (GET, POST, DELETE), and below that Notifications (GET),
//     Recordings (GET, POST), Recordings/{sid} (POST), Streams and Transcriptions (POST), and
//     Streams/{sid or name} and Transcriptions/{sid or name} (POST)
//   - Recordings (GET) and Recordings/{sid} (GET, DELETE), which without .json is the WAV and is
//     where a RecordingUrl leads, Recordings/{sid}/Transcriptions (GET) and
//     Transcriptions/{sid} (GET)
//   - Conferences (GET), Conferences/{sid or name} (GET, POST), and below that Participants (GET,
//     POST), Participants/{sid or label} (GET, POST, DELETE)
//   - Queues (GET), Queues/{sid} (GET), and below that Members (GET), Members/{sid or Front} (GET,
//     POST)
func (t *Twilio) RESTURL() string { return t.rest.url }

// authorised checks the credentials of a request.
func (a *restAPI) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cfg := a.twilio.cfg
		user, password, _ := r.BasicAuth()
		switch {
		case user == cfg.AccountSID && password == cfg.AuthToken, user == APIKey && password == APISecret:
		default:
			restError(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		if r.PathValue("account") != cfg.AccountSID {
			notFound(w, r)
			return
		}
		next(w, r)
	}
}

// known warns of parameters of a request that are not simulated.
func (a *restAPI) known(r *http.Request, what string, names ...string) {
	r.ParseForm()
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if !slices.Contains(names, name) {
			a.twilio.notSimulated("the parameter " + name + " of " + what + " by REST is not simulated")
		}
	}
}

// asked is known for the query of a list, which may have a page too.
func (a *restAPI) asked(r *http.Request, what string, names ...string) {
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(names, name) && name != "PageSize" && name != "Page" {
			a.twilio.notSimulated("the parameter " + name + " of " + what + " by REST is not simulated")
		}
	}
}

// find returns the call that a request is about, or answers 404.
func (a *restAPI) find(w http.ResponseWriter, r *http.Request) *Call {
	sid, _ := strings.CutSuffix(r.PathValue("call"), ".json")
	c := a.twilio.call(sid)
	if c != nil {
		a.twilio.mu.Lock()
		if a.twilio.deleted[sid] {
			c = nil
		}
		a.twilio.mu.Unlock()
	}
	if c == nil {
		notFound(w, r)
	}
	return c
}

func (a *restAPI) fetch(w http.ResponseWriter, r *http.Request) {
	if c := a.find(w, r); c != nil {
		restCall(w, http.StatusOK, c)
	}
}

// update hangs up, or replaces the document that runs.
func (a *restAPI) update(w http.ResponseWriter, r *http.Request) {
	c := a.find(w, r)
	if c == nil {
		return
	}
	a.known(r, "a call's update", "Status", "Twiml", "Url", "Method")
	status, xml, at := r.PostFormValue("Status"), r.PostFormValue("Twiml"), r.PostFormValue("Url")
	if c.ctx.Err() != nil {
		restOver(w)
		return
	}
	switch {
	case status == "completed" || status == "canceled" && slices.Contains([]string{"queued", "ringing"}, c.Status()):
		c.event(REST, "Status=%s", status)
		c.end(errEnded)
	case status != "":
		restError(w, http.StatusBadRequest, 21220, "Call cannot become "+status)
		return
	case xml != "" || at != "":
		d, code, problem := restDocument(xml, at, r.PostFormValue("Method"))
		if d == nil {
			restError(w, http.StatusBadRequest, code, problem)
			return
		}
		if !c.replace(d) {
			restOver(w)
			return
		}
		c.event(REST, "new document")
		c.checkGiven(d)
	}
	restCall(w, http.StatusOK, c)
}

// restDocument returns the document that Twiml or Url stands for; Url wins.
func restDocument(xml, at, method string) (d *document, code int, problem string) {
	if method == "" {
		method = http.MethodPost
	}
	switch {
	case at != "" && !isWeb(at):
		return nil, 21205, "Url is not a valid URL: " + at
	case at != "":
		return &document{url: at, method: method}, 0, ""
	case xml == "":
		return nil, 21205, "Neither Url nor Twiml is given"
	case utf8.RuneCountInString(xml) > maxTwiML:
		return nil, 32018, fmt.Sprintf("Twiml is longer than %d characters", maxTwiML)
	}
	r, err := twiml.Parse(strings.NewReader(xml))
	if err != nil {
		return nil, errorCode(err, 12100), err.Error()
	}
	return &document{response: r}, 0, ""
}

func restOver(w http.ResponseWriter) {
	restError(w, http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.")
}

func restError(w http.ResponseWriter, status, code int, message string) {
	restJSON(w, status, map[string]any{
		"code": code, "message": message, "status": status,
		"more_info": moreInfo(code),
	})
}

// moreInfo returns the page about an error.
func moreInfo(code int) string { return fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code) }

func restJSON(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
