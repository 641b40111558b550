package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/signature"
)

// Defaults of [Config].
const (
	DefaultMaxDuration = 5 * time.Minute
	DefaultMaxStreams  = 1000
	DefaultPath        = "/api/voice"
)

// Config says how a [Server] answers calls. AuthTokens, PublicURL and Handler
// are required.
type Config struct {
	// AuthTokens are the Twilio account's auth tokens. Requests signed with any
	// of them are accepted, so that a token can be replaced without an outage:
	// first the one in force, then its successor.
	AuthTokens []string
	// AccountSIDs, when set, are the only accounts whose calls are accepted.
	AccountSIDs []string
	// PublicURL is the scheme, host and, if a proxy strips one, path prefix under
	// which Twilio reaches this server, as "https://calls.example.com". Signatures
	// are checked against it and stream URLs are made of it. It must be https, as
	// Twilio opens streams over TLS only; http is accepted for loopback hosts.
	PublicURL string

	// Path is where the host mounts the server in its mux, without a slash at the
	// end; "" means [DefaultPath]. It cannot be the root.
	Path string

	// Handler answers the calls.
	Handler Handler
	// STT recognises speech. Without it calls have no transcripts.
	STT stt.Engine
	// Language of the callers, a BCP 47 tag; "" is the engine's default.
	Language string
	// Phrases are what callers are likely to say; engines take them as hints or
	// as all there is, according to their kind.
	Phrases []string
	// Policy decides about every call whose webhook comes in, also those that the
	// service placed, which take places of the account (see policy.Call.Placed).
	// Without one all calls are taken.
	Policy policy.Policy

	// Before are verbs that run before the stream opens, in every call: an
	// announcement of less than a minute, or the start of a recording or of a
	// transcription with its callback. Recording costs money, and in many places
	// needs the caller's consent.
	Before []twiml.Verb

	// MaxDuration ends longer calls; 0 means [DefaultMaxDuration]. A policy that
	// leases places needs leases that are longer.
	MaxDuration time.Duration
	// MaxStreams bounds the streams this server holds at once; 0 means
	// [DefaultMaxStreams]. Capacity of the account is the policy's business.
	MaxStreams int
	// SessionKeys sign what travels through Twilio: the token that binds a stream
	// to its webhook, and the question that a suspicious caller has to answer. At
	// least 16 random bytes each: the first signs, all are accepted. Without any,
	// keys are derived from AuthTokens.
	SessionKeys [][]byte
	// Claims are shared with the other instances of the service. Without them each
	// instance knows only what it did itself: a token could open a stream on each,
	// and a call whose callback reaches another instance than its stream counts
	// on both.
	Claims Claims
	// Hanger, when set, also hangs up by REST when the server ends a call. Without
	// it a call ends by the TwiML that follows the stream.
	Hanger Hanger

	// Logger gets a line per call and per thing that goes wrong; nil discards.
	Logger *slog.Logger
	// LogNumber turns a caller's or callee's number into what the log may show;
	// nil shows it whole. See [MaskNumber] and [HashNumber].
	LogNumber func(number string) string
	// Trace holds hooks for metrics.
	Trace *Trace
}

// Hanger ends calls by REST. The client of package twiliorest is one, and an
// [Updater] as well.
type Hanger interface {
	// HangUp ends the call. A call that is over already is no error.
	HangUp(ctx context.Context, callSID string) error
}

// Updater is implemented by a [Hanger] that can also give a live call other
// TwiML, which [Call.Transfer] needs.
type Updater interface {
	// Update makes the call run the TwiML instead of what it runs now.
	Update(ctx context.Context, callSID, twiml string) error
}

// check returns everything that is wrong with the configuration.
func (c *Config) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("voice: "+format, args...)) }
	if c.Handler == nil {
		wrong("Handler is missing")
	}
	if len(c.AuthTokens) == 0 {
		wrong("AuthTokens is empty: without a token nobody's requests can be trusted")
	}
	for i, sid := range c.AccountSIDs {
		if !accountSID.MatchString(sid) {
			wrong("AccountSIDs[%d] is not AC and 32 hexadecimal digits", i)
		}
	}
	if _, err := streamBase(c.PublicURL); err != nil {
		errs = append(errs, err)
	}
	if u, err := url.Parse(c.PublicURL); err == nil && c.Path != "" && strings.Contains(u.Path+"/", c.Path+"/twilio/") {
		wrong("PublicURL %q is to be without %s/twilio and what follows, which is added", u.Redacted(), c.Path)
	}
	if !strings.HasPrefix(c.Path, "/") || path.Clean(c.Path) != c.Path || c.Path == "/" || strings.ContainsAny(c.Path, "{}?# ") {
		wrong("Path %q is not of the form /api/voice", c.Path)
	}
	if err := twiml.New(c.Before...).Validate(); err != nil {
		wrong("Before: %w", err)
	}
	if c.MaxDuration < 0 {
		wrong("MaxDuration is negative: %v", c.MaxDuration)
	}
	if c.MaxStreams < 0 {
		wrong("MaxStreams is negative: %d", c.MaxStreams)
	}
	for i, key := range c.SessionKeys {
		if len(key) < minKeyLength {
			wrong("SessionKeys[%d] has %d bytes, fewer than %d", i, len(key), minKeyLength)
		}
	}
	return errors.Join(errs...)
}

// withDefaults returns a copy of the configuration that needs no nil checks.
func (c Config) withDefaults() Config {
	if c.MaxDuration == 0 {
		c.MaxDuration = DefaultMaxDuration
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.Path == "" {
		c.Path = DefaultPath
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.AuthTokens = slices.Clone(c.AuthTokens)
	c.Trace = c.Trace.complete().contained(c.Logger)
	return c
}

// secrets returns what keys are derived from.
func (c *Config) secrets() [][]byte {
	if len(c.SessionKeys) > 0 {
		return c.SessionKeys
	}
	secrets := make([][]byte, len(c.AuthTokens))
	for i, token := range c.AuthTokens {
		secrets[i] = []byte(token)
	}
	return secrets
}

// signature says how Twilio's signatures are checked.
func (c *Config) signature() signature.Options {
	return signature.Options{
		Tokens:      c.AuthTokens,
		AccountSIDs: c.AccountSIDs,
		PublicURL:   c.PublicURL,
		Logger:      c.Logger,
		OnResult:    c.Trace.Signature,
	}
}

// streamBase turns a public URL into the WebSocket URL of the same place.
func streamBase(publicURL string) (string, error) {
	if publicURL == "" {
		return "", errors.New("voice: PublicURL is missing: signatures cover the URL that Twilio was given")
	}
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return "", errors.New("voice: PublicURL is not a URL")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("voice: PublicURL %q has a query or fragment", u.Redacted())
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return "", fmt.Errorf("voice: PublicURL %q is not https: Twilio opens streams over TLS only", u.Redacted())
	}
	// http becomes ws and https wss; the rest stays as it is, because it is signed.
	return "ws" + strings.TrimSuffix(publicURL[len("http"):], "/"), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
