package voicetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/signature"
)

// Twilio's limits as an HTTP client.
const (
	maxRedirects = 10       // error 11215
	maxDocument  = 64 << 10 // error 11750
)

// rfc2822 is how Twilio writes times in callbacks.
const rfc2822 = "Mon, 02 Jan 2006 15:04:05 +0000"

// A Hop is one of the kinds of requests that Twilio sends to a host.
type Hop string

// The hops.
const (
	Webhook   Hop = "webhook"   // asks for TwiML
	Callback  Hop = "callback"  // tells the status of the call or of a stream
	Handshake Hop = "handshake" // opens a stream
)

// answer is a host's response, read completely.
type answer struct {
	status      int
	contentType string
	body        []byte
	url         string // after redirects
}

// params returns the parameters of every request about this call.
func (c *Call) params(status string) url.Values {
	v := url.Values{
		"CallSid": {c.SID}, "AccountSid": {c.tw.cfg.AccountSID}, "ApiVersion": {"2010-04-01"},
		"CallStatus": {status}, "Direction": {c.direction},
		"From": {c.From}, "To": {c.To}, "Caller": {c.From}, "Called": {c.To},
	}
	for _, who := range []string{"From", "Caller"} {
		v.Set(who+"City", "SAN FRANCISCO")
		v.Set(who+"State", "CA")
		v.Set(who+"Zip", "94105")
		v.Set(who+"Country", "US")
	}
	for _, who := range []string{"To", "Called"} {
		v.Set(who+"City", "") // toll-free and mobile numbers have none
		v.Set(who+"State", "CA")
		v.Set(who+"Zip", "")
		v.Set(who+"Country", "US")
	}
	if c.parent != "" {
		v.Set("ParentCallSid", c.parent)
	}
	if c.direction == "inbound" {
		v.Set("CallToken", "%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9.e30.c2ln%22%2C%22identityHeaderTokens%22%3A%5B%5D%7D")
		v.Set("StirVerstat", "TN-Validation-Passed-A")
	}
	maps.Copy(v, c.plan.params)
	return v
}

// headers returns what a hop carries besides its signature.
func (c *Call) headers(hop Hop) http.Header {
	h := http.Header{"User-Agent": {"TwilioProxy/1.1"}, "Accept": {"*/*"}, "X-Home-Region": {"us1"}}
	if hop == Handshake {
		h = http.Header{"User-Agent": {"Twilio.TmeWs/1.0"}}
	}
	if public, _ := url.Parse(c.tw.cfg.PublicURL); !c.tw.link.https && public.Scheme == "https" {
		h.Set("X-Forwarded-Proto", "https")
		h.Set("X-Forwarded-Host", public.Host)
		h.Set("X-Forwarded-For", "54.172.60.1")
	}
	return h
}

// send delivers one webhook or callback with a fresh idempotency token,
// retries it as Twilio does and follows redirects.
func (c *Call) send(ctx context.Context, hop Hop, method, rawURL string, form url.Values) (*answer, error) {
	limit := c.tw.link.webhook
	if total := overridesOf(rawURL).total; total > 0 {
		limit = min(limit, total)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	jar := c.cookies()
	token := newSID("")
	deliveries := 1 + c.plan.repeats[hop]
	var last *answer
	for n := 0; n < deliveries; n++ {
		var err error
		if last, err = c.deliver(ctx, jar, hop, method, rawURL, form, token); err != nil {
			return nil, err
		}
	}
	return last, nil
}

func (c *Call) deliver(ctx context.Context, jar http.CookieJar, hop Hop, method, rawURL string, form url.Values, token string) (*answer, error) {
	client := &http.Client{Transport: c.tw.link.transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a redirected request is signed anew
	}}
	for n := 0; ; n++ {
		if n > maxRedirects {
			return nil, c.warn(11215, "more than %d redirects from %s", maxRedirects, rawURL)
		}
		sent := time.Now()
		told := Exchange{Hop: hop, Method: method, URL: rawURL, Form: form}
		resp, err := c.attempt(ctx, client, hop, method, rawURL, form, token)
		if err != nil {
			told.Err = err
			c.exchanged(sent, told)
			return nil, err
		}
		a := &answer{status: resp.StatusCode, contentType: resp.Header.Get("Content-Type"), url: rawURL}
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
		resp.Body.Close()
		told.Status, told.Header, told.Body, told.Err = a.status, resp.Header, a.body[:min(len(a.body), maxDocument)], err
		c.exchanged(sent, told)
		c.event(Request, "%s %s: %d", method, rawURL, a.status)
		if err != nil {
			return nil, c.warn(11200, "reading the answer of %s: %v", rawURL, err)
		}
		if len(a.body) > maxDocument {
			return nil, c.warn(11750, "%s answered more than %d bytes", rawURL, maxDocument)
		}
		location := resp.Header.Get("Location")
		if a.status < 300 || a.status >= 400 || location == "" {
			return a, nil
		}
		if rawURL, err = resolve(rawURL, location); err != nil {
			return nil, c.warn(11100, "redirect to %q: %v", location, err)
		}
		if a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect {
			method = http.MethodGet
		}
	}
}

// attempt sends one request, again as the connection overrides have it: by default a failed
// connection is tried once more.
func (c *Call) attempt(ctx context.Context, client *http.Client, hop Hop, method, rawURL string, form url.Values, token string) (*http.Response, error) {
	over := overridesOf(rawURL)
	for try := 1; ; try++ {
		req, err := c.signed(ctx, hop, method, rawURL, form)
		if err != nil {
			return nil, c.warn(11100, "%q: %v", rawURL, err)
		}
		req.Header.Set("I-Twilio-Idempotency-Token", token)
		resp, err := over.do(ctx, client, req)
		switch {
		case ctx.Err() == nil && over.again(try, resp, err):
			if err == nil {
				resp.Body.Close()
				c.event(Request, "%s %s: %d, tried again", method, rawURL, resp.StatusCode)
			}
		case err == nil:
			return resp, nil
		case errors.Is(err, errReadTimeout):
			return nil, c.warn(11205, "%s did not answer within the rt of its URL", rawURL)
		case context.Cause(ctx) == context.DeadlineExceeded:
			return nil, c.warn(11205, "%s did not answer within %v", rawURL, c.tw.link.webhook)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case isUnreachable(err):
			return nil, c.warn(11210, "%v", err)
		default:
			return nil, c.warn(11200, "%v", err)
		}
	}
}

// signed makes a request as Twilio would send it, then lets faults edit it.
func (c *Call) signed(ctx context.Context, hop Hop, method, rawURL string, form url.Values) (*http.Request, error) {
	rawURL, _, _ = strings.Cut(rawURL, "#") // connection overrides are neither sent nor signed
	var body io.Reader
	signed := form
	if method == http.MethodGet {
		if hop != Handshake {
			u, err := url.Parse(rawURL)
			if err != nil {
				return nil, err
			}
			sep := "?"
			if u.RawQuery != "" {
				sep = "&"
			}
			rawURL += sep + form.Encode()
		}
		signed = nil
	} else {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, rawURL, body)
	if err != nil {
		return nil, err
	}
	req.Header = c.headers(hop)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	req.Header.Set(signature.Header, signature.Sign(c.tw.cfg.AuthToken, rawURL, signed))
	if key, ok := c.plan.signers[hop]; ok {
		req.Header.Set(signature.Header, key.algorithm.Sign(key.secret, rawURL, signed))
		req.Header.Set(signature.SettingsHeader, signature.Settings(key.id, key.algorithm))
	}
	for _, edit := range c.plan.requests {
		edit(hop, req)
	}
	return req, nil
}

// cookies returns the jar of this call: Twilio sends back what a host sets.
func (c *Call) cookies() http.CookieJar {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jar == nil {
		c.jar, _ = cookiejar.New(nil) // never fails
	}
	return c.jar
}

// report posts the status callbacks for event, in order, unless the plan
// holds them back to the end of the call.
func (c *Call) report(event, status string) {
	if !c.plan.wants(event) {
		return
	}
	form := c.params(status)
	now := time.Now()
	form.Set("CallbackSource", "call-progress-events")
	form.Set("Timestamp", now.UTC().Format(rfc2822))
	c.mu.Lock()
	form.Set("SequenceNumber", strconv.Itoa(c.sequence))
	c.sequence++
	c.mu.Unlock()
	if event == "completed" {
		seconds := int(c.Duration() / time.Second)
		form.Set("CallDuration", strconv.Itoa(seconds))
		form.Set("Duration", strconv.Itoa((seconds+59)/60))
		if status == "completed" {
			form.Set("SipResponseCode", "200")
		}
		if r := c.plan.record; r != nil && r.call != nil && r.state() == "completed" {
			form.Set("RecordingUrl", r.url())
			form.Set("RecordingSid", r.sid)
			form.Set("RecordingDuration", r.lasted())
		}
	}
	c.mu.Lock()
	c.held = append(c.held, form)
	c.mu.Unlock()
	if c.plan.reverse && event != "completed" {
		return
	}
	c.mu.Lock()
	held := c.held
	c.held = nil
	c.mu.Unlock()
	for i := range held {
		if c.plan.reverse {
			i = len(held) - 1 - i
		}
		c.callback(c.plan.statusMethod, c.plan.statusURL, held[i])
	}
}

// detection is how long machine detection takes.
const detection = 4210 * time.Millisecond

// Detected tells the host who answered a call that it has placed with asynchronous machine
// detection: human, machine_start, fax, ... It returns when the callback is answered, with
// an error if the call was placed without.
func (c *Call) Detected(answeredBy string) error {
	c.helper()
	if c.plan.detectionURL == "" {
		return c.tw.fail(errors.New("voicetest: the call was placed without AsyncAmd and AsyncAmdStatusCallback"))
	}
	c.change(func() { c.answeredBy = answeredBy })
	c.callback(c.plan.detectionMethod, c.plan.detectionURL, url.Values{
		"CallSid": {c.SID}, "AccountSid": {c.tw.cfg.AccountSID}, "AnsweredBy": {answeredBy}, "MachineDetectionDuration": {strconv.Itoa(int(detection / time.Millisecond))},
	})
	return nil
}

// callback posts a form whose answer is not used.
func (c *Call) callback(method, rawURL string, form url.Values) {
	a, err := c.send(context.Background(), Callback, method, rawURL, form)
	if err == nil && (a.status < 200 || a.status >= 400) {
		c.warn(15003, "callback %s was answered %d", rawURL, a.status)
	}
}

// methodOf returns the method of a request, POST unless a document says otherwise.
func methodOf(m twiml.Method) string { return strings.ToUpper(string(twiml.Or(m, twiml.POST))) }

// mediaType returns the type of a Content-Type header without parameters.
func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(header))
	}
	return t
}

// resolve returns ref relative to base.
func resolve(base, ref string) (string, error) {
	r, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		return "", err
	}
	if r.IsAbs() {
		return strings.TrimSpace(ref), nil // byte for byte: it is what gets signed
	}
	if base == "" {
		return "", fmt.Errorf("relative URL %q in TwiML given by REST", ref)
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return b.ResolveReference(r).String(), nil
}

func isUnreachable(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}
