// Package voice answers Twilio phone calls: it verifies Twilio's webhooks, asks
// a policy who may call, opens the call's audio stream, has the caller's speech
// recognised, and runs one [Handler] per call.
//
// A [Server] is an http.Handler that a host mounts in its own mux:
//
//	srv, err := voice.New(voice.Config{
//		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
//		PublicURL:  "https://calls.example.com",
//		STT:        engine,
//		Handler:    voice.HandlerFunc(answer),
//	})
//	...
//	mux.Handle("/api/voice/", srv)
//
// The phone number's voice URL is then
// https://calls.example.com/api/voice/twilio/inbound, and its status callback
// https://calls.example.com/api/voice/twilio/status.
//
// No instance remembers a call between the webhook and the stream: what the
// stream must know travels in its URL, signed. So any instance behind a load
// balancer can take the stream.
package voice

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/throttle"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/signature"
)

// Server answers calls. Its methods may be called from any goroutine.
type Server struct {
	config     Config
	validator  *signature.Validator
	secrets    atomic.Pointer[secrets]
	rotating   sync.Mutex // one change of the auth tokens or shared keys at a time
	signing    signature.Options
	publicBase string // the public URL, without a slash at its end
	streamBase string // the same as a WebSocket URL
	handler    http.Handler
	limits     mediastream.Options // of streams: the defaults, but for tests
	started    time.Time

	used     *recent[[8]byte, struct{}]      // nonces of session tokens
	answers  *recent[string, *pendingAnswer] // a webhook delivered twice gets one answer
	finished *recent[callID, ending]         // calls that have ended
	admitted *recent[callID, bool]           // calls that Admitted let through
	id       string                          // of this instance, for the others
	recorded *slog.Logger                    // of requests that Twilio has signed and who has recorded them sends again: so many lines a minute
	checkups checkups                        // of the speech engine

	mu      sync.Mutex
	calls   map[string]*liveCall // by CallSid, from start to end
	streams map[*stream]struct{} // accepted, started or not
	places  int                  // taken by streams, the handshakes under way included
	running int                  // streams and goroutines of calls that Shutdown waits for
	drains  time.Time            // since when there are no new calls; zero until Shutdown
	closed  bool                 // no streams either
	pulse   *time.Timer          // says which calls are up; nil without calls
	untold  []*untold            // ends to be told when the store is back
	retry   *time.Timer          // tells them
	silent  bool                 // Shutdown has told them: nothing waits any more
	telling sync.Mutex           // while that is done
	idle    chan struct{}        // closed when Shutdown has nothing left to wait for
}

const (
	rememberTokens   = 2 * sessionTTL // twice, as the clocks of instances differ
	rememberAnswers  = time.Minute    // Twilio retries a webhook within 15 s
	rememberFinished = 24 * time.Hour // as long as a call can last
	rememberAdmitted = 24 * time.Hour
	rememberLimit    = 100_000
)

// recordedLines are what recorded requests may write into the log in a minute.
const recordedLines = 100

// New returns a server, or an error that joins everything that is wrong with the
// configuration, mostly of type [*OptionError]. What can work and hardly does, as an API
// key in the place of an auth token or a public URL that Twilio cannot reach, is a
// warning of [Config].Logger.
func New(config Config) (*Server, error) {
	c := config.withDefaults()
	wrong := c.check()
	validator, err := signature.New(c.signatureBut(wrong))
	if err := errors.Join(append(wrong, err)...); err != nil {
		return nil, err
	}
	for _, doubt := range c.doubts() {
		c.Logger.Warn(doubt.Error())
	}
	warnUnknown(c.Logger, "Config.Before", twiml.New(c.Before...))
	secrets, err := newSecrets(c.secrets())
	if err != nil {
		return nil, err
	}
	base, _ := streamBase(c.PublicURL)
	s := &Server{
		config:     c,
		validator:  validator,
		signing:    c.signature(),
		publicBase: strings.TrimSuffix(c.PublicURL, "/"),
		streamBase: base,
		started:    time.Now(),
		id:         rand.Text(),
		used:       newRecent[[8]byte, struct{}](rememberTokens, rememberLimit),
		answers:    newRecent[string, *pendingAnswer](rememberAnswers, rememberLimit),
		finished:   newRecent[callID, ending](rememberFinished, rememberLimit),
		admitted:   newRecent[callID, bool](rememberAdmitted, rememberLimit),
		calls:      make(map[string]*liveCall),
		streams:    make(map[*stream]struct{}),
		recorded:   slog.New(throttle.New(c.Logger.Handler(), recordedLines)),
		checkups:   checkups{turn: make(chan struct{}, 1)},
		idle:       make(chan struct{}),
	}
	s.secrets.Store(secrets)
	s.handler = s.routes()
	return s, nil
}

// The routes, below [Config].Path.
const (
	inboundRoute   = "/twilio/inbound"
	challengeRoute = "/twilio/challenge/"
	statusRoute    = "/twilio/status"
	streamRoute    = "/twilio/stream/"
	healthRoute    = "/health"
)

// routes returns the handler of everything below the path. Its patterns are
// whole paths, so that whoever wraps the server finds in the request's Pattern
// which of them was served.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	path := s.config.Path
	mux.Handle(path+inboundRoute, s.validator.Middleware(http.HandlerFunc(s.serveInbound)))
	mux.Handle(path+challengeRoute+"{token}", s.validator.Middleware(http.HandlerFunc(s.serveChallenge)))
	mux.Handle(path+statusRoute, s.validator.Middleware(http.HandlerFunc(s.serveStatus)))
	mux.HandleFunc(path+streamRoute+"{token}", s.serveStream)
	mux.HandleFunc(path+healthRoute, s.serveHealth)
	return mux
}

// ServeHTTP serves, below [Config].Path:
//
//	POST twilio/inbound            a call comes in
//	POST twilio/challenge/{token}  a suspicious caller has pressed digits
//	GET  twilio/stream/{token}     the call's audio, a WebSocket
//	POST twilio/status             a call has ended
//	GET  health                    how the server is, as JSON
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Verified passes on to next the requests that Twilio signed, by the auth tokens and
// shared keys in force: it is for webhooks of the host's own within a call, such as the
// choice from a menu and the callbacks of recordings. The first webhook of a call needs
// [Server.Admitted]. See [signature.Validator.Middleware].
func (s *Server) Verified(next http.Handler) http.Handler { return s.validator.Middleware(next) }

// SetAuthTokens replaces the auth tokens while the server runs. What was signed
// with keys derived from the former ones is accepted for another minute.
func (s *Server) SetAuthTokens(tokens []string) error {
	s.rotating.Lock()
	defer s.rotating.Unlock()
	config := s.config
	config.AuthTokens = trimmed(tokens)
	if err := errors.Join(checkTokens(config.AuthTokens)...); err != nil {
		return err
	}
	secrets, err := newSecrets(config.secrets())
	if err != nil {
		return err
	}
	signing := s.signing
	signing.Tokens = config.AuthTokens
	if err := s.resign(signing); err != nil {
		return err
	}
	s.secrets.Store(secrets.after(s.secrets.Load(), time.Now()))
	return nil
}

// SetSharedKeys replaces the shared keys and their pins while the server runs, all
// of them: list the new key beside the old one until Twilio no longer signs with
// that. What travels through Twilio is signed with other keys and stays valid.
func (s *Server) SetSharedKeys(keys map[string]string, pins map[string]signature.Pin) error {
	s.rotating.Lock()
	defer s.rotating.Unlock()
	signing := s.signing
	signing.SharedKeys, signing.SharedKeyPins = trimmedValues(keys), maps.Clone(pins)
	return s.resign(signing)
}

// resign puts another set of keys in force, or leaves the present one when it is
// wrong. The caller holds rotating.
func (s *Server) resign(signing signature.Options) error {
	if err := s.validator.Reload(signing); err != nil {
		return err
	}
	s.signing = signing
	return nil
}

// Stats is a view of a server at one moment.
type Stats struct {
	ActiveCalls int  // streams between their start and their end
	Streams     int  // WebSocket connections, started or not
	MaxStreams  int  // Config.MaxStreams
	Draining    bool // Shutdown has been called
}

// Stats returns what the server is doing now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{len(s.calls), s.places, s.config.MaxStreams, !s.drains.IsZero()}
}

// Calls returns the calls that are active now, in no particular order.
func (s *Server) Calls() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Info, 0, len(s.calls))
	for _, call := range s.calls {
		calls = append(calls, call.Info)
	}
	return calls
}

// drainGrace is how long calls that Shutdown has ended may take to clean up.
const drainGrace = 5 * time.Second

// Shutdown refuses new calls, waits for those in progress to end, and returns.
// The stream of a call whose webhook was answered before is still taken, as long
// as there are others to wait for. When ctx ends first, Shutdown ends the calls
// that are left and returns the error of ctx. http.Server.Shutdown does not know of
// streams: call this first. A load balancer in front must have stopped sending calls
// here before: webhooks are still answered, but a later call's stream that comes back
// to this server is refused, which hangs up on the caller.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.drain(ctx)
	s.tellRest(ctx)
	return err
}

// drain waits for the calls in progress, or ends them.
func (s *Server) drain(ctx context.Context) error {
	s.mu.Lock()
	if s.drains.IsZero() {
		s.drains = time.Now()
	}
	s.settle()
	s.mu.Unlock()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-s.idle: // there was nothing to wait for
		return nil
	default:
	}
	s.mu.Lock()
	s.closed = true
	left := len(s.calls)
	for stream := range s.streams {
		if call := s.calls[stream.info.SID]; call != nil && call.stream == stream {
			go call.end(ReasonShutdown, nil)
		} else {
			go stream.Close(closeGoingAway, "")
		}
	}
	s.mu.Unlock()
	s.config.Logger.Warn("shutting down: the calls that are left are ended", "calls", left)
	select {
	case <-s.idle:
	case <-time.After(drainGrace):
		s.config.Logger.Warn("shut down without waiting any longer: a handler does not heed its context")
	}
	return ctx.Err()
}

// admit reserves a place for a stream.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.places >= s.config.MaxStreams {
		return false
	}
	s.places++
	s.running++
	return true
}

// drained reports whether the server was draining already at the time.
func (s *Server) drained(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.drains.IsZero() && at.After(s.drains)
}

// enter has Shutdown wait until exit is called. Whoever calls it must itself be
// waited for.
func (s *Server) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running++
}

func (s *Server) exit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	s.settle()
}

// settle ends the wait of Shutdown when there is nothing left to wait for. The
// caller holds the lock.
func (s *Server) settle() {
	if s.drains.IsZero() || s.running > 0 {
		return
	}
	s.closed = true
	select {
	case <-s.idle:
	default:
		close(s.idle)
	}
}

// keep notes a stream that has been accepted, so that Shutdown finds it.
func (s *Server) keep(stream *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.streams[stream] = struct{}{}
	return true
}

// leave gives the place of a stream back; nil is one that was never accepted.
func (s *Server) leave(stream *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, stream)
	s.places--
	s.running--
	s.settle()
}
