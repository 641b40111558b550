package phone

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/voice/relay"
	"agentos.dev/dialtone/voice/voicetest"
)

const (
	// maxDetail is how much of a document or message the browser is told.
	maxDetail = 16 << 10
	// tellMedia is how often it is told how many media messages there were.
	tellMedia = 500 * time.Millisecond
)

// wire tells the browser what goes over the wire, and what that says of the conversation, in
// any language that the service is written in.
type wire struct {
	session *session

	mu       sync.Mutex
	run      mediaRun
	overhear overheard
	gather   bool // a Gather is being answered
}

// mediaRun is a row of media messages with no other but marks between them.
type mediaRun struct {
	id, in, out int
	open        bool
	first, told time.Time
}

func (w *wire) begin(s *session) { w.session, w.overhear.session = s, s }

// hears reports whether Twilio does the speech.
func (w *wire) hears() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.overhear.relayed
}

// gathers reports whether a Gather or a Record listens.
func (w *wire) gathers() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gather
}

// exchange shows a request on the page.
func (w *wire) exchange(e voicetest.Exchange) {
	entry := map[string]any{
		"type": "wire", "kind": string(e.Hop), "at": e.At.Seconds(), "ms": e.Took.Milliseconds(), "method": e.Method, "url": e.URL,
		"status": e.Status, "body": cut(string(e.Body)), "form": parameters(e), "bad": e.Status >= http.StatusBadRequest || e.Err != nil, "why": explain(e),
	}
	if e.Hop == voicetest.Webhook && e.Status == http.StatusOK && e.Err == nil {
		w.session.tell(map[string]any{"type": "state", "state": "in-progress"})
	}
	w.tell(entry)
}

// parameters returns what a request has told, in order.
func parameters(e voicetest.Exchange) [][2]string {
	all := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(e.Form)) {
		for _, value := range e.Form[name] {
			all = append(all, [2]string{name, cut(value)})
		}
	}
	return all
}

// explain says why a request may have been refused, and what to look at.
func explain(e voicetest.Exchange) string {
	var told string
	if e.Err != nil {
		told = e.Err.Error()
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "The service refused the request. Its signature is made with the auth token and over the public URL that this phone was started with: the service must have the same two. A policy of the service can be the reason, too: its log says which."
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "There is nothing at this path, or not by this method. Start the phone with the path of the service's webhook in -target."
	case http.StatusRequestEntityTooLarge:
		return "The service takes no body of this size."
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "The service has no place for another call, or is stopping."
	}
	if e.Status >= http.StatusInternalServerError {
		return "The service failed: its log says why."
	}
	return told
}

func cut(text string) string {
	if len(text) > maxDetail {
		return strings.ToValidUTF8(text[:maxDetail], "") + " …"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// message shows a message on the page; media messages are only counted.
func (w *wire) message(m voicetest.Passed) {
	var about struct{ Event, Type string }
	_ = json.Unmarshal(m.Data, &about) // a message that is not JSON has no name
	switch about.Event {
	case "media":
		w.media(m.FromHost)
		return
	case "mark":
		w.mark(m)
		return
	}
	name := about.Event
	if name == "" {
		name = about.Type
	}
	w.tell(map[string]any{"type": "wire", "kind": "message", "at": m.At.Seconds(), "in": m.FromHost, "name": name, "body": cut(string(m.Data)), "binary": m.Binary})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overhear.message(m)
}

// media counts a media message.
func (w *wire) media(fromHost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.openRun()
	if fromHost {
		w.run.in++
	} else {
		w.run.out++
	}
	if time.Since(w.run.told) >= tellMedia {
		w.tellRun()
	}
}

// openRun begins a run if there is none. The caller holds the lock.
func (w *wire) openRun() {
	if !w.run.open {
		w.run = mediaRun{id: w.run.id + 1, open: true, first: time.Now()}
	}
}

// mark shows a mark as part of the run of media messages, because one follows each word.
func (w *wire) mark(m voicetest.Passed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.openRun(); w.run.in+w.run.out == 0 {
		w.tellRun()
	}
	w.session.tell(map[string]any{"type": "mark", "id": w.run.id, "at": m.At.Seconds(), "in": m.FromHost, "body": cut(string(m.Data))})
}

// tellRun shows how many media messages there were so far. The caller holds the lock.
func (w *wire) tellRun() {
	w.run.told = time.Now()
	w.session.tell(map[string]any{"type": "media", "id": w.run.id, "at": w.run.first.Sub(w.session.begun).Seconds(), "received": w.run.in, "sent": w.run.out})
}

// tell shows anything other than media, after the media messages before it.
func (w *wire) tell(entry any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.run.open {
		w.tellRun()
		w.run.open = false
	}
	w.session.tell(entry)
}

// event shows a step of the fake.
func (w *wire) event(e voicetest.Event) {
	at := e.At.Seconds()
	switch e.Kind {
	case voicetest.Warned:
		w.tell(map[string]any{"type": "wire", "kind": "warning", "at": at, "name": e.Text, "bad": true})
	case voicetest.Verb:
		verb, said, _ := strings.Cut(e.Text, " ")
		w.mu.Lock()
		w.gather = verb == "Gather" || verb == "Record"
		w.mu.Unlock()
		if w.tell(map[string]any{"type": "wire", "kind": "verb", "at": at, "name": e.Text}); verb == "Say" {
			w.session.answer(w.session.number(), answer{Text: said, Heard: said, State: "said"})
		}
	case voicetest.Pressed:
		w.session.tell(map[string]any{"type": "keys", "at": at, "keys": e.Text})
	case voicetest.Dialled, voicetest.Queued, voicetest.Recorded, voicetest.REST:
		w.tell(map[string]any{"type": "wire", "kind": string(e.Kind), "at": at, "name": e.Text})
	case voicetest.Playing, voicetest.Silent, voicetest.Cleared:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.overhear.sound(e)
	}
}

// overheard is the conversation as far as the wire shows it. A service that is traced tells
// more, and then this tells nothing. The wire's lock guards it.
type overheard struct {
	session *session
	relayed bool // Twilio does the speech
	id      int  // of the answer that is heard; 0 = none
	began   time.Duration
	text    string // of that
	whole   bool   // it is complete
}

// sound follows what the caller hears over a Media Stream.
func (o *overheard) sound(e voicetest.Event) {
	switch {
	case o.relayed || o.session.phone.isTraced():
	case e.Kind == voicetest.Playing:
		o.id, o.began = o.session.number(), e.At
		o.session.answer(o.id, answer{State: "playing"})
	case o.id != 0:
		state := "heard"
		if e.Kind == voicetest.Cleared {
			state = "interrupted"
		}
		o.session.answer(o.id, answer{State: state, Seconds: (e.At - o.began).Seconds()})
		o.id = 0
	}
}

// message follows a session of ConversationRelay.
func (o *overheard) message(m voicetest.Passed) {
	if m.FromHost {
		parsed, err := relay.ParseMessage(m.Data)
		if text, ok := parsed.(relay.Text); ok && err == nil && o.relayed && !o.session.phone.isTraced() {
			if o.id == 0 || o.whole {
				o.id, o.text = o.session.number(), ""
			}
			o.text, o.whole = o.text+text.Token, text.Last
			o.session.answer(o.id, answer{Text: o.text, Heard: o.text, State: "said"})
		}
		return
	}
	e, err := relay.ParseEvent(m.Data)
	switch {
	case err != nil:
	case e.Type == relay.EventSetup:
		o.relayed = true
		o.session.tell(map[string]any{"type": "relay"})
	case !o.relayed || o.session.phone.isTraced():
	case e.Type == relay.EventPrompt:
		o.session.said(e.Speech.Text, e.Speech.Last)
	case e.Type == relay.EventInterrupt && o.id != 0:
		o.session.answer(o.id, answer{Text: o.text, Heard: e.Interruption.Heard, State: "interrupted"})
		o.id = 0
	}
}
