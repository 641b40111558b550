// Package wire holds the client's side of WebSockets to speech services: it dials,
// keeps connections ready, reads and writes. It does not depend on a service's
// protocol.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
	maxMessage   = 256 << 10 // bytes, unless Options say; the words of a minute take some 40 KiB
	dials        = 3         // attempts to connect before Connect fails
	// idleTimeout is how long a connection without a request is kept: most servers
	// and load balancers close theirs after a minute.
	idleTimeout = 45 * time.Second
)

// Options say where a service is.
type Options struct {
	URL    string       // of the WebSocket
	Header http.Header  // of the handshake
	Client *http.Client // nil = one of the endpoint's own
	// Keep is how long a connection may wait for its use, once Prepare was called; 0 =
	// none waits, as where waiting costs money.
	Keep time.Duration
	// MaxMessage bounds a message of the service, in bytes; 0 = 256 KiB.
	MaxMessage int64
}

// Endpoint connects to a service. It is safe for concurrent use.
type Endpoint struct {
	o      *Options // not by value: a printed endpoint does not show the key
	client *http.Client
	own    bool // the client is

	mu     sync.Mutex
	warm   *keeper // nil until Prepare was called, and after Close
	closed bool
}

// New returns an endpoint. It connects to nothing.
func New(o Options) *Endpoint {
	if o.MaxMessage == 0 {
		o.MaxMessage = maxMessage
	}
	e := &Endpoint{o: &o}
	if o.Client != nil {
		e.client = Straight(o.Client)
	} else {
		e.client, e.own = NewClient(resumeTLS)
	}
	return e
}

// resumeTLS has connections resume TLS sessions.
func resumeTLS(t *http.Transport) {
	t.IdleConnTimeout = idleTimeout
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
}

// Error is how a connection failed.
type Error struct {
	Status     int           // HTTP status of the handshake's answer, or the code of a close; 0 if none
	Reason     string        // of the close
	Closed     bool          // the service closed the connection
	Header     http.Header   // of an answer that refuses the handshake
	RetryAfter time.Duration // how long the service asks to be left alone
	Timeout    bool          // there was no answer in time
	Err        error         // the cause; may be nil. It does not quote the URL.
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return "wire: " + e.Err.Error()
	case e.Timeout:
		return "wire: no answer in time"
	}
	return fmt.Sprintf("wire: status %d %s", e.Status, e.Reason)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// passing reports whether it helps to dial again.
func (e *Error) passing() bool {
	return e.Status == 0 || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

// Connect returns a connection to the service at url: the one that is ready, or a new
// one. The first repetition of a failed attempt is at once, then it waits longer and
// longer. Its error is ctx's, or of type [*Error].
func (e *Endpoint) Connect(ctx context.Context, url string) (*Link, error) {
	e.mu.Lock()
	k := e.warm
	e.mu.Unlock()
	if k != nil {
		if l := k.take(); l != nil {
			return l, nil
		}
	}
	l, err := e.dial(ctx, url)
	if err == nil && k != nil {
		k.poke()
	}
	return l, err
}

func (e *Endpoint) dial(ctx context.Context, url string) (*Link, error) {
	var err error
	for attempt := range dials {
		if attempt > 1 {
			wait := 500 * time.Millisecond << (attempt - 2)
			wait += time.Duration(rand.Int64N(int64(wait / 4)))
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		var l *Link
		if l, err = e.dialOnce(ctx, url); err == nil {
			return l, nil
		}
		if typed, ok := err.(*Error); !ok || !typed.passing() {
			break
		}
	}
	return nil, err
}

func (e *Endpoint) dialOnce(ctx context.Context, url string) (*Link, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := websocket.Dial(dialing, url, &websocket.DialOptions{HTTPClient: e.client, HTTPHeader: e.o.Header.Clone()})
	if err == nil {
		conn.SetReadLimit(e.o.MaxMessage)
		return newLink(conn), nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch {
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		return nil, &Error{Status: resp.StatusCode, Header: resp.Header, RetryAfter: RetryAfter(resp.Header)}
	case dialing.Err() != nil:
		return nil, &Error{Timeout: true}
	}
	return nil, &Error{Err: cause(err)}
}

// cause returns the innermost error of the network. What wraps it quotes the
// URL.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// failure makes an [*Error] of the error that ended a connection.
func failure(err error) error {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		return &Error{Err: cause(err)}
	}
	return &Error{Closed: true, Status: int(closed.Code), Reason: closed.Reason}
}
