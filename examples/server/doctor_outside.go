package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// reach finds the host of PUBLIC_URL, connects, and looks at its certificate. It reports
// whether requests can be sent.
func (d *doctor) reach(ctx context.Context, u *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err != nil || len(addresses) == 0 {
		d.fail("DNS", 11210, "give the name of PUBLIC_URL an address", "%s is not found", u.Hostname())
		return false
	}
	if ip := net.ParseIP(addresses[0]); private(ip) {
		d.warn("DNS", "Twilio cannot reach that: this may be what the name is inside of your network alone", "%s is %s", u.Hostname(), ip)
	} else {
		d.ok("DNS", "%s is %s", u.Hostname(), strings.Join(addresses, ", "))
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		d.fail("TCP", 11202, "start the proxy or the server, or open the port", "port %s refuses connections", port)
		return false
	case err != nil:
		d.fail("TCP", 11201, "see the firewall", "port %s cannot be reached: %v", port, err)
		return false
	}
	defer conn.Close()
	if u.Scheme != "https" {
		d.warn("TLS", "Twilio opens streams over TLS alone", "PUBLIC_URL is http")
		return true
	}
	client := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), RootCAs: d.roots})
	if err := client.HandshakeContext(ctx); err != nil {
		d.badTLS(err)
		return false
	}
	cert := client.ConnectionState().PeerCertificates[0]
	if left := time.Until(cert.NotAfter); left < 14*24*time.Hour {
		d.warn("TLS", "renew it", "the certificate ends in %d days", int(left.Hours()/24))
	} else {
		d.ok("TLS", "the certificate is good until %s", cert.NotAfter.Format(time.DateOnly))
	}
	return true
}

// badTLS tells why a handshake failed, as Twilio would.
func (d *doctor) badTLS(err error) {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		d.fail("TLS", 11236, "renew it; streams end with 31910", "the certificate has expired, or is not valid yet")
	case errors.As(err, &host):
		d.fail("TLS", 11235, "get one for the name in PUBLIC_URL; streams end with 31910", "the certificate is for another name: %v", host)
	case errors.As(err, &unknown), errors.As(err, &invalid):
		d.fail("TLS", 11237, "have the server send the whole chain of a public authority; streams end with 31910", "the certificate's chain is not trusted")
	default:
		d.fail("TLS", 11220, "serve TLS 1.2 or newer on this port", "the handshake fails: %v", err)
	}
}

// client sends requests as they are, and follows no redirect.
func (d *doctor) client() (*http.Client, func()) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.roots}, DisableKeepAlives: true}
	return &http.Client{Transport: transport, Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		transport.CloseIdleConnections
}

// maxSkew is how far clocks may be apart before something must be wrong with them.
const maxSkew = time.Minute

// answers finds out whether it is dialtone that answers, who may ask it, and what time it is
// there.
func (d *doctor) answers(ctx context.Context) bool {
	client, done := d.client()
	defer done()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, d.c.publicURL+"/api/voice/health", nil)
	response, err := client.Do(request)
	if err != nil {
		d.fail("server", 11200, "see the proxy's log", "does not answer: %v", unwrapped(err))
		return false
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	response.Body.Close()
	var health voice.Health
	if json.Unmarshal(body, &health) != nil || health.Status == "" {
		d.fail("server", 11200, "PUBLIC_URL or the proxy's route leads elsewhere, or no instance is up", "%s/api/voice/health answers %d, and not as this server does", d.c.publicURL, response.StatusCode)
		return false
	}
	if health.Status == "ok" {
		d.ok("server", "is well, with %d of %d calls", health.ActiveCalls, health.Capacity)
	} else {
		d.warn("server", "see its log", "says it is %s, its speech engine %s", health.Status, health.STT)
	}
	d.clock("server", response.Header.Get("Date"))

	response, err = client.PostForm(d.c.publicURL+"/api/voice/twilio/status", url.Values{"CallSid": {"CA00000000000000000000000000000000"}, "CallStatus": {"ringing"}})
	if err != nil {
		d.fail("signature", 11200, "see the proxy's log", "a webhook is not answered: %v", unwrapped(err))
		return false
	}
	response.Body.Close()
	switch response.StatusCode {
	case http.StatusForbidden:
		d.ok("signature", "is asked for: strangers get 403")
	case http.StatusNoContent, http.StatusOK:
		d.fail("signature", 0, "anybody can post webhooks: is ReportOnly set?", "a webhook without one is answered %d", response.StatusCode)
	default:
		d.fail("signature", 11200, "the proxy must pass POST requests below /api/voice/ on", "a webhook is answered %d", response.StatusCode)
		return false
	}
	return true
}

// unwrapped returns the cause of a request's error, without the URL.
func unwrapped(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// clock compares this machine's clock with the time that somebody answers with.
func (d *doctor) clock(whose, date string) {
	there, err := http.ParseTime(date)
	if err != nil {
		return
	}
	if skew := time.Since(there).Round(time.Second); skew.Abs() > maxSkew {
		d.fail("clock", 31920, "run chrony or systemd-timesyncd everywhere: the tokens of streams end by the clock", "this machine is %v apart from the %s", skew.Abs(), whose)
	} else {
		d.ok("clock", "agrees with the %s", whose)
	}
}

// advice says what to do about an error that Twilio would report of the doctor's call.
var advice = map[int]string{
	11200: "403 is a signature that does not hold: TWILIO_AUTH_TOKEN or PUBLIC_URL is another one there, or a proxy changes the request; the server's log says which",
	11205: "something answers too slowly: see the webhook's duration",
	11750: "the answer is too long",
	12100: "the answer is not TwiML: something in front changes it",
	12102: "the answer is not TwiML: something in front changes it",
	12300: "the answer has another type than text/xml: something in front changes it",
	15003: "status callbacks must reach /api/voice/twilio/status",
	31920: "have the proxy pass on Upgrade and Connection (nginx: proxy_http_version 1.1 and both headers); 403 is a signature or token, 503 a server that is full",
	31921: "the connection was cut: see the idle timeouts of proxies (nginx: proxy_read_timeout 3600s)",
}

// streamToken is the token in a stream's URL, in which numbers can be read.
var streamToken = regexp.MustCompile(`/stream/[A-Za-z0-9_-]+`)

// call calls the server through PUBLIC_URL, as Twilio would.
func (d *doctor) call() {
	to := d.c.number
	if to == "" {
		to = "+14155550199"
	}
	tw, err := voicetest.Start(voicetest.Config{Target: d.c.publicURL, PublicURL: d.c.publicURL, AuthToken: d.c.authTokens[0], AccountSID: d.c.accountSID})
	if err != nil {
		d.fail("call", 0, "see PUBLIC_URL", "%v", err)
		return
	}
	call := tw.Dial("+14155550100", to)
	cut := make(chan error, 1)
	go func() { cut <- call.Listen(d.hold) }()
	var lasted error
	for waiting := true; waiting; {
		select {
		case lasted = <-cut:
			waiting = false
		case <-time.After(50 * time.Millisecond):
			if len(call.Warnings()) > 0 { // or the call would ask for one stream after the other
				call.HangUp()
			}
		}
	}
	call.HangUp()
	tw.Close() // the callbacks have been answered
	warnings := call.Warnings()
	switch {
	case len(warnings) > 0: // the first causes the others
		what := advice[warnings[0].Code]
		if what == "" {
			what = "see https://www.twilio.com/docs/api/errors"
		}
		d.fail("call", warnings[0].Code, what, "%.300s", streamToken.ReplaceAllString(warnings[0].Text, "/stream/..."))
	case call.StreamURL() == "":
		d.warn("call", "see the server's log for its reason, and call again when it may", "the webhook is answered, by a policy that refuses +14155550100")
	case lasted != nil:
		d.fail("call", 31921, advice[31921], "the stream did not last %v", d.hold)
	default:
		d.ok("call", "the webhook, the stream for %v and the status callback work", d.hold)
	}
}
