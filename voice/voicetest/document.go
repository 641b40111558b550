package voicetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/twiml"
)

// maxDocuments ends calls whose documents lead back to themselves.
const maxDocuments = 300

// document is TwiML to be fetched from a URL, or given by REST.
type document struct {
	url, method string // url is empty when the document came by REST
	form        url.Values
	response    *twiml.Response
	fallback    bool
}

// start runs the call from its first document to its last callback.
func (c *Call) start(first *document) {
	c.begin(func() (string, error) {
		if status := c.ring(); status != "" {
			return status, nil
		}
		c.sleep(c.ctx, c.plan.detects)
		return c.follow(first)
	})
}

// begin runs a call as serve has it, which returns its last status.
func (c *Call) begin(serve func() (status string, err error)) {
	go func() {
		defer close(c.done)
		c.report("initiated", "initiated")
		c.change(func() { c.status = "ringing" })
		c.report("ringing", "ringing")
		var clock sync.WaitGroup
		clock.Go(c.keepTime)
		status, err := serve()
		c.end(errFinished)
		clock.Wait()
		for _, s := range c.openStreams() {
			s.stop()
		}
		for _, s := range c.transcribing() {
			s.stop()
		}
		c.mu.Lock()
		recordings := c.recordings
		c.mu.Unlock()
		for _, r := range recordings {
			r.done(false)
		}
		c.background.Wait()
		if err == nil {
			err = c.tw.beyond(c.Warnings())
		}
		c.change(func() {
			c.status, c.err, c.ended = status, err, time.Now()
		})
		c.event(Ended, "%s after %v", status, c.Duration().Round(time.Millisecond))
		c.report("completed", status)
	}()
}

// ring lets an outbound call ring and picks it up. It returns the status that it ends with
// if it is not picked up.
func (c *Call) ring() (status string) {
	if c.direction == "inbound" {
		return ""
	}
	rings, status := c.plan.rings, c.plan.unanswered
	if limit := c.plan.timeout; limit > 0 && rings > limit {
		rings, status = limit, "no-answer"
	}
	if rings > 0 && c.sleep(c.ctx, rings) != nil {
		if context.Cause(c.ctx) == errHungUp {
			return "no-answer"
		}
		return "canceled" // by the host, or by the caller
	}
	if status == "" {
		c.pickUp()
	}
	return status
}

// pickUp has the call answered, unless it is.
func (c *Call) pickUp() {
	picksUp := false
	c.change(func() {
		if picksUp = c.status != "in-progress"; picksUp {
			c.status, c.pickedUp = "in-progress", time.Now()
		}
	})
	if picksUp {
		if r := c.plan.record; r != nil {
			c.record(r)
		}
		c.report("answered", "in-progress")
		if by := c.plan.detected; by != "" {
			c.background.Go(func() {
				c.sleep(c.ctx, detection) // or until the call is over
				c.Detected(by)
			})
		}
		c.press(c.ctx, c.plan.sendDigits)
	}
}

func (c *Call) openStreams() []*stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams
}

// follow runs one document after the other until the call ends, and returns
// its last status.
func (c *Call) follow(d *document) (status string, err error) {
	for range maxDocuments {
		ctx, abort := context.WithCancelCause(c.ctx)
		c.change(func() {
			if c.abort = abort; c.next != nil { // replaced before it ran
				d, c.next = c.next, nil
			}
		})
		next, status, err := c.run(ctx, d)
		abort(errFinished)
		c.change(func() {
			if c.next != nil { // replaced while it ran
				next, status, err, c.next = c.next, "", nil, nil
			}
			c.abort = nil
			c.finished = next == nil
		})
		switch {
		case c.ctx.Err() != nil && c.Status() == "ringing" && context.Cause(c.ctx) == errEnded:
			return "canceled", nil
		case c.ctx.Err() != nil && c.Status() == "ringing":
			return "no-answer", nil
		case c.ctx.Err() != nil && errors.Is(err, context.Cause(c.ctx)): // while a document was fetched
			return "completed", nil
		case c.ctx.Err() != nil || next == nil && status == "":
			return "completed", err
		case next == nil:
			return status, err
		}
		d = next
	}
	return "completed", c.warn(11200, "more than %d documents in one call", maxDocuments)
}

// replace makes d run instead of what runs, unless the call is over.
func (c *Call) replace(d *document) (ok bool) {
	c.change(func() {
		if ok = !c.finished && c.ctx.Err() == nil; !ok {
			return
		}
		c.next = d
		if c.abort != nil {
			c.abort(errReplaced)
		}
	})
	return ok
}

// run fetches and runs one document. It returns the next document, if
// there is one, or the status the call ends with when that is not completed.
func (c *Call) run(ctx context.Context, d *document) (next *document, status string, err error) {
	response, base, err := c.load(ctx, d)
	var w Warning
	if errors.As(err, &w) && !d.fallback && c.plan.fallbackURL != "" && ctx.Err() == nil {
		return &document{url: c.plan.fallbackURL, method: c.plan.fallbackMethod, fallback: true,
			form: url.Values{"ErrorCode": {strconv.Itoa(w.Code)}, "ErrorUrl": {d.url}}}, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	c.gotDocument(response)
	next, err = c.execute(ctx, response, base)
	if next == nil && err == nil && ctx.Err() == nil {
		if c.rejected != "" {
			return nil, c.rejected, nil
		}
		c.pickUp() // by a document without verbs
	}
	return next, "", err
}

// answers reports whether a verb has a call that rings answered.
func answers(verb twiml.Verb) bool {
	switch v := verb.(type) {
	case twiml.Comment, twiml.Text, twiml.ProcInst, *twiml.Pause, *twiml.Reject:
		return false
	case *twiml.Dial:
		return !v.AnswerOnBridge.Or(false)
	}
	return true
}

// gotDocument notes the document that runs from now on, and picks up if it begins with a
// verb that does.
func (c *Call) gotDocument(r *twiml.Response) {
	for _, verb := range r.Verbs {
		if answers(verb) {
			c.pickUp()
		}
		if _, comment := verb.(twiml.Comment); !comment {
			break
		}
	}
	c.change(func() {
		c.document = r
		select {
		case <-c.answered:
		default:
			close(c.answered)
		}
	})
}

// load returns the TwiML of d and the URL that relative URLs in it refer to.
func (c *Call) load(ctx context.Context, d *document) (*twiml.Response, string, error) {
	if d.response != nil {
		return d.response, "", nil
	}
	form := c.params(c.Status())
	maps.Copy(form, d.form)
	a, err := c.send(ctx, Webhook, d.method, d.url, form)
	if err != nil {
		return nil, "", err
	}
	if a.status < 200 || a.status > 299 {
		return nil, "", c.warn(11200, "%s was answered %d %.200q", d.url, a.status, a.body)
	}
	if len(bytes.TrimSpace(a.body)) == 0 {
		return nil, "", c.warn(11770, "%s was answered with an empty body", d.url)
	}
	kind := mediaType(a.contentType)
	switch {
	case kind == "text/xml", kind == "application/xml", kind == "text/html":
	case kind == "text/plain":
		if r, err := twiml.Parse(bytes.NewReader(a.body)); err == nil {
			return r, a.url, nil
		}
		c.warn(12300, "%s was answered with text/plain that is not TwiML: it is read to the caller", d.url)
		return &twiml.Response{Verbs: []twiml.Verb{&twiml.Say{Text: string(a.body)}}}, a.url, nil
	case strings.HasPrefix(kind, "audio/"):
		if err := c.hear(ctx, a.body, 1); err != nil {
			return nil, "", err
		}
		return &twiml.Response{}, a.url, nil
	default:
		return nil, "", c.warn(12300, "%s was answered with Content-Type %q", d.url, a.contentType)
	}
	r, err := twiml.Parse(bytes.NewReader(a.body))
	if err != nil {
		return nil, "", c.warn(errorCode(err, 12100), "%s: %v", d.url, err)
	}
	c.check(r, d.url)
	return r, a.url, nil
}

// check warns of what does not belong into a document, or is not known to be one of
// Twilio's. Twilio runs it all the same. Findings that have no error code at Twilio
// are events only.
func (c *Call) check(r *twiml.Response, from string) {
	err := r.Validate()
	found := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		found = joined.Unwrap()
	}
	for _, w := range r.Warnings() {
		found = append(found, w)
	}
	for _, err := range found {
		switch n := errorCode(err, 0); {
		case err == nil:
		case n >= 31900 && n < 32000: // told when the stream is opened
		case n == 0:
			c.event(Warned, "%s: %v", from, err)
		default:
			c.warn(n, "%s: %v", from, err)
		}
	}
}

// checkGiven is check for a document that came by REST.
func (c *Call) checkGiven(d *document) {
	if d.response != nil {
		c.check(d.response, "Twiml by REST")
	}
}

// errorCode returns Twilio's code for an error in a document.
func errorCode(err error, fallback int) int {
	if e := (*twiml.Error)(nil); errors.As(err, &e) && e.Code != 0 {
		return e.Code
	}
	if e := (*twiml.SyntaxError)(nil); errors.As(err, &e) && e.Code != 0 {
		return e.Code
	}
	return fallback
}
