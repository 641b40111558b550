package voice

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/throttle"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

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
	keys, err := newSessionKeys(c.keyMaterial())
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
		answers:    replies{newRecent[string, *pendingAnswer](rememberAnswers, rememberLimit)},
		finished:   newRecent[callID, ending](rememberFinished, rememberLimit),
		admitted:   newRecent[callID, bool](rememberAdmitted, rememberLimit),
		detected:   newRecent[callID, string](amdKeep, rememberLimit),
		denied:     newRecent[callID, int](rememberAnswers, rememberLimit),
		recorded:   slog.New(throttle.New(c.Logger.Handler(), recordedLines)),
		returning:  make(chan struct{}, maxReturning),
		registry: registry{
			most:     c.MaxStreams,
			beating:  make(chan struct{}, 1),
			broken:   make(map[string]*brokenCall),
			promised: make(map[[8]byte]time.Time),
			calls:    make(map[callKey]*liveCall),
			streams:  make(map[*stream]struct{}),
			idle:     make(chan struct{}),
		},
	}
	if speaking := &s.config.TTSOptions.Config; speaking.Language == "" {
		speaking.Language = c.Language
	}
	if c.TTS != nil {
		s.speaker = tts.Failover(tts.FailoverOptions{}, c.TTS)
	}
	s.hearer = newCheckups(func(ctx context.Context) error { return stt.Check(ctx, c.STT) },
		func(err error) { c.Logger.Warn("speech engine is not ready", "error", err) })
	s.talking = newCheckups(func(ctx context.Context) error { return tts.Check(ctx, s.speaker) },
		func(err error) { c.Logger.Warn("synthesiser is not ready", "error", err) })
	s.say = s.stillRunning
	s.keys.Store(keys)
	s.handler = s.routes()
	s.watchStore()
	return s, nil
}

// routes returns the handler of everything below the path, which tells whoever
// wraps the server which pattern was served: by WithRoute, and by the request's
// Pattern.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(route string, h http.Handler) {
		pattern := s.config.Path + route
		mux.Handle(pattern, telling(pattern, h))
	}
	if s.config.Handler != nil {
		handle(inboundRoute, s.verified(http.HandlerFunc(s.serveInbound)))
	}
	handle(challengeRoute+"{token}", s.verified(http.HandlerFunc(s.serveChallenge)))
	handle(resumeRoute+"{token}", s.verified(http.HandlerFunc(s.serveResume)))
	handle(statusRoute, s.verified(http.HandlerFunc(s.serveStatus)))
	handle(amdRoute, s.verified(http.HandlerFunc(s.serveAMD)))
	handle(streamRoute+"{token}", http.HandlerFunc(s.serveStream))
	handle(healthRoute, http.HandlerFunc(s.serveHealth))
	return mux
}

// recordedLines are what recorded requests may write into the log in a minute.
const recordedLines = 100

// ServeHTTP serves, below [Config].Path:
//
//	POST twilio/inbound            a call comes in; not without Config.Handler
//	POST twilio/challenge/{token}  a suspicious caller has pressed digits
//	GET  twilio/stream/{token}     the call's audio, a WebSocket
//	POST twilio/resume/{token}     a call's stream has ended
//	POST twilio/status             a call has ended
//	POST twilio/amd                a person or a machine has answered a placed call
//	GET  health                    how the server is, as JSON
//
// A middleware around the server learns by [WithRoute] which of them it was.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tellRoute(r, "")
	s.handler.ServeHTTP(w, r)
}
