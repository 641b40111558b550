package wire

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Prepare keeps a connection ready for the next Connect, from now until Close, and
// returns when the first one was tried.
//
// Where a waiting connection costs nothing, that is a WebSocket. Elsewhere it is only a
// TLS connection, kept until the service closes it, 45 seconds at most; it is made anew
// after each use.
func (e *Endpoint) Prepare(ctx context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	if e.warm == nil {
		e.warm = newKeeper(e)
	}
	k := e.warm
	e.mu.Unlock()
	select {
	case <-k.primed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Closed reports whether Close was called.
func (e *Endpoint) Closed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// Close gives up the connection that is ready, and none is kept any more. Links that
// are in use go on.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	k := e.warm
	e.warm, e.closed = nil, true
	e.mu.Unlock()
	if k != nil {
		k.cancel()
		<-k.done
	}
	if e.own {
		e.client.CloseIdleConnections()
	}
	return nil
}

// keeper keeps one connection ready.
type keeper struct {
	e      *Endpoint
	cancel context.CancelFunc
	primed chan struct{} // closed after the first attempt
	used   chan struct{} // has a token when the connection was used
	done   chan struct{}

	mu    sync.Mutex
	ready *Link
}

func newKeeper(e *Endpoint) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{e: e, cancel: cancel, primed: make(chan struct{}), used: make(chan struct{}, 1), done: make(chan struct{})}
	go k.run(ctx)
	return k
}

func (k *keeper) run(ctx context.Context) {
	defer close(k.done)
	for first := true; ; first = false {
		k.prepare(ctx)
		if first {
			close(k.primed)
		}
		if !k.due(ctx) {
			return
		}
	}
}

// pingEvery is how often a connection that waits has to show that it lives.
const pingEvery = 30 * time.Second

// due waits until another connection is to be made: this one was used or grew
// old. One that the service refused or ended is missed by a call, or made again
// at that age.
func (k *keeper) due(ctx context.Context) bool {
	var old, ping <-chan time.Time
	if keep := k.e.o.Keep; keep > 0 {
		timer, ticker := time.NewTimer(keep), time.NewTicker(pingEvery)
		defer timer.Stop()
		defer ticker.Stop()
		old, ping = timer.C, ticker.C
	}
	for {
		select {
		case <-k.used:
			if k.stands() {
				continue // made since
			}
			return true
		case <-ping:
			k.ping(ctx)
		case <-old:
			k.put(nil)
			return true
		case <-ctx.Done():
			k.put(nil)
			return false
		}
	}
}

// ping gives the connection up if it does not answer.
func (k *keeper) ping(ctx context.Context) {
	k.mu.Lock()
	l := k.ready
	k.mu.Unlock()
	if l == nil {
		return
	}
	if l.Ping(ctx) {
		return
	}
	k.mu.Lock()
	waits := k.ready == l
	if waits {
		k.ready = nil
	}
	k.mu.Unlock()
	if waits {
		l.Close()
	}
}

func (k *keeper) prepare(ctx context.Context) {
	if k.e.o.Keep == 0 {
		k.e.lay(ctx)
		return
	}
	if l, err := k.e.dialOnce(ctx, k.e.o.URL); err == nil {
		k.put(l)
	}
}

// put replaces the ready connection.
func (k *keeper) put(l *Link) {
	k.mu.Lock()
	before := k.ready
	k.ready = l
	k.mu.Unlock()
	if before != nil {
		before.Close()
	}
}

// take returns the connection that is ready, nil if none is.
func (k *keeper) take() *Link {
	k.mu.Lock()
	l := k.ready
	k.ready = nil
	k.mu.Unlock()
	if l == nil {
		return nil
	}
	k.poke()
	if !l.alive() {
		l.Close()
		return nil
	}
	return l
}

// stands reports whether a connection is ready.
func (k *keeper) stands() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ready != nil && k.ready.alive()
}

func (k *keeper) poke() {
	select {
	case k.used <- struct{}{}:
	default:
	}
}

// lay connects without a WebSocket. net/http keeps connections for an upgrade
// apart from others, so the request says that it wants one; no server upgrades it
// without a key. The answer does not matter.
func (e *Endpoint) lay(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	u, err := url.Parse(e.o.URL)
	if err != nil { // New has seen that it is one
		return
	}
	base := url.URL{Scheme: strings.Replace(u.Scheme, "ws", "http", 1), Host: u.Host, Path: "/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.String(), nil)
	if err != nil {
		return
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	if resp, err := e.client.Do(req); err == nil {
		if resp.StatusCode != http.StatusSwitchingProtocols { // whose body no context ends
			io.CopyN(io.Discard, resp.Body, maxMessage)
		}
		resp.Body.Close()
	}
}
