// Package twiliorest controls calls over Twilio's REST API: it hangs up, gives a
// live call new TwiML, and places calls.
//
// It wraps the generated client of twilio-go with what that lacks: contexts,
// connections that are given back after errors, typed errors, and retries of
// what is safe to retry. Redirects are not followed. Credentials, TwiML, and what may be
// secret in a URL appear in no error, whatever Twilio or a proxy repeats, and in no
// rendering of a value of this package.
//
// https://www.twilio.com/docs/voice/api/call-resource
package twiliorest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"agentos.dev/dialtone/internal/option"
)

const (
	defaultBaseURL = "https://api.twilio.com"
	defaultTimeout = 10 * time.Second
	maxAnswer      = 1 << 20 // bytes of a response that are read
)

// Options configures [New]. AccountSID and either an API key with its
// secret or the auth token are needed.
type Options struct {
	AccountSID string
	APIKey     string // "SK…"; preferred, it can be revoked alone
	APISecret  string
	AuthToken  string // used without APIKey

	// BaseURL is where the API is. Empty means https://api.twilio.com; another
	// region is https://api.dublin.ie1.twilio.com. http is for loopback hosts alone.
	// Unlike twilio-go, this package reads no environment variables.
	BaseURL string
	// Transport makes the requests. nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Timeout bounds each attempt of a request. 0 means 10 s.
	Timeout time.Duration
}

// shown returns the options without their secrets.
func (o Options) shown() string {
	base := "[not a URL]"
	if u, err := url.Parse(o.BaseURL); err == nil {
		base = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return fmt.Sprintf("{AccountSID:%s APIKey:%s BaseURL:%s Timeout:%v}", o.AccountSID, o.APIKey, base, o.Timeout)
}

// Format implements fmt.Formatter: however options are printed, what it shows are no
// secrets.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "twiliorest.Options"+o.shown()) }

// MarshalText returns the options without their secrets, for JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// LogValue returns the options without their secrets.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.shown()) }

// Client calls the API. It is made by [New]; the zero value is not usable. Its methods may be
// called from several goroutines.
type Client struct {
	account     string
	base        *url.URL
	transport   http.RoundTripper
	timeout     time.Duration
	credentials func() *client.Credentials // a func, because fmt prints fields
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)
	keySID     = regexp.MustCompile(`^SK[0-9a-zA-Z]+$`)
	callSIDs   = regexp.MustCompile(`^CA[0-9a-f]{32}$`)
	secret     = regexp.MustCompile(`^[0-9a-zA-Z]+$`) // twilio-go takes no others
)

// New returns a client, or everything that is wrong with the options. Blanks and line
// breaks around them do not count. It makes no request.
func New(o Options) (*Client, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("twiliorest: "+format, args...)) }
	o.AccountSID, o.APIKey, o.APISecret, o.AuthToken, o.BaseURL =
		option.Trim(o.AccountSID), option.Trim(o.APIKey), option.Trim(o.APISecret), option.Trim(o.AuthToken), option.Trim(o.BaseURL)
	if !accountSID.MatchString(o.AccountSID) {
		wrong("AccountSID is not AC and 32 hexadecimal digits")
	}
	user, password := o.APIKey, o.APISecret
	switch {
	case o.APIKey == "" && o.AuthToken == "":
		wrong("neither APIKey nor AuthToken")
	case o.APIKey == "":
		user, password = o.AccountSID, o.AuthToken
		if err := option.Key("twiliorest: AuthToken", &password); err != nil {
			errs = append(errs, err)
		} else if !secret.MatchString(password) {
			wrong("AuthToken has characters that are neither letters nor digits")
		}
	default:
		if !keySID.MatchString(o.APIKey) {
			wrong("APIKey is not the SID of an API key, which begins with SK")
		}
		if err := option.Key("twiliorest: APISecret", &password); err != nil {
			errs = append(errs, err)
		} else if !secret.MatchString(password) {
			wrong("APISecret has characters that are neither letters nor digits")
		}
	}
	if o.BaseURL == "" {
		o.BaseURL = defaultBaseURL
	}
	base, err := url.Parse(o.BaseURL)
	switch {
	case err != nil || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" ||
		base.Scheme != "https" && base.Scheme != "http":
		wrong("BaseURL is not https://host[:port]")
	case base.Scheme == "http" && !loopback(base.Hostname()):
		wrong("BaseURL is not https, and the credentials would be sent in the clear")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	} else if option.Nil(o.Transport) {
		wrong("Transport is a nil %T", o.Transport)
	}
	if err := option.Duration("twiliorest: Timeout", o.Timeout); err != nil {
		errs = append(errs, err)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	return &Client{
		account: o.AccountSID, base: base, transport: o.Transport, timeout: o.Timeout,
		credentials: func() *client.Credentials { return client.NewCredentials(user, password) },
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Format implements fmt.Formatter: however a client is printed, what it shows are no
// secrets.
func (c Client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "twiliorest.Client{AccountSID:%s BaseURL:%s Timeout:%v}", c.account, c.base, c.timeout)
}

// try runs one request of twilio-go's generated client under ctx and the
// timeout, and turns its error into ours.
func (c *Client) try(ctx context.Context, request func(*api.ApiService) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	trip := &roundTrip{ctx: ctx, client: c}
	base := &client.Client{
		Credentials: c.credentials(),
		HTTPClient: &http.Client{Transport: trip, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	base.SetAccountSid(c.account)
	err := request(api.NewApiService(&client.RequestHandler{Client: base}))
	if err == nil {
		return nil
	}
	e := &Error{Status: trip.status}
	if twilio := (*client.TwilioRestError)(nil); errors.As(err, &twilio) {
		e.Code, e.Message = twilio.Code, c.quiet(twilio.Message)
	} else if ctx.Err() != nil && trip.status == 0 {
		e.Err = context.Cause(ctx)
	} else {
		e.Err = c.quietError(err)
	}
	return e
}

// roundTrip sends one request with a context and to the base URL, and reads
// the response whole so that the connection is free again.
type roundTrip struct {
	ctx    context.Context
	client *Client
	status int
}

// RoundTrip implements http.RoundTripper.
func (t *roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(t.ctx)
	r.URL.Scheme, r.URL.Host, r.Host = t.client.base.Scheme, t.client.base.Host, t.client.base.Host
	resp, err := t.client.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	t.status = resp.StatusCode
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
