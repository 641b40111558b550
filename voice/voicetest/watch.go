package voicetest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A Watcher is told what happens in one call, and what goes over its wire. Any of its
// functions may be nil. They run on the goroutines of the call, several at a time, and must
// not block.
type Watcher struct {
	// Begun runs before the call's first request.
	Begun func(*Call)
	// Event runs for everything that happens, as [Config].Trace does for all calls.
	Event func(Event)
	// Exchange runs when a webhook or a callback has been answered or has failed, each
	// attempt and each redirect by itself, and when a handshake has.
	Exchange func(Exchange)
	// Message runs for every message of the call's streams and sessions, media too.
	Message func(Passed)
}

// Exchange is a request of the fake and the host's answer.
type Exchange struct {
	At     time.Duration // since the call was placed, when it was sent
	Took   time.Duration
	Hop    Hop
	Method string
	URL    string
	Form   url.Values  // parameters of a webhook or callback, not to be changed
	Status int         // of the answer; 0 if there was none
	Header http.Header // of the answer, not to be changed; nil of a handshake
	Body   []byte      // of the answer, at most 64 KiB
	Err    error       // why there was no answer
}

// Passed is a WebSocket message that has gone over the wire.
type Passed struct {
	At       time.Duration // since the call was placed
	SID      string        // of the stream or session
	FromHost bool
	Message
}

// Watch reports what happens in the call to w.
func Watch(w Watcher) Option {
	return func(p *plan) { p.watchers = append(p.watchers, w) }
}

// exchanged tells the watchers of a request that was sent at the given time.
func (c *Call) exchanged(sent time.Time, e Exchange) {
	e.At, e.Took = sent.Sub(c.begun), time.Since(sent)
	for _, w := range c.plan.watchers {
		if w.Exchange != nil {
			w.Exchange(e)
		}
	}
}

// passed tells the watchers of a message.
func (c *Call) passed(sid string, fromHost bool, m Message) {
	for _, w := range c.plan.watchers {
		if w.Message != nil {
			w.Message(Passed{At: time.Since(c.begun), SID: sid, FromHost: fromHost, Message: Message{Data: slices.Clip(m.Data), Binary: m.Binary}})
		}
	}
}

// A Handset is the telephone of a caller who is there, as a person or a program that reacts
// to what it hears. Its functions run every 20 ms of the call, must not block, and may be nil.
type Handset struct {
	// Speak fills frame, 160 bytes of 8 kHz mu-law that are silent before, with what is said
	// into the telephone, and reports whether somebody speaks. Where [Call.Speak] plays a
	// recording at the same time, that is heard instead.
	Speak func(frame []byte) (speaks bool)
	// Hear is given the 160 bytes that were said, by handset or recording, and those that the
	// caller hears meanwhile. It must keep neither.
	Hear func(said, heard []byte)
}

// Held gives the caller a handset, to speak and hear by.
func Held(h Handset) Option { return func(p *plan) { p.handset = h } }
