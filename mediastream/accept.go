package mediastream

import (
	"errors"
	"net/http"

	"agentos.dev/dialtone/internal/ws"
)

var errOrigin = errors.New("the request has an Origin header, which no carrier sends")

// Accept upgrades a request to a stream. It does not wait for the carrier's first message. When
// it fails, the response has been written and the error is an [*Error] of type [ErrorHandshake].
//
// Accept checks neither signature nor token: wrap the handler to check the signature, and compare
// Stream.Parameters to check a token.
//
// The connection outlives the handler: it may return and leave the call to another goroutine,
// which saves the memory that net/http holds for a request. The request's context ends with the
// handler, so a call that goes on needs another, such as context.WithoutCancel(r.Context()).
// http.Server.Shutdown does not wait for streams.
//
// The host must call [Conn.Close] in every case.
func Accept(w http.ResponseWriter, r *http.Request, opts *Options) (*Conn, error) {
	o := opts.withDefaults()
	refuse := func(err error) (*Conn, error) {
		e := &Error{Type: ErrorHandshake, Offset: -1, Err: err}
		if o.OnError != nil {
			o.OnError(e)
		}
		return nil, e
	}
	if r.Header.Get("Origin") != "" && len(o.Origins) == 0 {
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		return refuse(errOrigin)
	}
	var c *Conn // set before anything is read
	sock, err := ws.Accept(w, r, ws.Options{
		Origins:   o.Origins,
		ReadLimit: o.ReadLimit,
		OnFrame:   func() bool { return c.answersPing() },
	})
	if err != nil {
		return refuse(err)
	}
	c = newConn(sock, &twilio{}, o)
	return c, nil
}

func newConn(sock ws.Socket, w wire, opts Options) *Conn {
	c := &Conn{opts: opts, sock: sock, wire: w}
	c.backlog.arrived.L = &c.backlog.mu
	o := &c.out
	o.sock, o.wire, o.counts, o.running = sock, w, &c.counts, &c.running
	o.lead, o.limit, o.onMessage = opts.Lead, opts.Queue, opts.OnMessage
	o.rate = Mulaw().bytesPerSecond()
	c.watch.begin(c)
	return c
}
