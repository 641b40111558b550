package live

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/retry"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
	maxMessage   = 256 << 10 // bytes; the words of a minute take some 40 KiB
	dials        = 3         // attempts to connect before the stream fails
	// idleTimeout is how long a connection without a request is kept: most servers
	// and load balancers close theirs after a minute.
	idleTimeout = 45 * time.Second
)

// resumeTLS has connections resume TLS sessions.
func resumeTLS(t *http.Transport) {
	t.IdleConnTimeout = idleTimeout
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
}

// dial connects. The first repetition is at once, then it waits longer and longer.
func (e *Engine) dial(ctx context.Context, url string) (*link, error) {
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
		var l *link
		if l, err = e.dialOnce(ctx, url); err == nil {
			return l, nil
		}
		if typed, ok := err.(*stt.Error); !ok || !typed.Retryable() || typed.Status == http.StatusTooManyRequests {
			break
		}
	}
	return nil, err
}

func (e *Engine) dialOnce(ctx context.Context, url string) (*link, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	header := http.Header{}
	if e.s.Authorization != nil {
		header.Set("Authorization", e.s.Authorization(e.s.Key))
	}
	conn, resp, err := websocket.Dial(dialing, url, &websocket.DialOptions{HTTPClient: e.client, HTTPHeader: header})
	if err == nil {
		conn.SetReadLimit(maxMessage)
		return newLink(conn), nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out := &stt.Error{Engine: e.s.Name, Op: "open", Kind: stt.ErrUnavailable}
	switch {
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		out.Status = resp.StatusCode
		if out.Kind = stt.StatusKind(resp.StatusCode); out.Kind == nil {
			out.Kind = stt.ErrRefused
		}
		out.RetryAfter = retry.After(resp.Header)
		if e.s.Refused != nil {
			e.s.Refused(resp, out)
		}
	case dialing.Err() != nil:
		out.Kind = stt.ErrTimeout
	default:
		out.Err = cause(err)
	}
	return nil, out
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

// failure makes an error of what ended a connection.
func (e *Engine) failure(err error) *stt.Error {
	out := &stt.Error{Engine: e.s.Name, Op: "read", Kind: stt.ErrUnavailable}
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		out.Err = cause(err)
		return out
	}
	out.Status, out.Code = int(closed.Code), closed.Reason
	if e.s.Closed != nil {
		if kind := e.s.Closed(out.Status, out.Code); kind != nil {
			out.Kind = kind
		}
	}
	return out
}
