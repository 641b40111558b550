package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/signature"
)

// generator makes the calls of a load test: webhook, handshake, stream and status callback.
type generator struct {
	*loading
	meter  *meters
	pacer  *pacer
	public *url.URL // the service's public URL, which signatures cover
	at     *url.URL // where the service is reached
	client *http.Client
}

// How long a service may take to answer a webhook (15 s, as with Twilio) and a handshake.
const (
	webhookTimeout   = 15 * time.Second
	handshakeTimeout = 10 * time.Second
)

func newGenerator(l *loading, m *meters, p *pacer) *generator {
	public, err := url.Parse(l.service.public)
	if err != nil || public.Host == "" {
		public = &url.URL{Scheme: "https", Host: "calls.example.com"}
	}
	at, _ := url.Parse(l.to.base) // was checked
	return &generator{loading: l, meter: m, pacer: p, public: public, at: at, client: &http.Client{
		Timeout: webhookTimeout,
		Transport: &http.Transport{
			TLSClientConfig:     insecure(public),
			MaxIdleConnsPerHost: 100, IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// insecure accepts any certificate: the service's is for its public name, not for the address
// at which it is reached.
func insecure(public *url.URL) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: public.Hostname()}
}

// fiction returns the caller's number of call n, from the range reserved for fiction
// (555-01xx). 80,000 calls in a row have different numbers, so that no limit per caller
// refuses them.
func fiction(n int) string {
	return fmt.Sprintf("+1%d%d%d55501%02d", 2+n/100%8, n/800%10, n/8000%10, n%100)
}

// call makes call number n, which was due at a time, and counts its outcome.
func (g *generator) call(ctx context.Context, n int, due time.Time) {
	sid := newSID("CA")
	form := url.Values{
		"CallSid": {sid}, "AccountSid": {g.service.account}, "From": {fiction(n)}, "To": {g.service.to}, "Caller": {fiction(n)}, "Called": {g.service.to},
		"CallStatus": {"ringing"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"}, "FromCountry": {"US"},
	}
	at, err := g.ask(ctx, form)
	if err != nil {
		g.fails(ctx, err)
		return
	}
	g.meter.webhook.add(time.Since(due))
	defer g.completed(ctx, form, time.Now())
	s := &stream{call: sid, load: g.loading, meter: g.meter, due: due}
	asked := time.Now()
	in, err := g.dial(ctx, s, at)
	if err == nil {
		err = s.open(in, g.service.account)
	}
	if err != nil {
		if s.conn != nil {
			s.conn.Close()
		}
		if s.done != nil {
			<-s.done
		}
		g.fails(ctx, err)
		return
	}
	g.meter.open.add(time.Since(asked))
	g.meter.calls.answered.Add(1)
	g.pacer.begin(s)
	stay := time.NewTimer(g.length)
	defer stay.Stop()
	select {
	case <-stay.C:
	case <-ctx.Done():
	case <-s.done:
	}
	switch why := s.hangUp(); why {
	case errHungUp:
		g.meter.calls.completed.Add(1)
	case errClosed:
		g.meter.calls.early.Add(1)
	default:
		g.fails(ctx, fmt.Errorf("stream of %s: %w", sid, why))
	}
}

// completed tells the service the end of a call that it has answered, however it went on.
func (g *generator) completed(ctx context.Context, form url.Values, answered time.Time) {
	if g.to.status == "" {
		return
	}
	form.Set("CallStatus", "completed")
	form.Set("CallDuration", fmt.Sprint(int(time.Since(answered).Seconds())))
	if _, err := g.post(context.WithoutCancel(ctx), g.to.status, form); err != nil {
		g.meter.note(err)
	}
}

// fails counts a failed call, unless the whole load test was interrupted.
func (g *generator) fails(ctx context.Context, err error) {
	if ctx.Err() == nil {
		g.meter.failed(err)
	}
}

// post sends a signed form to a path of the service and returns the body of its answer.
func (g *generator) post(ctx context.Context, path string, form url.Values) ([]byte, error) {
	public := g.public.Scheme + "://" + g.public.Host + path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.at.Scheme+"://"+g.at.Host+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Host = g.public.Host
	g.sign(req.Header, public, form)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s was answered %s", path, resp.Status)
	}
	return body, err
}

// sign adds the signature of Twilio and the headers of a proxy that ends TLS.
func (g *generator) sign(h http.Header, public string, form url.Values) {
	h.Set(signature.Header, signature.Sign(g.service.token, public, form))
	h.Set("X-Forwarded-Proto", "https")
	h.Set("X-Forwarded-Host", g.public.Host)
}

// errNoStream means that the service answered with TwiML that opens no stream.
var errNoStream = errors.New("the answer has no <Connect><Stream>")

// ask posts the first webhook and returns the URL of the stream in the TwiML.
func (g *generator) ask(ctx context.Context, form url.Values) (*url.URL, error) {
	body, err := g.post(ctx, g.to.inbound, form)
	if err != nil {
		return nil, err
	}
	document, err := twiml.Parse(strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	for _, verb := range document.Verbs {
		if c, ok := verb.(*twiml.Connect); ok {
			if s, ok := c.Noun.(*twiml.Stream); ok {
				return url.Parse(s.URL)
			}
		}
	}
	return nil, fmt.Errorf("%w: %.200q", errNoStream, body)
}

// dial connects to the service and makes the stream's handshake.
func (g *generator) dial(ctx context.Context, s *stream, to *url.URL) (*bufio.Reader, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	var d net.Dialer
	port := g.at.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[g.at.Scheme]
	}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(g.at.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if g.at.Scheme == "https" {
		conn = tls.Client(conn, insecure(g.public))
	}
	s.conn = conn
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	h := http.Header{}
	g.sign(h, to.String(), nil)
	var key [16]byte
	rand.Read(key[:])
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString(key[:]))
	h.Set("User-Agent", "Twilio.TmeWs/1.0")
	req := &http.Request{Method: http.MethodGet, URL: to, Host: to.Host, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 2048)
	resp, err := http.ReadResponse(in, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body.Close()
		return nil, fmt.Errorf("the handshake of %s was answered %s", to.Path[:min(len(to.Path), 40)], resp.Status)
	}
	conn.SetDeadline(time.Time{})
	return in, nil
}
