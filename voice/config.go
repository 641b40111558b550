package voice

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"time"

	"agentos.dev/dialtone/internal/logqueue"
	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

// Defaults of [Config].
const (
	DefaultMaxDuration = 5 * time.Minute
	DefaultMaxStreams  = 1000
	DefaultPath        = "/api/voice"
)

// Config says how a [Server] answers calls. AuthTokens, PublicURL and a Handler or
// Listener are required. [New] copies what it holds; blanks and line breaks around tokens, SIDs
// and the URL do not count.
type Config struct {
	// AuthTokens are the Twilio account's auth tokens. Requests signed with any
	// of them are accepted, so that a token can be replaced without an outage:
	// first the one in force, then its successor.
	//
	// They are needed beside SharedKeys, too: Twilio signs with the auth token what
	// no rule of its Webhooks configuration API covers, such as the handshakes of
	// streams.
	AuthTokens []string
	// SharedKeys are the secrets of Twilio's Webhooks configuration API by key id. A
	// webhook or handshake that names one is checked against that key alone. See
	// signature.Options.
	SharedKeys map[string]string
	// SharedKeyPins, by key id, limit a shared key to an algorithm or an account.
	SharedKeyPins map[string]signature.Pin
	// ReportOnly answers webhooks and handshakes whose signature is wrong, but logs and counts
	// them (Trace.Signature) as refused. Use it to introduce signatures in a running service.
	// While it is set, the service answers unsigned requests from any sender; streams still
	// need the token of a webhook's answer.
	ReportOnly bool
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

	// Relay says which calls go over ConversationRelay, and how: for a call of which it
	// returns nil, as without Relay, a Media Stream is opened. It is asked on any instance,
	// also about a call that goes on, and must return the same Relay there. See [NewRelay].
	Relay func(call Info) *Relay

	// Handler answers the calls of the inbound route.
	Handler Handler
	// Listener hears the calls that are only listened to, while TwiML of the host's own
	// runs: see [Server.Listening]. It needs STT.
	Listener Handler
	// STT recognises speech. Without it calls have no transcripts.
	STT stt.Engine
	// Language of the callers, a BCP 47 tag such as "en-GB", in whatever case; "" is the
	// engine's default.
	Language string
	// Phrases are what callers are likely to say. Engines take them as hints, or as the
	// only phrases recognised.
	Phrases []string
	// TTS says text, for [Call.Say] and [Call.Ask]. The calls share what watches over it: a
	// synthesiser that fails again and again is left alone for a while. For several, give a
	// tts.Failover.
	TTS tts.Synthesizer
	// TTSOptions say how text is said. Their Language is the one above if empty.
	TTSOptions tts.Options
	// Interruption says when callers interrupt what is said and played. The zero value has
	// speech and keys interrupt, and goes on after a cough, an echo or an "uh-huh".
	Interruption Interruption
	// Silence says after how long a silent caller causes an event.
	Silence Silence
	// Policy decides about every call whose webhook comes in, also those that the
	// service placed, which take places of the account (see policy.Call.Outbound).
	// Without one all calls are taken.
	Policy policy.Policy

	// Refusal, when set, returns the TwiML for a refused call: voicemail outside business
	// hours, for instance. nil is the usual answer: <Reject>, or the Message of the
	// decision. Anything but <Reject> answers the call, which Twilio bills.
	Refusal func(ctx context.Context, call Info, d policy.Decision) *twiml.Response

	// Before are verbs that run before the stream opens, in every call: an
	// announcement of less than a minute, or the start of a recording or of a
	// transcription with its callback. Verbs that may not lead on to the stream within
	// a minute are refused: Gather, Redirect, Dial and all others but Say, Play, Pause,
	// Start, Stop and Sms. Recording costs money, and in many places needs the caller's
	// consent.
	Before []twiml.Verb

	// MaxDuration ends longer calls; 0 means [DefaultMaxDuration].
	MaxDuration time.Duration
	// MaxStreams bounds the streams this server holds at once; 0 means
	// [DefaultMaxStreams]. Capacity of the account is the policy's business.
	MaxStreams int
	// SessionKeys sign what travels through Twilio: the token that binds a stream
	// to its webhook, and the question that a suspicious caller has to answer. At
	// least 16 random bytes each: the first signs, all are accepted. Without any,
	// keys are derived from AuthTokens.
	SessionKeys [][]byte
	// Store is where the instances of a service agree: on which of them a token opens a
	// stream, on which of them reports a call's end, wherever its callbacks arrive, and on
	// which calls have ended, so that a recorded webhook of one is not answered. Give the
	// policies the same one. nil: this instance is alone.
	Store *policy.Store
	// Observers receive the outcomes of calls, as a policy with the method of
	// [policy.Observer] does: an outbound.Gate, for instance. The instances that share a Store
	// report each end of a call once.
	Observers []policy.Observer

	// Resume says which calls go on with another stream when theirs breaks, or when the
	// server shuts down.
	Resume Resume
	// LameDuck is how long Server.Shutdown goes on taking calls before it hands them over
	// to other instances, while health and Stats report draining. Set it to the time in
	// which the load balancer notices. 0 loses no call if the balancer asks neither.
	LameDuck time.Duration

	// CallControl, when set, also hangs up by REST when the server ends a call. Without
	// it a call ends by the TwiML that follows the stream.
	CallControl CallControl

	// Logger gets a line per call and per thing that goes wrong; nil discards. One that
	// takes more than half a second for a line holds nothing up: see Stats.LogDropped.
	Logger *slog.Logger
	// LogNumber turns a caller's or callee's number into what the log may show;
	// nil shows it whole. See [MaskNumber] and [HashNumber].
	LogNumber func(number string) string
	// Trace holds hooks for metrics.
	Trace *Trace
	// Journal records the calls, to replay them: what Twilio asks and is answered, the
	// messages of streams, what is recognised and what the handler does. nil records nothing.
	// It is closed by who made it, after Shutdown.
	Journal *journal.Recorder
}

// withDefaults returns a copy of the configuration that needs no nil checks, that
// nobody else can change, and whose texts are without what stands around them where they
// were copied from. Before is copied when it is checked.
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
	if option.Logger("", c.Logger) == nil {
		c.Logger = slog.New(logqueue.New(c.Logger.Handler()))
	}
	c.AuthTokens, c.AccountSIDs, c.Phrases = trimmed(c.AuthTokens), trimmed(c.AccountSIDs), slices.Clone(c.Phrases)
	c.PublicURL = option.Trim(c.PublicURL)
	c.SessionKeys = slices.Clone(c.SessionKeys)
	c.Interruption, c.Silence = c.Interruption.complete(), c.Silence.complete()
	c.Store, c.Observers = policy.InMemory(c.Store), slices.Clone(c.Observers)
	for i, key := range c.SessionKeys {
		c.SessionKeys[i] = slices.Clone(key)
	}
	c.SharedKeys, c.SharedKeyPins = trimmedValues(c.SharedKeys), maps.Clone(c.SharedKeyPins)
	c.Trace = c.Trace.complete().contained(c.Logger)
	return c
}

// trimmed returns a copy of texts without what stands around them.
func trimmed(texts []string) []string {
	texts = slices.Clone(texts)
	for i, text := range texts {
		texts[i] = option.Trim(text)
	}
	return texts
}

// trimmedValues returns a copy of a map whose texts are without what stands around them.
func trimmedValues(texts map[string]string) map[string]string {
	texts = maps.Clone(texts)
	for key, text := range texts {
		texts[key] = option.Trim(text)
	}
	return texts
}

// keyMaterial returns the secrets that keys are derived from.
func (c *Config) keyMaterial() [][]byte {
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
		Tokens:        c.AuthTokens,
		SharedKeys:    c.SharedKeys,
		SharedKeyPins: c.SharedKeyPins,
		AccountSIDs:   c.AccountSIDs,
		ReportOnly:    c.ReportOnly,
		PublicURL:     c.PublicURL,
		Logger:        c.Logger,
		OnResult:      c.Trace.Signature,
	}
}

// resumes reports whether a call may go on with another stream.
func (c *Config) resumes() bool {
	switch c.Resume {
	case ResumeShared:
		return c.Store.Shared() || c.CallControl != nil
	case ResumeAlone:
		return true
	}
	return false
}

// handsOver reports whether other instances can take the calls of a server that shuts down.
func (c *Config) handsOver() bool {
	_, updates := c.CallControl.(Updater)
	return c.Resume != ResumeNever && (c.Store.Shared() || updates)
}

// Format implements fmt.Formatter and never prints secrets.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.summary()) }

// LogValue implements slog.LogValuer, without secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.summary()) }

func (c Config) summary() string {
	public := "[malformed]"
	if u, err := url.Parse(c.PublicURL); err == nil {
		public = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return fmt.Sprintf("voice.Config{PublicURL: %q, Path: %q, AuthTokens: %d [redacted], SharedKeys: %d [redacted], SessionKeys: %d [redacted], MaxDuration: %v, MaxStreams: %d}",
		public, c.Path, len(c.AuthTokens), len(c.SharedKeys), len(c.SessionKeys), c.MaxDuration, c.MaxStreams)
}
