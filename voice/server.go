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
// A call can also be listened to, on one or both tracks, while TwiML of the host's own runs:
// see [Server.Listening].
//
// No instance remembers a call between the webhook and the stream: what the
// stream must know travels in its URL, signed. So any instance behind a load
// balancer can take the stream.
package voice

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/logqueue"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

// Server answers calls. Its methods may be called from any goroutine. It is made by [New]; the
// zero value is not usable.
type Server struct {
	config     Config
	validator  *signature.Validator
	keys       atomic.Pointer[sessionKeys]
	rotating   sync.Mutex // one change of the auth tokens or shared keys at a time
	signing    signature.Options
	publicBase string // the public URL, without a slash at its end
	streamBase string // the same as a WebSocket URL
	handler    http.Handler
	limits     mediastream.Options // of streams: the defaults, but for tests
	started    time.Time

	used     *recent[[8]byte, struct{}] // nonces of session tokens
	answers  replies                    // a webhook delivered twice gets one answer
	finished *recent[callID, ending]    // calls that have ended
	admitted *recent[callID, bool]      // calls that Admitted let through
	detected *recent[callID, string]    // who answered placed calls
	awaited  awaited                    // what machine detection comes to
	denied   *recent[callID, int]       // calls whose stream was refused for its signature or token
	id       string                     // of this instance, for the others
	recorded *slog.Logger               // of requests with Twilio's signature that are recorded and sent again; limited per minute
	hearer   *checkups                  // of the speech engine
	talking  *checkups                  // of the synthesiser
	ends     ends                       // of calls, that wait for the store
	toldEnds toldEnds                   // of late
	hearing  hearing                    // how recognition goes
	speaker  tts.Synthesizer            // nil without Config.TTS

	returning chan struct{} // has room for the calls that may be on their way back at once

	registry // of calls, streams and places
}

const (
	rememberTokens   = sessionTTL + 2*maxSkew // as the clocks of instances differ
	rememberAnswers  = time.Minute            // Twilio retries a webhook within 15 s
	rememberAdmitted = 24 * time.Hour
	rememberLimit    = 100_000
)

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
	keys, err := newSessionKeys(config.keyMaterial())
	if err != nil {
		return err
	}
	signing := s.signing
	signing.Tokens = config.AuthTokens
	if err := s.resign(signing); err != nil {
		return err
	}
	s.keys.Store(keys.after(s.keys.Load(), time.Now()))
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
	ActiveCalls int    // streams between their start and their end
	Streams     int    // WebSocket connections, started or not
	MaxStreams  int    // Config.MaxStreams
	Draining    bool   // Shutdown has been called
	Lacking     string // what the process is too short of for another call: "memory" (90 % of GOMEMLIMIT) or "file descriptors" (32 are left); "" = nothing
	LogDropped  uint64 // lines that Config.Logger did not take in time
}

// Stats returns what the server is doing now.
func (s *Server) Stats() Stats {
	st := Stats{MaxStreams: s.config.MaxStreams, Lacking: s.spare.lacks()}
	if queue, ok := s.config.Logger.Handler().(*logqueue.Handler); ok {
		st.LogDropped = queue.Dropped()
	}
	st.ActiveCalls, st.Streams, st.Draining = s.counts()
	return st
}

// Calls returns the calls that are active now, in no particular order.
func (s *Server) Calls() []Info {
	all := s.all()
	calls := make([]Info, len(all))
	for i, call := range all {
		calls[i] = call.Info
	}
	return calls
}

// Format implements fmt.Formatter and never prints secrets.
func (s *Server) Format(f fmt.State, _ rune) { io.WriteString(f, s.summary()) }

// LogValue implements slog.LogValuer, without secrets.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Server) summary() string {
	if s == nil {
		return "voice.Server(nil)"
	}
	return "voice.Server{" + s.config.summary() + "}"
}
