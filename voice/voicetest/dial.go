package voicetest

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/twiml"
)

// Why a leg that a Dial has placed ended.
var (
	errTaken       = errors.New("voicetest: another leg was picked up")
	errCallerLeft  = errors.New("voicetest: the caller has left the Dial")
	errStar        = errors.New("voicetest: the caller ended the leg with *")
	errTransferred = errors.New("voicetest: the leg has transferred the caller")
)

// How a leg goes unless an option says otherwise.
const (
	legRings = time.Second
	legTalks = 2 * time.Second
	// timeoutBuffer is how much longer than its timeout Twilio lets a call ring.
	timeoutBuffer = 5 * time.Second
)

// callee is somebody whom a Dial calls.
type callee struct {
	to          string
	url         string // asked for TwiML before the calls are joined; or ""
	method      string
	sendDigits  string
	status      string // statusCallback; or ""
	statusBy    string
	events      []twiml.CallEvent
	detection   twiml.MachineDetection
	detectionAt string
	detectionBy string
}

// calls adds what a noun says of its URLs, relative to base.
func (d *callee) calls(base string, c *Call, at string, method twiml.Method, status string, statusBy twiml.Method, events []twiml.CallEvent) callee {
	abs := func(ref string) string {
		if ref = twiml.Or(ref, ""); ref == "" {
			return ""
		}
		to, err := resolve(base, ref)
		if err != nil {
			c.warn(15004, "%v", err)
			return ""
		}
		return to
	}
	d.url, d.method, d.status, d.statusBy, d.events = abs(at), methodOf(method), abs(status), methodOf(statusBy), events
	d.detectionAt = abs(d.detectionAt)
	if len(d.events) == 0 {
		d.events = []twiml.CallEvent{twiml.CallCompleted}
	}
	return *d
}

// callees returns whom a Dial calls, as far as that is simulated.
func (c *Call) callees(v *twiml.Dial, base string) (all []callee) {
	if v.Number != "" {
		d := &callee{to: v.Number}
		all = append(all, d.calls(base, c, "", "", "", "", nil))
	}
	for _, noun := range v.Nouns {
		switch n := noun.(type) {
		case *twiml.Number:
			d := &callee{to: n.PhoneNumber, sendDigits: n.SendDigits, detection: n.MachineDetection, detectionAt: n.AMDStatusCallback, detectionBy: methodOf(n.AMDStatusCallbackMethod)}
			all = append(all, d.calls(base, c, n.URL, n.Method, n.StatusCallback, n.StatusCallbackMethod, n.StatusCallbackEvent))
		case *twiml.Client:
			name := n.Name
			if n.Identity != nil {
				name = n.Identity.Name
			}
			d := &callee{to: "client:" + name}
			all = append(all, d.calls(base, c, n.URL, n.Method, n.StatusCallback, n.StatusCallbackMethod, n.StatusCallbackEvent))
		case *twiml.Sip:
			d := &callee{to: n.URI, detection: n.MachineDetection, detectionAt: n.AMDStatusCallback, detectionBy: methodOf(n.AMDStatusCallbackMethod)}
			all = append(all, d.calls(base, c, n.URL, n.Method, n.StatusCallback, n.StatusCallbackMethod, n.StatusCallbackEvent))
		}
	}
	return all
}

// dialing is a Dial that runs.
type dialing struct {
	call  *Call
	verb  *twiml.Dial
	base  string
	taken sync.Once  // by the first leg that is picked up
	ready chan *Call // the leg that was, before its own document
	next  *document  // that the caller is transferred to
}

// runDial rings the callees, joins the first that answers with the caller until one of
// them hangs up, and asks the action.
func (c *Call) runDial(ctx context.Context, v *twiml.Dial, base string) (*document, bool, error) {
	form, next := c.dialled(ctx, v, base)
	if next != nil || form == nil || v.Action == "" {
		return next, c.ctx.Err() != nil, nil
	}
	next, err := c.after(ctx, base, v.Action, v.Method, form)
	return next, c.ctx.Err() != nil, err
}

// dialled rings whom a Dial calls and returns what its action is told, nil for nothing, or the
// document that the caller is transferred to.
func (c *Call) dialled(ctx context.Context, v *twiml.Dial, base string) (form url.Values, next *document) {
	for _, noun := range v.Nouns {
		if n, ok := noun.(*twiml.Conference); ok {
			if twiml.Or(v.Record, twiml.DoNotRecord) != twiml.DoNotRecord {
				c.notSimulated("record of <Dial> with a <Conference> is not simulated")
			}
			c.pickUp() // with answerOnBridge
			return c.dialConference(ctx, v, n, base), nil
		}
		if q, ok := noun.(*twiml.Queue); ok {
			if v.HangupOnStar.Or(false) || twiml.Or(v.Record, twiml.DoNotRecord) != twiml.DoNotRecord {
				c.notSimulated("record and hangupOnStar of <Dial> with a <Queue> are not simulated")
			}
			c.pickUp() // with answerOnBridge
			form := c.dialQueue(ctx, v, q, base)
			if ctx.Err() != nil && c.ctx.Err() == nil {
				return nil, nil
			}
			return form, nil
		}
	}
	d := &dialing{call: c, verb: v, base: base}
	all := c.callees(v, base)
	if len(all) == 0 && len(v.Nouns) > 0 {
		return nil, nil // it has been warned of
	}
	var leg, joined *Call
	if v.Sequential.Or(false) {
		for _, to := range all {
			if leg, joined = d.try(ctx, to); joined != nil || ctx.Err() != nil {
				break
			}
		}
	} else {
		leg, joined = d.try(ctx, all...)
	}
	if joined != nil {
		c.change(func() { c.talker = nil })
	}
	if d.next != nil || ctx.Err() != nil && c.ctx.Err() == nil { // transferred, or replaced by REST
		return nil, d.next
	}
	form = url.Values{"DialCallStatus": {"failed"}, "DialBridged": {"false"}}
	if leg != nil {
		outcome := leg.Status()
		if outcome == "in-progress" { // it has left
			outcome = "completed"
		}
		form.Set("DialCallStatus", outcome)
		form.Set("DialCallSid", leg.SID)
		if outcome == "completed" {
			form.Set("DialCallDuration", strconv.Itoa(int(leg.Duration()/time.Second)))
		}
		leg.mu.Lock()
		form.Set("DialBridged", strconv.FormatBool(leg.bridged))
		recorded := leg.dialRecorded
		leg.mu.Unlock()
		if recorded != nil {
			form.Set("RecordingUrl", recorded.url())
			form.Set("RecordingSid", recorded.sid)
			form.Set("RecordingDuration", recorded.lasted())
		}
	}
	return form, nil
}

// try rings all of some callees at once and returns the leg that says how that ended, and
// the leg that was joined with the caller, if one was.
func (d *dialing) try(ctx context.Context, all ...callee) (last, joined *Call) {
	d.ready = make(chan *Call, 1)
	d.taken = sync.Once{}
	var legs []*Call
	over := make(chan struct{})
	for _, to := range all {
		legs = append(legs, d.place(to))
	}
	go func() {
		defer close(over)
		for _, leg := range legs {
			leg.gone()
		}
	}()
	select {
	case <-over:
	case joined = <-d.ready:
		for _, leg := range legs {
			if leg != joined {
				leg.end(errTaken)
			}
		}
	case <-ctx.Done():
	}
	if joined != nil {
		d.join(ctx, joined)
		joined.gone()
	}
	for _, leg := range legs {
		if leg != joined {
			leg.end(errCallerLeft)
		}
	}
	<-over
	if joined != nil {
		return joined, joined
	}
	for _, leg := range legs {
		if last = leg; leg.Status() == "no-answer" {
			break
		}
	}
	return last, nil
}

// place begins a leg, which rings.
func (d *dialing) place(to callee) *Call {
	c := d.call
	from := c.From
	if id := twiml.Or(d.verb.CallerID, ""); id != "" {
		from = id
	}
	options := []Option{Rings(legRings), Talks(legTalks)}
	if c.plan.dialStatus != "completed" {
		options = append(options, Unanswered(c.plan.dialStatus))
	}
	options = append(options, c.plan.legs[""]...)
	options = append(options, c.plan.legs[to.to]...)
	options = append(options, func(p *plan) {
		p.timeout = twiml.Or(d.verb.Timeout, 30*time.Second) + timeoutBuffer
		p.statusURL, p.statusMethod, p.statusEvents = to.status, to.statusBy, nil
		for _, e := range to.events {
			if to.status != "" {
				p.statusEvents = append(p.statusEvents, string(e))
			}
		}
		if p.detectionURL = ""; to.detection != "" {
			p.detectionURL, p.detectionMethod = to.detectionAt, to.detectionBy
		}
		p.detectsLater()
	})
	leg := c.tw.newCall(from, to.to, "outbound-dial", options)
	leg.parent, leg.other, leg.refers = c.SID, c, make(chan string, 1)
	c.change(func() { c.legs = append(c.legs, leg) })
	c.event(Dialled, "%s %s", leg.SID, to.to)
	leg.begin(func() (string, error) { return d.serve(leg, to) })
	return leg
}

// serve is the life of a leg.
func (d *dialing) serve(leg *Call, to callee) (status string, err error) {
	if status = leg.ring(); status != "" {
		return status, nil
	}
	mine := false
	d.taken.Do(func() { mine = true })
	if !mine {
		return "canceled", nil
	}
	leg.pickUp()
	d.ready <- leg
	if to.sendDigits != "" {
		leg.press(leg.ctx, to.sendDigits)
	}
	if to.url != "" {
		status, err = leg.follow(&document{url: to.url, method: to.method})
		if leg.hungUp || err != nil || leg.ctx.Err() != nil || status != "completed" {
			return "completed", err
		}
	}
	ctx, abort := context.WithCancelCause(leg.ctx)
	defer abort(nil)
	leg.change(func() {
		leg.joinable, leg.finished, leg.abort = true, false, abort
		if leg.next != nil {
			abort(errReplaced)
		}
	})
	<-ctx.Done() // join ends it, or the callee does, or the host by REST
	if leg.ctx.Err() != nil {
		return "completed", nil
	}
	close(leg.left)
	return leg.follow(nil) // what REST has set
}

// join joins a leg with the caller until one of them hangs up.
func (d *dialing) join(ctx context.Context, leg *Call) {
	c, v := d.call, d.verb
	if !leg.waitJoinable(ctx) {
		leg.end(errCallerLeft)
		return
	}
	c.pickUp() // with answerOnBridge
	leg.change(func() { leg.bridged, leg.talker = true, c })
	c.change(func() { c.talker, c.star = leg, v.HangupOnStar.Or(false) })
	c.event(Dialled, "joined with %s", leg.To)
	var r *recording
	if how := twiml.Or(v.Record, twiml.DoNotRecord); how != twiml.DoNotRecord && how != "false" {
		r = c.record(&recording{
			source: "DialVerb", track: twiml.Or(v.RecordingTrack, twiml.RecordBoth), channels: channelsOf(strings.TrimPrefix(string(how), string(twiml.RecordFromAnswer)+"-")),
			trim:     twiml.Or(v.Trim, twiml.DoNotTrim) == twiml.TrimSilence,
			callback: c.recordingCallback(d.base, v.RecordingStatusCallback, v.RecordingStatusCallbackMethod, v.RecordingStatusCallbackEvent),
		})
		leg.change(func() { leg.dialRecorded = r })
	}
	limit := time.NewTimer(c.tw.clock(twiml.Or(v.TimeLimit, 4*time.Hour)))
	defer limit.Stop()
	talk := time.NewTimer(c.tw.clock(leg.plan.talks))
	defer talk.Stop()
	for {
		select {
		case target := <-leg.refers:
			if d.next = d.transferred(target); d.next == nil {
				continue
			}
			leg.end(errTransferred)
		case <-leg.ctx.Done():
		case <-leg.left:
		case <-ctx.Done():
			leg.end(errCallerLeft)
		case <-limit.C:
			leg.end(errTimeLimit)
		case <-talk.C:
			leg.end(errHungUp)
		}
		break
	}
	leg.change(func() { leg.talker = nil })
	c.change(func() { c.talker, c.star = nil, false })
	if r != nil {
		r.done(false)
	}
}

// waitJoinable waits until a leg has come through its own document, and reports whether it
// has.
func (c *Call) waitJoinable(ctx context.Context) bool {
	for {
		c.mu.Lock()
		ready, changed := c.joinable, c.changed
		c.mu.Unlock()
		if ready {
			return true
		}
		select {
		case <-changed:
		case <-c.ctx.Done():
			return false
		case <-c.done:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// gone waits until a leg is over, or has left its Dial for a document of its own.
func (c *Call) gone() {
	select {
	case <-c.done:
	case <-c.left:
	}
}

// Legs returns the calls that the host has placed from this one with <Dial>, in the order in
// which they began to ring.
func (c *Call) Legs() []*Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Call(nil), c.legs...)
}

// Joined waits until the call is joined with a leg that the host has dialled, and returns
// the leg: both sides can speak, hear and hang up. It fails when the call ends before.
func (c *Call) Joined() (*Call, error) {
	c.helper()
	var leg *Call
	err := c.await(func() bool { leg = c.talker; return leg != nil })
	if err != nil {
		return nil, c.tw.fail(errors.Join(errors.New("voicetest: nobody was joined with the caller"), err))
	}
	return leg, nil
}
