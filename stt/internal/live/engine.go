// Package live carries calls' audio to a speech service over WebSockets. It
// knows connections, queues and time; a [Session] knows the service's language.
package live

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/client"
	"agentos.dev/dialtone/stt/internal/secret"
)

// Service is a speech service and how to talk to it.
type Service struct {
	Name   string
	Model  string
	URL    string       // of the WebSocket
	Key    string       // is never in an error
	Client *http.Client // nil = one of the engine's own
	// Authorization is the header that a key makes; nil = the service wants none.
	Authorization func(key string) string
	// Session is called for each connection of a call.
	Session func(c stt.Config) Session
	// Query adds a call's parameters to those of the URL; nil = there are none.
	// Keep is for services without.
	Query func(q url.Values, c stt.Config)
	// Accepts refuses a call by its parameters; nil = none is.
	Accepts func(c stt.Config) error

	// Waits is set when the service says when audio can be sent.
	Waits bool
	// MinChunk and MaxChunk bound the audio in one message.
	MinChunk, MaxChunk time.Duration
	KeepAlive          time.Duration // without audio, before a message that keeps the connection; 0 = never
	// FlushWait is for a service that may leave a flush without an answer: after
	// so long a silence its Session, a [Settler], is asked. 0 = it always answers.
	FlushWait time.Duration
	// Keep is how long a connection may wait for its call, once Prewarm was
	// called; 0 = none waits, as where waiting costs money.
	Keep time.Duration
	// Life is the age from which a call goes on over a new connection, between two
	// utterances; 0 = the service sets connections no end.
	Life time.Duration

	// Refused makes an error of an answer to the handshake that is not 101; nil is
	// by status.
	Refused func(*http.Response, *stt.Error)
	// Closed gives a close code its kind; nil or a nil result is ErrUnavailable.
	Closed func(code int, reason string) error
}

// Engine is what the engines of streaming services have in common. It is safe
// for concurrent use.
type Engine struct {
	s      *Service // not by value: a printed engine does not show the key
	quiet  secret.Secrets
	client *http.Client
	own    bool // the client is
	calls  stt.Engine

	mu     sync.Mutex
	warm   *keeper // nil until Prewarm was called, and after Close
	closed bool
	failed error     // of the last Prewarm, if no call has connected since
	tried  time.Time // when it failed
}

// New returns an engine for s, or everything that is wrong with its options.
func New(s Service) (*Engine, error) {
	var errs []error
	if s.Authorization != nil {
		errs = append(errs, option.Key(s.Name+": Options.Key", &s.Key))
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || !slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme) {
		errs = append(errs, errors.New(s.Name+": Options.URL is not a ws or wss URL"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	e := &Engine{s: &s, quiet: secret.Of(s.Key, u)}
	if s.Client != nil {
		e.client = client.Straight(s.Client)
	} else {
		e.client, e.own = client.New(resumeTLS)
	}
	e.calls = stt.Failover(stt.FailoverOptions{Reconnects: 2}, stt.EngineFunc(e.open))
	return e, nil
}

// Open implements stt.Engine. When the call's connection breaks, a new one is
// given what was not final yet.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return e.calls.Open(ctx, c)
}

// open begins a call without failover.
func (e *Engine) open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	c, err := c.Normalize()
	if err != nil {
		return nil, err
	}
	if e.s.Accepts != nil {
		if err := e.s.Accepts(c); err != nil {
			return nil, err
		}
	}
	if e.s.Life > 0 {
		return newRelay(ctx, e, c), nil
	}
	return e.connect(ctx, c), nil
}

// retryEvery is how often a health check asks a service that Prewarm could not.
const retryEvery = 30 * time.Second

// Check implements stt.Checker. It returns an error when the last connections
// failed, without making one, except that it prewarms anew when that has failed
// half a minute ago: where the health decides about calls, none would come to
// tell that the service is back.
func (e *Engine) Check(ctx context.Context) error {
	refused := e.refused(ctx)
	e.mu.Lock()
	err := e.failed
	again := err != nil && refused == nil && !e.closed && time.Since(e.tried) >= retryEvery
	if again {
		e.tried = time.Now() // for one at a time
	}
	e.mu.Unlock()
	switch {
	case again:
		return e.Prewarm(ctx)
	case err != nil:
		return err
	}
	return refused
}

// refused returns an error while the breaker lets no call through.
func (e *Engine) refused(ctx context.Context) error {
	if c, ok := e.calls.(stt.Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

// Status implements stt.Reporter.
func (e *Engine) Status() stt.Status {
	refused := e.refused(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	return stt.Status{Engine: e.s.Name, Model: e.s.Model, Ready: refused == nil && e.failed == nil}
}

// url returns the address of a call's connection.
func (e *Engine) url(c stt.Config) string {
	u, err := url.Parse(e.s.URL)
	if err != nil || e.s.Query == nil { // New has seen that it is one
		return e.s.URL
	}
	q := u.Query()
	e.s.Query(q, c)
	u.RawQuery = q.Encode()
	return u.String()
}
