// Package live carries audio to a speech service over WebSockets. It knows
// messages, flushes and time; a [Session] knows the service's language.
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
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
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
	// MaxAge is the age from which a call goes on over a new connection, between two
	// utterances; 0 = the service sets connections no end.
	MaxAge time.Duration
	// Turns is set when the Session reports the caller's turns.
	Turns bool

	// Refused adds details from the header of a refused handshake to its error; nil adds
	// nothing.
	Refused func(http.Header, *stt.Error)
	// Closed gives a close code its kind; nil or a nil result is ErrUnavailable.
	Closed func(code int, reason string) error
}

// Engine is the common part of the engines of streaming services. It is safe for
// concurrent use.
type Engine struct {
	s       *Service // not by value: a printed engine does not show the key
	quiet   secret.Secrets
	service *wire.Endpoint
	breaker *stt.Breaker

	mu     sync.Mutex
	failed error     // of the last Prewarm, if no call has connected since
	tried  time.Time // when it failed
}

// New returns an engine for s, or everything that is wrong with its options.
func New(s Service) (*Engine, error) {
	var errs []error
	header := http.Header{}
	if s.Authorization != nil {
		errs = append(errs, option.Key(s.Name+": Options.Key", &s.Key))
		header.Set("Authorization", s.Authorization(s.Key))
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || !slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme) {
		errs = append(errs, errors.New(s.Name+": Options.URL is not a ws or wss URL"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Engine{s: &s, quiet: secret.Of(s.Key, u), breaker: stt.NewBreaker(stt.BreakerOptions{}),
		service: wire.New(wire.Options{URL: s.URL, Header: header, Client: s.Client, Keep: s.Keep})}, nil
}

// Traits implements stt.Describer: a connection that breaks is opened anew twice.
func (e *Engine) Traits() stt.Traits {
	return stt.Traits{Reconnects: 2, MaxAge: e.s.MaxAge, Turns: e.s.Turns, Breaker: e.breaker}
}

// retryEvery is how often a health check asks a service that Prewarm could not.
const retryEvery = 30 * time.Second

// Check implements stt.Checker. It returns an error when the last connections
// failed, without making one, except that it prewarms anew when that has failed
// half a minute ago: where the health decides about calls, none would come to
// tell that the service is back.
func (e *Engine) Check(ctx context.Context) error {
	refused := e.breaker.Open()
	e.mu.Lock()
	err := e.failed
	again := err != nil && !refused && !e.service.Closed() && time.Since(e.tried) >= retryEvery
	if again {
		e.tried = time.Now() // for one at a time
	}
	e.mu.Unlock()
	switch {
	case again:
		return e.Prewarm(ctx)
	case err != nil:
		return err
	case refused:
		return &stt.Error{Engine: e.s.Name, Op: "check", Kind: stt.ErrUnavailable, Err: errFailing}
	}
	return nil
}

var errFailing = errors.New("its last connections failed")

// Status implements stt.Reporter.
func (e *Engine) Status() stt.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return stt.Status{Engine: e.s.Name, Model: e.s.Model, Ready: !e.breaker.Open() && e.failed == nil}
}

// prewarmTimeout bounds Prewarm.
const prewarmTimeout = 10 * time.Second

// Prewarm implements stt.Prewarmer: it has the service accept the credentials and
// answer, as in a call without audio, and from then on keeps a connection ready
// for the next call, until Close: a WebSocket where waiting costs nothing, and what
// lies under it elsewhere.
func (e *Engine) Prewarm(ctx context.Context) error {
	err := e.try(ctx)
	if ctx.Err() == nil {
		e.mu.Lock()
		e.failed, e.tried = err, time.Now()
		e.mu.Unlock()
	}
	if err != nil {
		return err
	}
	return e.service.Prepare(ctx)
}

// try has an empty call, so that the breaker learns of it.
func (e *Engine) try(ctx context.Context) error {
	trying, cancel := context.WithTimeout(ctx, prewarmTimeout)
	defer cancel()
	s, err := stt.Open(trying, e, stt.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.Flush(trying)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = &stt.Error{Engine: e.s.Name, Op: "prewarm", Kind: stt.ErrTimeout}
	}
	return err
}

// Close gives up the connection that Prewarm keeps ready, and none is kept any
// more. Calls go on.
func (e *Engine) Close() error { return e.service.Close() }

// connect returns a connection for a call.
func (e *Engine) connect(ctx context.Context, url string) (*wire.Link, error) {
	l, err := e.service.Connect(ctx, url)
	if err != nil {
		return nil, e.failure("open", err)
	}
	e.mu.Lock()
	e.failed = nil
	e.mu.Unlock()
	return l, nil
}

// failure gives an error of a connection its kind. Others are left as they are.
func (e *Engine) failure(op string, err error) error {
	w, ok := err.(*wire.Error)
	if !ok {
		return err
	}
	out := &stt.Error{Engine: e.s.Name, Op: op, Kind: stt.ErrUnavailable, Status: w.Status, Code: w.Reason, RetryAfter: w.RetryAfter, Err: w.Err}
	switch {
	case w.Closed:
		if e.s.Closed != nil {
			if kind := e.s.Closed(out.Status, out.Code); kind != nil {
				out.Kind = kind
			}
		}
	case w.Timeout:
		out.Kind = stt.ErrTimeout
	case w.Status != 0:
		if out.Kind = stt.StatusKind(w.Status); out.Kind == nil {
			out.Kind = stt.ErrRefused
		}
		if e.s.Refused != nil {
			e.s.Refused(w.Header, out)
		}
	}
	return out
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
