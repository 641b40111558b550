package voicetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/twiml"

	"github.com/coder/websocket"
)

// maxDocuments ends calls whose documents lead back to themselves.
const maxDocuments = 1000

// document is TwiML to be fetched from a URL, or given by REST.
type document struct {
	url, method string // url is empty when the document came by REST
	form        url.Values
	response    *twiml.Response
	fallback    bool
}

// start runs the call from its first document to its last callback.
func (c *Call) start(first *document) {
	go func() {
		defer close(c.done)
		c.report("initiated", "initiated")
		c.report("ringing", "ringing")
		var clock sync.WaitGroup
		clock.Go(c.keepTime)
		status, err := c.follow(first)
		c.end(errFinished)
		clock.Wait()
		for _, s := range c.openStreams() {
			s.stop()
		}
		c.background.Wait()
		c.change(func() {
			c.status, c.err, c.ended = status, err, time.Now()
		})
		c.event(Ended, "%s after %v", status, c.Duration().Round(time.Millisecond))
		c.report("completed", status)
	}()
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
		c.change(func() { c.abort = abort })
		next, status, err := c.run(ctx, d)
		if context.Cause(ctx) == errReplaced {
			c.change(func() { next, c.next = c.next, nil })
			status, err = "", nil
		}
		abort(errFinished)
		switch {
		case c.ctx.Err() != nil && c.Status() == "ringing":
			return "no-answer", nil
		case c.ctx.Err() != nil:
			return "completed", nil
		case next != nil:
			d = next
		case status != "":
			return status, err
		default:
			return "completed", err
		}
	}
	return "completed", c.warn(11200, "more than %d documents in one call", maxDocuments)
}

// run fetches and runs one document. It returns the next document, if
// there is one, or the status the call ends with when that is not completed.
func (c *Call) run(ctx context.Context, d *document) (next *document, status string, err error) {
	response, base, err := c.load(ctx, d)
	var w Warning
	if errors.As(err, &w) && !d.fallback && c.tw.cfg.FallbackPath != "" && ctx.Err() == nil {
		return &document{url: c.tw.cfg.PublicURL + c.tw.cfg.FallbackPath, method: http.MethodPost, fallback: true,
			form: url.Values{"ErrorCode": {strconv.Itoa(w.Code)}, "ErrorUrl": {d.url}}}, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	if reject := firstReject(response); reject != nil && c.Status() == "ringing" {
		c.gotDocument(response, "ringing")
		c.event(Verb, "Reject")
		if reject.Reason == twiml.ReasonBusy {
			return nil, "busy", nil
		}
		return nil, "no-answer", nil
	}
	c.gotDocument(response, "in-progress")
	next, err = c.execute(ctx, response, base)
	return next, "", err
}

// firstReject returns the Reject that a document begins with: only that one
// keeps the call from being answered.
func firstReject(r *twiml.Response) *twiml.Reject {
	for _, verb := range r.Verbs {
		switch v := verb.(type) {
		case twiml.Comment, twiml.Text:
		case *twiml.Reject:
			return v
		default:
			return nil
		}
	}
	return nil
}

// gotDocument notes the document that runs from now on.
func (c *Call) gotDocument(r *twiml.Response, status string) {
	picksUp := false
	c.change(func() {
		c.document = r
		if picksUp = c.status != status; picksUp {
			c.status, c.pickedUp = status, time.Now()
		}
		select {
		case <-c.answered:
		default:
			close(c.answered)
		}
	})
	if picksUp {
		c.report("answered", status)
	}
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
		return nil, "", c.warn(11200, "%s was answered %d", d.url, a.status)
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
		c.warn(12300, "%s was answered with text/plain that is no TwiML: it is read to the caller", d.url)
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
		return nil, "", c.warn(12100, "%s: %v", d.url, err)
	}
	if err := r.Validate(); err != nil {
		c.warn(12200, "%s: %v", d.url, err)
	}
	return r, a.url, nil
}

// execute runs the verbs of a document and returns the document that follows.
func (c *Call) execute(ctx context.Context, r *twiml.Response, base string) (*document, error) {
	for _, verb := range r.Verbs {
		next, over, err := c.verb(ctx, verb, base)
		if err != nil || next != nil || over {
			return next, err
		}
		if ctx.Err() != nil {
			return nil, nil
		}
	}
	return nil, nil // the end of a document hangs up
}

// verb runs one verb. It returns the document that the verb leads to, or that
// the call is over.
func (c *Call) verb(ctx context.Context, verb twiml.Verb, base string) (next *document, over bool, err error) {
	switch v := verb.(type) {
	case twiml.Comment, twiml.Text:
	case *twiml.Say:
		c.event(Verb, "Say %s", v.Text)
		c.change(func() { c.said = append(c.said, v.Text) })
	case *twiml.Play:
		c.event(Verb, "Play %s", v.URL)
		return nil, false, c.play(ctx, v, base)
	case *twiml.Pause:
		c.event(Verb, "Pause %v", twiml.Or(v.Length, time.Second))
		c.sleep(ctx, twiml.Or(v.Length, time.Second))
	case *twiml.Gather:
		c.event(Verb, "Gather")
		next, err = c.runGather(ctx, v, base)
	case *twiml.Redirect:
		c.event(Verb, "Redirect %s", v.URL)
		next, err = c.goTo(base, v.URL, v.Method, nil)
	case *twiml.Hangup:
		c.event(Verb, "Hangup")
		return nil, true, nil
	case *twiml.Reject:
		c.event(Verb, "Reject")
		return nil, true, nil
	case *twiml.Dial:
		c.event(Verb, "Dial %s", v.Number)
		if v.Action != "" {
			next, err = c.goTo(base, v.Action, v.Method, url.Values{
				"DialCallStatus": {c.plan.dialStatus}, "DialCallSid": {newSID("CA")}, "DialCallDuration": {"0"}, "DialBridged": {strconv.FormatBool(c.plan.dialStatus == "completed")},
			})
		}
	case *twiml.Connect:
		c.event(Verb, "Connect")
		if s, ok := v.Noun.(*twiml.Stream); ok {
			c.connect(ctx, s)
		} else {
			c.event(Verb, "%T is not simulated", v.Noun)
		}
		if v.Action != "" && ctx.Err() == nil {
			next, err = c.goTo(base, v.Action, v.Method, nil)
		}
	case *twiml.Start:
		for _, noun := range v.Nouns {
			if s, ok := noun.(*twiml.Stream); ok {
				c.event(Verb, "Start Stream %s", s.URL)
				c.openStream(ctx, s, false) // a failure is only a warning
			}
		}
	case *twiml.Stop:
		for _, noun := range v.Nouns {
			if s, ok := noun.(*twiml.Stream); ok {
				c.event(Verb, "Stop Stream %s", s.Name)
				c.stopStream(s.Name)
			}
		}
	default:
		c.event(Verb, "%T is not simulated", verb)
	}
	return next, false, err
}

// goTo returns the document behind a URL in a document that came from base; an
// empty URL is that document itself.
func (c *Call) goTo(base, ref string, method twiml.Method, form url.Values) (*document, error) {
	to, err := resolve(base, twiml.Or(ref, ""))
	if err != nil {
		return nil, c.warn(15004, "%v", err)
	}
	return &document{url: to, method: strings.ToUpper(string(twiml.Or(method, twiml.POST))), form: form}, nil
}

// connect opens a bidirectional stream and waits for its end.
func (c *Call) connect(ctx context.Context, t *twiml.Stream) {
	s, err := c.openStream(ctx, t, true)
	if err != nil {
		return // the next verb runs
	}
	select {
	case <-s.done:
		switch code := websocket.CloseStatus(s.ended); code {
		case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		case -1:
			c.warn(31903, "the stream's socket broke: %v", s.ended)
		default:
			c.warn(31921, "the host closed the stream with code %d", code)
		}
	case <-ctx.Done():
	}
	s.stop()
}

func (c *Call) stopStream(name string) {
	for _, s := range c.openStreams() {
		if !s.bidirectional && s.name == name {
			s.stop()
		}
	}
}

// play fetches audio below the public URL and plays it to the caller.
func (c *Call) play(ctx context.Context, v *twiml.Play, base string) error {
	if v.URL == "" {
		return nil // digits
	}
	at, err := resolve(base, v.URL)
	if err != nil {
		return c.warn(15004, "%v", err)
	}
	audio, err := c.fetch(ctx, at)
	if err != nil {
		c.warn(11200, "Play %s: %v", at, err)
		return nil
	}
	times := twiml.Or(v.Loop, 1)
	if times == 0 {
		times = math.MaxInt // until the call ends
	}
	return c.hear(ctx, audio, times)
}

func (c *Call) fetch(ctx context.Context, at string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.tw.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxMessage))
}

// hear plays a WAV file to the caller and waits until it has been heard. What
// it cannot decode takes no time.
func (c *Call) hear(ctx context.Context, wav []byte, times int) error {
	audio, err := codec.ReadMulaw(bytes.NewReader(wav))
	if err != nil {
		c.event(Verb, "audio is not played: %v", err)
		return nil
	}
	for range times {
		c.mu.Lock()
		c.player.play(audio)
		c.mu.Unlock()
		if c.sleep(ctx, time.Duration(len(audio))*time.Second/sampleRate) != nil {
			c.mu.Lock()
			c.player.clear()
			c.mu.Unlock()
			return nil
		}
	}
	return nil
}
