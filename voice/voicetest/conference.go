package voicetest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

// maxParticipants is how many a conference holds unless maxParticipants says otherwise.
const maxParticipants = 250

// conference is a room in which calls hear each other. It is guarded by the fake's lock.
type conference struct {
	twilio   *Twilio
	sid      string
	name     string
	began    bool
	told     bool // that it has, with two inside
	created  time.Time
	ended    string       // why it has: a reason of the REST API; or ""
	endedBy  string       // CallSid of the participant whose leaving ended it; or ""
	first    *participant // whose noun says whom to tell
	inside   []*participant
	sequence int
	changed  chan struct{} // closed and replaced when somebody comes or goes, or it begins
}

// participant is a call in a conference.
type participant struct {
	call  *Call
	room  *conference
	noun  *twiml.Conference
	muted bool
	coach string    // CallSid of the only call that hears it; or ""
	hold  *document // what it hears while it is on hold, and nobody hears it; nil: it is not
	ends  bool      // the conference, when it leaves
	over  bool      // the conference has ended for it
	base  string
}

// tell is what a statusCallback is to be told.
type tell struct {
	event twiml.ConferenceEvent
	name  string // as it is written there
	about *participant
	extra url.Values
}

// newConference makes one of a name, with the fake's lock held.
func (t *Twilio) newConference(name string) *conference {
	room := &conference{twilio: t, sid: newSID("CF"), name: name, created: time.Now(), changed: make(chan struct{})}
	t.conferences[name] = room
	return room
}

// participant returns the call as its noun has it take part in a conference.
func (c *Call) participant(room *conference, n *twiml.Conference, base string) *participant {
	return &participant{call: c, room: room, noun: n, muted: n.Muted.Or(false), coach: twiml.Or(n.Coach, ""), ends: n.EndConferenceOnExit.Or(false), base: base}
}

// enterConference lets a call into the conference of a name, and returns nil if it is full.
func (c *Call) enterConference(n *twiml.Conference, base string) (*participant, []tell) {
	t := c.tw
	t.mu.Lock()
	defer t.mu.Unlock()
	room := t.conferences[n.Name]
	if room == nil {
		room = t.newConference(n.Name)
	}
	p := c.participant(room, n, base)
	if room.first == nil {
		room.first = p
	}
	if len(room.inside) >= twiml.Or(n.MaxParticipants, maxParticipants) {
		return nil, nil
	}
	room.inside = append(slices.Clip(room.inside), p)
	told := []tell{{twiml.ConferenceJoin, "participant-join", p, nil}}
	if !room.began && n.StartConferenceOnEnter.Or(true) {
		room.began = true
	}
	if room.began && !room.told && len(room.inside) > 1 {
		room.told = true
		told = append(told, tell{twiml.ConferenceStart, "conference-start", nil, nil})
	}
	room.change()
	return p, told
}

// change wakes who waits for the conference, with the fake's lock held.
func (room *conference) change() {
	close(room.changed)
	room.changed = make(chan struct{})
}

// end ends the conference for all that are inside, once: the next call begins another of
// its name. The caller holds the fake's lock.
func (room *conference) end(why, by string) {
	if room.ended != "" {
		return
	}
	room.ended, room.endedBy = why, by
	for _, p := range room.inside {
		p.over = true
	}
	delete(room.twilio.conferences, room.name)
	room.twilio.over = append(room.twilio.over, room)
	room.change()
}

// leave takes a participant out, and ends the conference when it says so or nobody is left.
func (p *participant) leave() []tell {
	room := p.room
	room.twilio.mu.Lock()
	defer room.twilio.mu.Unlock()
	room.inside = slices.DeleteFunc(slices.Clone(room.inside), func(o *participant) bool { return o == p })
	told := []tell{{twiml.ConferenceLeave, "participant-leave", p, url.Values{"ReasonParticipantLeft": {"participant_hung_up"}}}}
	if p.ends {
		room.end("participant-with-end-conference-on-exit-left", p.call.SID)
	}
	if len(room.inside) == 0 {
		room.end("last-participant-left", p.call.SID)
		told = append(told, tell{twiml.ConferenceEnd, "conference-end", nil, nil})
	}
	room.change()
	return told
}

// report tells the statusCallback of the noun that began the conference.
func (room *conference) report(told []tell) {
	n := room.first.noun
	at := twiml.Or(n.StatusCallback, "")
	if at == "" {
		return
	}
	events := n.StatusCallbackEvent
	if len(events) == 0 {
		events = []twiml.ConferenceEvent{twiml.ConferenceStart, twiml.ConferenceEnd}
	}
	by := room.first.call
	to, err := resolve(room.first.base, at)
	if err != nil {
		by.warn(15004, "%v", err)
		return
	}
	for _, m := range told {
		if !slices.Contains(events, m.event) {
			continue
		}
		room.twilio.mu.Lock()
		room.sequence++
		form := url.Values{"AccountSid": {room.twilio.cfg.AccountSID}, "ConferenceSid": {room.sid}, "FriendlyName": {room.name},
			"StatusCallbackEvent": {m.name}, "SequenceNumber": {strconv.Itoa(room.sequence)}, "Timestamp": {time.Now().UTC().Format(rfc2822)}}
		if p := m.about; p != nil {
			form.Set("CallSid", p.call.SID)
			form.Set("Muted", strconv.FormatBool(p.muted))
			form.Set("Hold", strconv.FormatBool(p.hold != nil))
			form.Set("Coaching", strconv.FormatBool(p.coach != ""))
			form.Set("StartConferenceOnEnter", strconv.FormatBool(p.noun.StartConferenceOnEnter.Or(true)))
			form.Set("EndConferenceOnExit", strconv.FormatBool(p.ends))
			if l := twiml.Or(p.noun.ParticipantLabel, ""); l != "" {
				form.Set("ParticipantLabel", l)
			}
		}
		room.twilio.mu.Unlock()
		for name, values := range m.extra {
			form[name] = values
		}
		by.callback(methodOf(n.StatusCallbackMethod), to, form)
	}
}

// dialConference is in a conference until it ends or the caller leaves, and returns what the
// action of the Dial is told, nil for nothing.
func (c *Call) dialConference(ctx context.Context, v *twiml.Dial, n *twiml.Conference, base string) url.Values {
	p, told := c.enterConference(n, base)
	if p == nil {
		c.warn(16020, "conference %q is full", n.Name)
		return url.Values{"DialCallStatus": {"failed"}, "DialBridged": {"false"}}
	}
	c.event(Dialled, "conference %s", p.room.sid)
	p.room.report(told)
	c.change(func() { c.inside, c.star = p, v.HangupOnStar.Or(false) })
	limit := time.NewTimer(c.tw.clock(twiml.Or(v.TimeLimit, 4*time.Hour)))
	defer limit.Stop()
	p.stay(ctx, limit.C)
	c.change(func() { c.inside, c.star = nil, false })
	p.room.report(p.leave())
	if ctx.Err() != nil && c.ctx.Err() == nil { // replaced by REST
		return nil
	}
	return url.Values{"DialCallStatus": {"answered"}, "DialBridged": {"true"}}
}

// stay waits until the conference is over for a participant. Until the conference begins
// he hears the documents of the waitUrl, or music, and on hold those of the holdUrl.
func (p *participant) stay(ctx context.Context, limit <-chan time.Time) {
	stop := func() {}
	defer func() { stop() }()
	waiting := p.waits()
	for playing := (*document)(nil); ; {
		p.room.twilio.mu.Lock()
		over, wants, changed := p.over, p.hold, p.room.changed
		if wants == nil && (!p.room.began || len(p.room.inside) < 2) {
			wants = waiting
		}
		p.room.twilio.mu.Unlock()
		if over {
			return
		}
		if wants != playing {
			stop()
			playing, stop = wants, p.plays(ctx, wants)
		}
		select {
		case <-changed:
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}

// plays runs a document of a waitUrl or a holdUrl, again and again, until it is stopped.
func (p *participant) plays(ctx context.Context, d *document) (stop func()) {
	if d == nil || d.url == "" { // music, or silence
		return func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for next := d; ctx.Err() == nil; {
			response, base, err := p.call.load(ctx, next)
			if err != nil {
				return
			}
			if next = p.call.recites(ctx, response, base); next == nil {
				next = d
			}
			p.call.sleep(ctx, time.Second)
		}
	}()
	return func() {
		end(errFinished)
		<-over
	}
}

// waits returns the document of the waitUrl, nil for music or silence.
func (p *participant) waits() *document {
	at := strings.TrimSpace(twiml.Or(p.noun.WaitURL, ""))
	if at == "" {
		return nil // Twilio's own music, or silence
	}
	d, _ := p.call.goTo(p.base, at, p.noun.WaitMethod, nil) // what is wrong with it is a warning
	return d
}

// recites runs a document that may only be heard, and returns the one that it leads to.
func (c *Call) recites(ctx context.Context, response *twiml.Response, base string) (next *document) {
	for _, verb := range response.Verbs {
		switch v := verb.(type) {
		case twiml.Audible:
			c.recite(ctx, []twiml.Audible{v}, base)
		case *twiml.Redirect:
			next, _ = c.goTo(base, v.URL, v.Method, nil) // what is wrong with it is a warning
			return next
		default:
			c.warn(13238, "%T in a waitUrl, holdUrl or announceUrl", verb)
		}
	}
	return nil
}

// hearers returns who hears a participant, nobody if he is muted or alone.
func (p *participant) hearers() (calls []*Call) {
	p.room.twilio.mu.Lock()
	defer p.room.twilio.mu.Unlock()
	if p.muted || p.hold != nil || !p.room.began {
		return nil
	}
	for _, o := range p.room.inside {
		if o != p && o.hold == nil && (p.coach == "" || p.coach == o.call.SID) {
			calls = append(calls, o.call)
		}
	}
	return calls
}

// remove ends the conference for a participant.
func (p *participant) remove() {
	p.room.twilio.mu.Lock()
	defer p.room.twilio.mu.Unlock()
	p.over = true
	p.room.change()
}
