// Package live says text with a speech service over WebSockets. It knows connections,
// utterances and word times; a [Session] knows the service's language.
package live

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/internal/service"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/failure"
)

// Service is a speech service and how to talk to it.
type Service struct {
	Name   string
	Model  string
	URL    string // of the WebSocket, without what differs from utterance to utterance
	Key    string // is never in an error
	Client *http.Client
	// Header returns the header of the handshake.
	Header func(key string) http.Header
	// Accepts refuses an utterance by its parameters, and returns its voice; nil = none is.
	Accepts func(c tts.Config) error
	// Address changes a copy of URL to that of an utterance; nil = all have the same.
	Address func(u *url.URL, c tts.Config)
	// Alone keeps the utterances of different calls on different connections, for a
	// service that speaks as it spoke before.
	Alone bool
	// Session is called for each utterance. before is that of the one before on the same
	// connection, nil on a new one.
	Session func(c tts.Config, before Session) Session
	// Pieces is set for a service that wants each piece by itself; another one takes
	// them while it speaks.
	Pieces bool
	// MaxText is the number of characters of the longest piece.
	MaxText int
	// PerMinute is how many utterances a connection takes in a minute; 0 = any number.
	PerMinute int
	// Idle is how long a connection waits for the next utterance.
	Idle time.Duration
	// MaxAge is the age from which a connection takes no more utterances; 0 = none.
	MaxAge time.Duration
	// Workers is how many utterances there are at once, and connections; 0 = 15.
	Workers int
	MaxWait time.Duration // the longest that an utterance waits for its turn; 0 = 2 s
	// Closed gives a close its kind; nil or a nil result is that of its reason, and without
	// one tts.ErrRefused for a policy violation, else tts.ErrUnavailable.
	Closed func(code int, reason string) error
	// Refused adds details from the header of a refused handshake to its error; nil adds
	// nothing.
	Refused func(http.Header, *tts.Error)
}

// Engine is the common part of the engines of streaming services. It is safe for
// concurrent use.
type Engine struct {
	s      *Service // not by value: a printed engine does not show the key
	base   *url.URL
	quiet  secret.Secrets
	wire   *wire.Endpoint
	pool   *tts.Pool
	health *service.Health

	mu     sync.Mutex
	conns  map[*conn]bool     // all there are
	idle   map[string][]*conn // by their address, the one used last comes last
	closed bool
}

// checkEvery bounds how often Check looks for a connection.
const checkEvery = 30 * time.Second

// New returns an engine for s, or everything that is wrong with its options.
func New(s Service) (*Engine, error) {
	errs := []error{option.Key(s.Name+": Options.Key", &s.Key), option.Count(s.Name+": Options.Workers", s.Workers),
		option.Duration(s.Name+": Options.MaxWait", s.MaxWait)}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || !slices.Contains([]string{"ws", "wss", "http", "https"}, u.Scheme) {
		errs = append(errs, errors.New(s.Name+": Options.URL is not a ws or wss URL"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if s.Workers == 0 {
		s.Workers = 15
	}
	e := &Engine{s: &s, base: u, quiet: secret.Of(s.Key, u), conns: make(map[*conn]bool), idle: make(map[string][]*conn)}
	e.wire = wire.New(wire.Options{URL: s.URL, Header: s.Header(s.Key), Client: s.Client, MaxMessage: maxMessage})
	e.health = service.NewHealth(checkEvery, e.probe)
	var inner tts.Synthesizer = streamer{e}
	if s.Pieces {
		inner = tts.SynthesizerFunc(streamer{e}.Synthesize)
	}
	e.pool = tts.NewPool(inner, tts.PoolOptions{Workers: s.Workers, MaxWait: s.MaxWait})
	return e, nil
}

// Synthesize implements tts.Synthesizer.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.pool.Synthesize(ctx, text, c)
}

// Stream implements tts.Streamer.
func (e *Engine) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.pool.Stream(ctx, pieces, c)
}

// streamer is the engine behind its pool.
type streamer struct{ e *Engine }

func (s streamer) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return s.Stream(ctx, func(yield func(string) bool) { yield(text) }, c)
}

func (s streamer) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		u := &utterance{e: s.e, c: c, yield: yield}
		if err := u.run(ctx, pieces); err != nil && err != errLeft {
			yield(tts.Chunk{}, err)
		}
	}
}

// Check implements tts.Checker: it returns nil while there is a connection to the service,
// and otherwise tries for one, at most every thirty seconds.
func (e *Engine) Check(ctx context.Context) error { return e.health.Check(ctx) }

// Prewarm implements tts.Prewarmer: it opens the connection for the next utterance, unless
// there is one.
func (e *Engine) Prewarm(ctx context.Context) error { return e.health.Ask(ctx) }

// probe sees to a connection for an utterance with the engine's own voice.
func (e *Engine) probe(ctx context.Context) error {
	key, address := e.address(tts.Config{})
	e.mu.Lock()
	for c := range e.conns {
		if c.key == key && c.alive() {
			e.mu.Unlock()
			return nil
		}
	}
	e.mu.Unlock()
	c, err := e.dial(ctx, key, address)
	if err != nil {
		return err
	}
	e.shelve(c)
	return nil
}

// Status implements tts.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() tts.Status {
	s := e.pool.Status()
	s.Engine, s.Model, s.Ready = e.s.Name, e.s.Model, e.health.Good()
	return s
}

// Close closes all connections. Utterances under way fail with tts.ErrClosed.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	var all []*conn
	for c := range e.conns {
		all = append(all, c)
	}
	e.mu.Unlock()
	for _, c := range all {
		c.fail(e.error("synthesize", tts.ErrClosed))
		e.drop(c)
	}
	return e.wire.Close()
}

// address returns the URL of an utterance's connection, and by what connections that can
// take it are known.
func (e *Engine) address(c tts.Config) (key, address string) {
	u := *e.base
	if e.s.Address != nil {
		e.s.Address(&u, c)
	}
	address = u.String()
	if key = address; e.s.Alone {
		key += " " + c.CallSID
	}
	return key, address
}

func (e *Engine) error(op string, kind error) *tts.Error {
	return &tts.Error{Engine: e.s.Name, Op: op, Kind: kind}
}

// clean returns err without secrets. Of a [tts.Error] the kind stays.
func (e *Engine) clean(err error) error {
	typed, ok := err.(*tts.Error)
	if !ok {
		return e.quiet.Error(err)
	}
	c := *typed
	c.Code, c.Err = e.quiet.Text(c.Code), e.quiet.Error(c.Err)
	return &c
}

// closePolicy is the close code of a policy violation (RFC 6455, section 7.4.1).
const closePolicy = 1008

// failure gives an error of a connection its kind. Others are left as they are.
func (e *Engine) failure(op string, err error) error {
	var w *wire.Error
	if !errors.As(err, &w) {
		return err
	}
	out := &tts.Error{Engine: e.s.Name, Op: op, Kind: tts.ErrUnavailable, Status: w.Status, Code: w.Reason, RetryAfter: w.RetryAfter, Err: w.Err}
	switch {
	case w.Closed:
		fault := answer.Fault{Code: w.Reason}.Kind()
		kind := failure.Kind(fault)
		if fault == answer.Fine && w.Status == closePolicy {
			kind = tts.ErrRefused
		}
		if e.s.Closed != nil {
			if own := e.s.Closed(w.Status, w.Reason); own != nil {
				kind = own
			}
		}
		if kind != nil {
			out.Kind = kind
		}
		if out.Kind == tts.ErrAuth {
			out.Code = "" // it may quote the key
		}
	case w.Timeout:
		out.Kind = tts.ErrTimeout
	case w.Status != 0:
		if out.Kind = failure.Kind(answer.Status(w.Status)); out.Kind == nil {
			out.Kind = tts.ErrRefused
		}
		if e.s.Refused != nil {
			e.s.Refused(w.Header, out)
		}
	}
	return e.clean(out)
}

// Unclear is the error of a message that is not as documented.
func Unclear(engine string, format string, args ...any) *tts.Error {
	return &tts.Error{Engine: engine, Op: "read", Kind: tts.ErrUnavailable, Err: fmt.Errorf("message is not as documented: "+format, args...)}
}
