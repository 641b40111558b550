package voicetest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/twilio/twilio-go/client"
)

const (
	alice = "+14155550100"
	us    = "+14155550199"

	echoURL   = "wss://calls.example.com/echo/token"
	echoTwiML = `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="` + echoURL + `"><Parameter name="tenant" value="acme"/></Stream></Connect></Response>`
)

// host is a host as somebody would write one without package voice: it checks
// signatures with Twilio's own library and plays back what it hears.
type host struct {
	t     testing.TB
	twiml func(path string, form url.Values) string // empty: an empty 204

	mu       sync.Mutex
	requests []request
	streams  []string // what came over all streams: events and errors
	starts   []*mediastream.Stream
	forbid   int
}

type request struct {
	path   string
	form   url.Values
	header http.Header
	host   string
}

func answer(twiml string) func(string, url.Values) string {
	return func(path string, _ url.Values) string {
		if strings.HasSuffix(path, "/status") {
			return ""
		}
		return twiml
	}
}

func newHost(t testing.TB, twiml func(path string, form url.Values) string) *host {
	return &host{t: t, twiml: twiml}
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	validator := client.NewRequestValidator(voicetest.AuthToken)
	signature := r.Header.Get("X-Twilio-Signature")
	if strings.HasPrefix(r.URL.Path, "/echo") {
		if !validator.Validate("wss://"+r.Host+r.RequestURI, nil, signature) {
			h.refuse(w)
			return
		}
		h.echo(w, r)
		return
	}
	r.ParseForm()
	params := map[string]string{}
	for k, v := range r.PostForm {
		params[k] = v[0]
	}
	if !validator.Validate("https://"+r.Host+r.RequestURI, params, signature) {
		h.refuse(w)
		return
	}
	h.mu.Lock()
	h.requests = append(h.requests, request{r.URL.Path, r.Form, r.Header, r.Host})
	h.mu.Unlock()
	body := h.twiml(r.URL.Path, r.Form)
	if body == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, body)
}

func (h *host) refuse(w http.ResponseWriter) {
	h.mu.Lock()
	h.forbid++
	h.mu.Unlock()
	w.WriteHeader(http.StatusForbidden)
}

// echo says back what it hears, with a mark after each second.
func (h *host) echo(w http.ResponseWriter, r *http.Request) {
	conn, err := mediastream.Accept(w, r, &mediastream.Options{MaxRate: 1 << 20, Queue: 16 << 20, OnError: func(err *mediastream.Error) { h.log(string(err.Type)) }})
	if err != nil {
		return
	}
	defer conn.Close(1000, "")
	n := 0
	for e, err := range conn.Events(context.WithoutCancel(r.Context())) {
		if err != nil {
			h.log("end: " + err.Error())
			return
		}
		switch e.Type {
		case mediastream.EventStart:
			h.mu.Lock()
			h.starts = append(h.starts, e.Start)
			h.mu.Unlock()
		case mediastream.EventMedia:
			audio, err := base64.StdEncoding.DecodeString(string(e.Media.Payload))
			if err != nil {
				h.log("bad payload")
				continue
			}
			conn.SendMedia(audio)
			if n++; n%50 == 0 {
				conn.SendMark(fmt.Sprint("second ", n/50))
			}
			if n%1000 == 0 {
				h.log(fmt.Sprint("frames ", n))
			}
		case mediastream.EventMark:
			h.log("mark " + e.Mark)
		case mediastream.EventDTMF:
			h.log("dtmf " + e.Digit)
		case mediastream.EventStop:
			h.log("stop")
		}
	}
}

func (h *host) log(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams = append(h.streams, what)
}

// logged returns what came over the streams.
func (h *host) logged() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.streams...)
}

// to returns the requests to a path that ends like that.
func (h *host) to(suffix string) []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []request
	for _, r := range h.requests {
		if strings.HasSuffix(r.path, suffix) {
			found = append(found, r)
		}
	}
	return found
}

// fast is a fake that runs ten times faster than calls do.
func fast(t testing.TB, h http.Handler) *voicetest.Twilio {
	return voicetest.New(t, h, voicetest.Config{Pace: 10})
}
