// Package voicetest provides a fake Twilio for tests, as net/http/httptest
// provides a fake network.
//
// The fake rings a host's http.Handler over real sockets: it posts signed
// webhooks, runs the TwiML that comes back, dials Media Streams with a signed
// handshake, speaks recordings in 20 ms frames, plays what it is sent at
// real-time pace with marks and clear, delivers status callbacks, and serves
// the REST calls that change a live call. It needs no account and no network.
//
//	tw := voicetest.New(t, mux)
//	call := tw.Dial("+14155550100", "+14155550199")
//	call.Speak("testdata/book_a_room.wav")
//	call.Hears(confirmation, 2*time.Second)
//	call.HangUp()
//
// The host is configured with [AuthToken] and [PublicURL], as if Twilio
// reached it through a proxy that ends TLS. [New] reports failures to a
// testing.TB and stops the test; [Start] is for programs, there the same
// methods return errors. What waits for a host that does not move gives up when
// go test's -timeout is near, and says what the call is doing.
//
// What a call does can be bent with options given to [Twilio.Dial]: extra
// parameters, other callbacks, and faults such as [Unsigned], [Garbage] or
// [HalfOpen], made of the few primitives [EditRequest], [EditMessage] and
// [OnFrame].
//
// Say needs a [Config].Voice to be audible. Without one it takes the time of its words and keeps
// its text, and the outbound track of a stream is silent meanwhile. A test gives the words of a
// caller to a Gather, to a Record that transcribes or to a Transcription by [Call.Answer] and
// [Call.Says]. A Transcription has the host's Say, and no audio that the host plays. The options
// [Paid] and [Referred] set the outcome of a <Pay> and of a <Refer>. People who speak at the same
// time in a conference are heard one after the other. Answers to GET are not cached.
//
// These settings are accepted and have no effect. Of speech: voice, language, hints, enhanced,
// profanityFilter, and how <ConversationRelay> and <Transcription> recognise and speak. Of <Pay>:
// currency, description, tokenType, paymentConnector, minPostalCodeLength and timeout. Of
// carriers: ringTone, callReason, byoc, the password and headers of a SIP host, the thresholds of
// machine detection, the edges and server names of connection overrides. Of a conference: region,
// jitterBufferSize and beep.
//
// Nothing else is skipped: what a host uses and the fake does not simulate is a [Warning]
// without a Code, which [New] makes the test fail with and [Twilio.Close] returns, as does
// [Call.Wait], unless [Config].Tolerate says otherwise. It is this:
//
//   - elements: <AiSession>, <Application>, <Autopilot>, <Conversation>,
//     <ConversationRelaySession>, <Echo>, <MediaFilter>, <Room>, <Sim>, <Siprec>, <Uri>,
//     <VirtualAgent>, <WhatsApp>, <Hangup/Parameter>, <Reject/Parameter>
//   - of <Client>: clientNotificationUrl
//   - of <ConversationRelay>: conversationConfiguration, conversationId, customerName,
//     intelligenceService
//   - of <Dial>: events, passports, recordingConfigurationId
//   - of <Queue>: postWorkActivitySid, reservationSid; of <Enqueue>: workflowSid and <Task>
//   - of <Dial> with a <Queue>: record, hangupOnStar; with a <Conference>: record
//   - of <Conference>: eventCallbackUrl, record, recordingConfigurationId,
//     recordingStatusCallback, recordingStatusCallbackEvent, recordingStatusCallbackMethod,
//     trim
//   - of <Record> and <Recording>: recordingConfigurationId
//   - of <Prompt>: requireMatchingInputs
//   - of <Start>: action, method
//   - of <Stream>: audioFormat, connectorName, sampleRate
//   - of <Transcription>: conversationConfiguration, conversationId, enableProviderData,
//     intelligenceService
//   - recordings as anything but WAV
//   - audio that is not WAV, and audio that is not below the public URL
//   - requests and parameters of the REST API other than those of [Twilio.RESTURL]
package voicetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/option"
)

// The values with which a host under test is configured, unless [Config] has others.
// They look like Twilio's and belong to nobody.
const (
	PublicURL  = "https://calls.example.com"
	AuthToken  = "f00dfacef00dfacef00dfacef00dface"
	AccountSID = "AC00000000000000000000000000000000"
	APIKey     = "SK00000000000000000000000000000000"
	APISecret  = "voicetestsecretvoicetestsecret00"
)

// Config says how the fake reaches the host. The zero value of every field is
// useful; one of Handler and Target must be set.
type Config struct {
	// Handler is served on a loopback listener.
	Handler http.Handler
	// Target is the base URL of a running server, such as
	// "http://127.0.0.1:8080". It is used when Handler is nil.
	Target string
	// TLS serves Handler over TLS with a certificate made on the spot.
	// Otherwise the host sees plain HTTP with the X-Forwarded-For, -Host and
	// -Proto headers of a proxy that ended TLS.
	TLS bool

	// InMemory serves Handler over memory instead of a loopback listener: within
	// testing/synctest an hour of a call passes in a moment, in real time nothing changes.
	// The REST API is then reached by the client of Twilio.Client alone.
	InMemory bool

	// PublicURL is the base URL that Twilio was given; every URL below it is
	// sent to Handler or Target, every other URL is unreachable. Signatures
	// are computed over it. Empty means the constant PublicURL.
	PublicURL string
	// AuthToken signs. Empty means the constant AuthToken.
	AuthToken string
	// AccountSID is the account of all calls. Empty means the constant AccountSID.
	AccountSID string

	// Paths of the number's webhooks below PublicURL. Empty means
	// /api/voice/twilio/inbound, /api/voice/twilio/status and no fallback.
	InboundPath, StatusPath, FallbackPath string

	// RESTAddr is where the REST API listens, as "127.0.0.1:8090". Empty means a free port
	// of loopback.
	RESTAddr string

	// Placed are options of the calls that the host places by REST, such as
	// Unanswered("busy") or Param("AnsweredBy", "machine_start").
	Placed []Option

	// Pace is how many seconds of a call pass in one second of the clock.
	// 0 means 1, real time. It scales audio and TwiML time, not HTTP timeouts
	// and not the patience of Hears. A host that bounds the messages a second,
	// as package mediastream does by default, bears a Pace of 3.
	Pace float64

	// Voice is what the host speaks with, for [Call.HearsText], and what speaks a <Say>.
	// Without one a <Say> is silent, and takes a second for 14 characters.
	Voice *Voice

	// Ear is what the host listens with, for [Call.Says] over a Media Stream.
	Ear *Ear

	// Tolerate reports whether a warning without a Code, about something that the fake does
	// not simulate, is ignored: it then neither fails the test nor is an error. Use it for
	// features on which the test does not depend. nil ignores none.
	Tolerate func(Warning) bool

	// Trace is called for every thing that happens, from several goroutines.
	Trace func(Event)
}

// Format implements fmt.Formatter: however a Config is printed, it is without the auth
// token, which may be a real one.
func (c Config) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "voicetest.Config{PublicURL: %q, AccountSID: %q, Pace: %v}", c.PublicURL, c.AccountSID, c.Pace)
}

// LogValue implements slog.LogValuer, without the auth token.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

func (c Config) withDefaults() (Config, error) {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&c.PublicURL, PublicURL)
	def(&c.AuthToken, AuthToken)
	def(&c.AccountSID, AccountSID)
	def(&c.InboundPath, "/api/voice/twilio/inbound")
	def(&c.StatusPath, "/api/voice/twilio/status")
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	if c.Pace == 0 {
		c.Pace = 1
	}
	var errs []error
	switch {
	case c.Handler == nil && c.Target == "":
		errs = append(errs, errors.New("voicetest: neither Handler nor Target"))
	case c.Handler != nil && option.Nil(c.Handler):
		errs = append(errs, fmt.Errorf("voicetest: Handler is a nil %T", c.Handler))
	case c.Handler == nil && !isWeb(c.Target):
		errs = append(errs, fmt.Errorf("voicetest: Target %q is not an http or https URL", c.Target))
	}
	for _, path := range []string{c.InboundPath, c.StatusPath, c.FallbackPath} {
		if path != "" && !strings.HasPrefix(path, "/") {
			errs = append(errs, fmt.Errorf("voicetest: path %q does not begin with a slash", path))
		}
	}
	if !isWeb(c.PublicURL) {
		errs = append(errs, fmt.Errorf("voicetest: PublicURL %q is not an http or https URL", c.PublicURL))
	}
	if !(c.Pace > 0) || math.IsInf(c.Pace, 1) {
		errs = append(errs, fmt.Errorf("voicetest: Pace %v is not positive", c.Pace))
	}
	return c, errors.Join(errs...)
}

// isWeb reports whether text is an http or https URL.
func isWeb(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// Twilio is the fake. It is made by [New], or outside of tests by [Start]; the zero value is
// not usable. All methods may be called from several goroutines.
type Twilio struct {
	cfg  Config
	tb   testing.TB      // nil outside tests
	late <-chan struct{} // closed when the test binary's time is nearly up; never outside tests
	link *link
	rest *restAPI

	mu          sync.Mutex
	closed      bool
	calls       map[string]*Call
	deleted     map[string]bool // calls that the REST API does not know any more
	recordings  map[string]*recording
	queues      map[string]*queue
	conferences map[string]*conference
	over        []*conference // that have ended
	gaps        []Warning     // what was asked for and is not simulated, of no call
	placed      chan *Call    // outbound calls that nobody picked up yet
}

// New starts a fake in front of h for the length of a test. Failures of its
// calls are reported to tb and stop the test. At most one Config may be given;
// its Handler is ignored.
func New(tb testing.TB, h http.Handler, cfg ...Config) *Twilio {
	tb.Helper()
	var c Config
	if len(cfg) > 0 {
		c = cfg[0]
	}
	if c.Handler = h; len(cfg) > 1 {
		tb.Fatal("voicetest: more than one Config")
	}
	t, err := Start(c)
	if err != nil {
		tb.Fatal(err)
	}
	t.tb = tb
	if c.InMemory { // testing/synctest knows by itself who waits for ever, and has no deadline
	} else if at, ok := lastCall(tb); ok {
		ctx, stop := context.WithDeadline(context.Background(), at)
		t.late = ctx.Done()
		tb.Cleanup(stop)
	}
	tb.Cleanup(func() {
		if err := t.Close(); err != nil {
			tb.Error(err)
		}
	})
	return t
}

// lastCall returns when to give up waiting, if ever, so that a test whose host does not
// move ends with the reason rather than with the panic of go test's -timeout. It
// leaves time for the clean-up.
func lastCall(tb testing.TB) (at time.Time, ok bool) {
	t, ok := tb.(interface{ Deadline() (time.Time, bool) }) // a benchmark has none
	if !ok {
		return at, false
	}
	end, ok := t.Deadline()
	return end.Add(-min(time.Until(end)/4, 30*time.Second)), ok
}

// Start starts a fake outside of a test.
func Start(cfg Config) (*Twilio, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &Twilio{cfg: cfg, calls: map[string]*Call{}, deleted: map[string]bool{}, recordings: map[string]*recording{}, queues: map[string]*queue{}, conferences: map[string]*conference{}, placed: make(chan *Call, 1024)}
	if t.link, err = newLink(cfg); err != nil {
		return nil, err
	}
	if t.rest, err = newRestAPI(t); err != nil {
		t.link.close()
		return nil, err
	}
	return t, nil
}

// URL returns where the host is really served, such as "http://127.0.0.1:40123".
func (t *Twilio) URL() string { return t.link.target }

// Client returns an HTTP client that reaches the host under its public URL.
func (t *Twilio) Client() *http.Client { return &http.Client{Transport: t.link.transport} }

// Dial calls to from from and returns when the host has answered the webhook,
// or failed to: that ends the call, and [Call.Wait] tells why.
func (t *Twilio) Dial(from, to string, options ...Option) *Call {
	c := t.newCall(from, to, "inbound", options)
	c.start(&document{url: t.cfg.PublicURL + c.plan.inboundPath, method: c.plan.inboundMethod})
	select {
	case <-c.answered:
	case <-c.done:
	}
	return c
}

// Picked returns the next outbound call that the host placed by REST, picked up
// unless it is Unanswered, or an error when ctx ends first.
func (t *Twilio) Picked(ctx context.Context) (*Call, error) {
	select {
	case c := <-t.placed:
		return c, nil
	case <-ctx.Done():
		return nil, t.fail(fmt.Errorf("voicetest: no outbound call: %w", ctx.Err()))
	case <-t.late:
		return nil, t.fail(fmt.Errorf("voicetest: no outbound call: %w", errLate))
	}
}

// Calls returns how many calls are up.
func (t *Twilio) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.calls {
		if !c.over() {
			n++
		}
	}
	return n
}

// Close hangs up every call, waits for their callbacks and stops the fake and
// the server of Config.Handler. It reports requests that the handler never
// finished, and what was met and is not simulated, as [Warning] without a Code.
func (t *Twilio) Close() error {
	t.mu.Lock()
	t.closed = true
	calls := make([]*Call, 0, len(t.calls))
	for _, c := range t.calls {
		calls = append(calls, c)
	}
	t.mu.Unlock()
	for _, c := range calls {
		c.end(errHungUp)
	}
	for _, c := range calls {
		<-c.done
	}
	t.rest.close()
	return errors.Join(t.unknowns(calls), t.link.close())
}

func (t *Twilio) newCall(from, to, direction string, options []Option) *Call {
	c := &Call{
		SID: newSID("CA"), From: from, To: to,
		tw: t, direction: direction, begun: time.Now(),
		plan: plan{inboundPath: t.cfg.InboundPath, statusURL: t.cfg.PublicURL + t.cfg.StatusPath, statusEvents: []string{"completed"},
			inboundMethod: http.MethodPost, statusMethod: http.MethodPost, detectionMethod: http.MethodPost, dialStatus: "completed", referred: "in-progress"},
		changed:  make(chan struct{}),
		answered: make(chan struct{}),
		left:     make(chan struct{}),
		done:     make(chan struct{}),
		status:   "ringing",
	}
	if direction != "inbound" {
		c.status = "queued"
	} else if t.cfg.FallbackPath != "" {
		c.plan.fallbackURL, c.plan.fallbackMethod = t.cfg.PublicURL+t.cfg.FallbackPath, http.MethodPost
	}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	for _, o := range options {
		o(&c.plan)
	}
	t.mu.Lock()
	if t.closed {
		c.end(errHungUp)
	}
	t.calls[c.SID] = c
	t.mu.Unlock()
	for _, w := range c.plan.watchers {
		if w.Begun != nil {
			w.Begun(c)
		}
	}
	return c
}

func (t *Twilio) call(sid string) *Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[sid]
}

// fail stops the test, or hands err on where there is none.
func (t *Twilio) fail(err error) error {
	if err != nil && t.tb != nil {
		t.tb.Helper()
		t.tb.Fatal(err)
	}
	return err
}

// newSID returns a fresh Twilio identifier: two letters and 32 hexadecimal digits.
func newSID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return prefix + hex.EncodeToString(b[:])
}
