// Package signature verifies X-Twilio-Signature, the proof that a webhook or a
// WebSocket handshake comes from Twilio.
//
// Twilio signs the URL it was given, followed by the parameters of a form,
// with HMAC-SHA1 under the account's auth token
// (https://www.twilio.com/docs/usage/security#validating-requests):
//
//	v, err := signature.New(signature.Options{
//		Tokens:    []string{os.Getenv("TWILIO_AUTH_TOKEN")},
//		PublicURL: "https://calls.example.com",
//	})
//	...
//	mux.Handle("/twilio/", v.Middleware(handler))
//
// A request that carries an Upgrade: websocket header is a handshake and is
// checked against the wss URL, any other against the https URL. The scheme is
// part of what is signed, so a webhook's signature opens no stream and a
// stream's signature no webhook.
//
// The URL counts byte for byte, but for what Twilio itself is not consistent
// about: a port may be missing, or be the default one where there is none, and
// an empty path may be a slash.
//
// Where a rule of Twilio's Webhooks configuration API names a shared key, that key
// signs in place of the auth token, with HMAC-SHA1 or HMAC-SHA256, and the request
// names both (https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys):
//
//	X-Twilio-Webhooks-Signature-Settings: key=webhooks_sharedkey_...,algorithm=HMAC_SHA256
//
// The header is read as Twilio's own SDK reads it. A request without it, or with an
// empty one, is checked against the auth tokens; a request with it against that
// shared key and nothing else.
//
// What strangers can cost: a body and its parameters are bounded before anything
// is hashed, the number of hashes does not grow with the number of accounts, and
// bodies that have not arrived are bounded in time, number and memory
// ([Options.BodyTimeout], [Options.MaxPending]).
//
// What the signature cannot do, whoever checks it: it holds no time and no
// nonce, so a recorded request stays valid; it does not cover the method; and
// it joins keys and values without a delimiter, so that "Digits=12&From=3" and
// "Digits12F=rom3" are signed alike. [Options.AccountSIDs] closes most of the
// last gap; a stream needs a one-time token beside the signature.
package signature

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The headers that carry a signature, as net/http spells them.
const (
	Header         = "X-Twilio-Signature"
	SettingsHeader = "X-Twilio-Webhooks-Signature-Settings"
)

// Options configures a [Validator]. At least one of Tokens, TokensByAccount and
// SharedKeys is needed; every other field has a useful zero value.
type Options struct {
	// Tokens are the auth tokens that are accepted, all of them at any time: list
	// the new one beside the old one while rotating.
	Tokens []string

	// TokensByAccount holds the tokens of subaccounts, which sign with their own
	// token, by account SID. A request whose AccountSid is listed here is checked
	// against these tokens only. A form that names no account, or another one, is
	// checked against Tokens.
	TokensByAccount map[string][]string

	// AccountOf returns the account of a request that names none in a parameter, a
	// handshake or a JSON webhook, for instance from a path such as
	// /stream/{account}; "" is none. The answer says which tokens to check, not that
	// they fit. Without it, such requests are checked against Tokens and, while these
	// and TokensByAccount are 16 tokens or fewer and the URL is no longer than 2 KiB,
	// those of all accounts; with more, New logs a warning. It is not asked by
	// [Validator.VerifyBody].
	AccountOf func(r *http.Request) string

	// SharedKeys holds the secrets of shared keys by the id that
	// X-Twilio-Webhooks-Signature-Settings names. A request that names a key is
	// checked against that key alone, never against a token, and is refused when the
	// key is not here. Several keys are accepted at a time, so that one can replace
	// another by percentages.
	SharedKeys map[string]string

	// SharedKeyPins, by key id, limit what a shared key is accepted for: the header
	// is not signed, so a sender chooses among the keys and algorithms that are
	// accepted. A key without a pin may use either algorithm and sign for every
	// account, also for those in TokensByAccount.
	SharedKeyPins map[string]Pin

	// AccountSIDs, when set, are the only accounts whose webhooks are accepted,
	// whichever key signed them. It does not apply to handshakes and JSON webhooks,
	// which name no account in a parameter, unless AccountOf names one.
	AccountSIDs []string

	// PublicURL is how Twilio reaches this service:
	// scheme://[user:password@]host[:port][/prefix]. The path and query of the
	// request line are appended to it as they are, so prefix is only what a proxy
	// takes away before the request arrives, never what http.StripPrefix does. A
	// scheme in capitals is signed as written, as Twilio does, or in lower case.
	PublicURL string

	// TrustedProxies are the peers whose X-Forwarded-Proto and X-Forwarded-Host
	// are believed when there is no PublicURL. Without either, the URL is that of
	// the connection: its Host header, and https when it is TLS.
	TrustedProxies []netip.Prefix

	// ProxyHops says which entry of a forwarded header counts, from the right: the
	// number of trusted proxies that append to it. 0 means 1, the last entry.
	ProxyHops int

	// Forwarded believes the Forwarded header (RFC 7239) of TrustedProxies in
	// place of X-Forwarded-Proto and X-Forwarded-Host.
	Forwarded bool

	// AllowedHosts, when set, are the only hosts a URL taken from forwarded
	// headers or from the connection may have. An entry without a port allows
	// every port. It does not apply when PublicURL is set.
	AllowedHosts []string

	// MaxBody is the largest body in bytes, 0 = 64 KiB. MaxParams is the most
	// parameters in a form, 0 = 256. Both are checked before anything is hashed.
	MaxBody   int64
	MaxParams int

	// MaxPending is how many requests of [Validator.Middleware] may wait for their
	// body at once, 0 = 256. The next one makes room by ending the one that has
	// waited longest, which is answered 503: so a flood of half-sent bodies does not
	// keep Twilio out, whose bodies come with their headers.
	MaxPending int

	// BodyTimeout is how long [Validator.Middleware] waits for a body, 0 = 5 s; then
	// the answer is 408. It and MaxPending need a ResponseWriter whose read deadline
	// can be set, or that unwraps to one (see http.ResponseController); with another
	// one, requests beyond MaxPending are themselves answered 503.
	BodyTimeout time.Duration

	// ReportOnly makes Middleware let every request through, while refusals are
	// still logged and counted. It is for switching validation on in a running
	// system, and leaves that system open until it is taken away.
	ReportOnly bool

	// OnResult, when set, is called once per request with what was found. It runs
	// on the request's goroutine.
	OnResult func(Result)

	// Logger receives a warning per refusal, at most about ten per second, with
	// the reason and what would have made the signature valid. It never receives a
	// token, a signature or the value of a parameter. nil discards.
	Logger *slog.Logger
}

// Result is what the check of one request found.
type Result struct {
	Reason    Reason // why the request was refused, empty when its signature holds
	Key       int    // index of the matching token in its list, -1 when none matched
	Account   string // account SID, when a token of TokensByAccount matched
	SharedKey string // id of the key of SharedKeys that was named, whether or not it matched
	Handshake bool   // a WebSocket handshake, not a webhook
}

// A Validator verifies requests. New makes it; the zero value is not usable. All methods are
// safe for concurrent use.
type Validator struct {
	config  atomic.Pointer[config]
	scratch sync.Pool // of *scratch
	intakes sync.Pool // of *intake
	pending pending
	notices *throttle
}

// config is what a Validator works with at one time; it never changes.
type config struct {
	Options
	keys   *keyring
	public origin // of PublicURL
}

// New returns a Validator, or every error in o at once: no token, tokens that
// are blank, in quotes or carry white space or control characters, a malformed
// PublicURL, an account whose SID no request can name. Blanks and line breaks
// around tokens, secrets, SIDs and the URL do not count. In FIPS-140-only mode
// SHA-1 is not available, and New fails.
func New(o Options) (*Validator, error) {
	v := &Validator{notices: newThrottle()}
	v.scratch.New = func() any { return new(scratch) }
	v.intakes.New = func() any { return new(intake) }
	if err := v.Reload(o); err != nil {
		return nil, err
	}
	return v, nil
}

// Reload replaces the whole configuration while requests are being served;
// those in flight finish with the one they started with. When o is wrong the
// present configuration stays, and the error is as that of [New].
func (v *Validator) Reload(o Options) error {
	c, err := newConfig(o)
	if err != nil {
		return err
	}
	doubt(c.Logger, o.trimmed())
	if len(c.keys.byAccount) > 0 && !c.keys.guessing && c.AccountOf == nil {
		c.Logger.Warn("signature: handshakes and JSON webhooks of subaccounts are refused: set AccountOf, there are too many tokens to try",
			slog.Int("tokens", len(c.keys.all)), slog.Int("limit", maxGuesses))
	}
	v.config.Store(c)
	return nil
}

func newConfig(o Options) (*config, error) {
	o = o.trimmed() // the rest is copied below or not kept
	o.TrustedProxies = slices.Clone(o.TrustedProxies)
	o.AllowedHosts = slices.Clone(o.AllowedHosts)
	c := &config{Options: o}
	var errs []error
	var err error
	if c.keys, err = newKeyring(o); err != nil {
		errs = append(errs, err)
	}
	if o.PublicURL != "" {
		if c.public, err = parsePublicURL(o.PublicURL); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, o.checkAccounts()...)
	if o.MaxBody < 0 || o.MaxParams < 0 || o.ProxyHops < 0 {
		errs = append(errs, errors.New("signature: MaxBody, MaxParams and ProxyHops must not be negative"))
	}
	if o.MaxPending < 0 || o.BodyTimeout < 0 {
		errs = append(errs, errors.New("signature: MaxPending and BodyTimeout must not be negative"))
	}
	if slices.ContainsFunc(o.TrustedProxies, func(p netip.Prefix) bool { return !p.IsValid() }) {
		errs = append(errs, errors.New("signature: TrustedProxies contains an invalid prefix"))
	}
	if o.Logger != nil && o.Logger.Handler() == nil {
		errs = append(errs, errors.New("signature: Logger has no handler: make it with slog.New"))
	}
	for _, host := range o.AllowedHosts {
		if !validHost(host) {
			errs = append(errs, errors.New("signature: AllowedHosts: "+host+" is not a host"))
		}
	}
	c.Tokens, c.TokensByAccount, c.SharedKeys, c.SharedKeyPins = nil, nil, nil, nil // the keyring has them
	if c.MaxBody == 0 {
		c.MaxBody = 64 << 10
	}
	if c.MaxParams == 0 {
		c.MaxParams = 256
	}
	if c.MaxPending == 0 {
		c.MaxPending = 256
	}
	if c.BodyTimeout == 0 {
		c.BodyTimeout = 5 * time.Second
	}
	if c.ProxyHops == 0 {
		c.ProxyHops = 1
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(errs...)
}

// Middleware passes on to next only the requests that Twilio signed. next finds
// their form in r.PostForm, exactly as it was verified, and their body unread
// in r.Body. The others get an empty answer: 405 for a method that Twilio does
// not use, 413 for a body or a form above the limits, 408 and 503 for a body that
// does not come ([Options.MaxPending]), 403 for every other reason.
func (v *Validator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := v.config.Load()
		in := v.intakes.Get().(*intake)
		err := v.verify(c, w, r, in)
		read := in.complete
		v.release(in)
		if err == nil || c.ReportOnly {
			next.ServeHTTP(w, r)
			return
		}
		status := err.Reason.Status()
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		if r.ContentLength != 0 && !read {
			abandon(w, r)
		}
		w.WriteHeader(status)
	})
}
