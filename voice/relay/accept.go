package relay

import (
	"net/http"
	"time"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// Options says how [Accept] treats a connection. The zero value is for production.
type Options struct {
	// SetupTimeout is how long the setup message may take. 0 = 5 s.
	SetupTimeout time.Duration
	// IdleTimeout ends a connection on which nothing arrives for this time, not even the
	// answer to a ping. Three pings are sent in it, which also keep proxies from closing a
	// connection on which nobody speaks. It applies after the first answer, as Twilio does
	// not document that it answers pings. 0 = 60 s.
	IdleTimeout time.Duration
	// WriteTimeout ends a connection whose peer does not take a message within it. 0 = 10 s.
	WriteTimeout time.Duration
	// ReadLimit is the largest message in bytes, at most 512 MiB. 0 = 64 KiB.
	ReadLimit int64
	// MaxRate is how many messages a second may come on average, pings, pongs and the
	// further frames of a message counted like messages; 1,000 may come at once, as Twilio
	// replays up to 500 after a reconnection. 0 = 50.
	MaxRate int
	// Queue is how many bytes of messages may wait to be sent. 0 = 1 MiB.
	Queue int
	// Origins lists the hosts (patterns as in path.Match) whose pages may connect, in
	// addition to those of the request's own host. Twilio sends no Origin header and browsers do,
	// so without a list a request that has one is refused.
	Origins []string
	// OnError, if not nil, is called once for every error: those the connection survives, and
	// the one that Accept returns or Events ends with. It is called from the connection's
	// goroutines, must not block and must not call Close.
	OnError func(*Error)
	// OnMessage, if not nil, is shown every message that has come, and every one that is
	// about to be sent, as it is on the wire. It is called from the connection's goroutines,
	// must not block, and may keep nothing of the message.
	OnMessage func(sent bool, message []byte)
}

// burst is how many messages may come at once.
const burst = 1000

// withDefaults returns a copy with the zero fields filled in.
func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	fill(&opts.SetupTimeout, 5*time.Second)
	fill(&opts.IdleTimeout, time.Minute)
	fill(&opts.WriteTimeout, 10*time.Second)
	fill(&opts.ReadLimit, 64<<10)
	fill(&opts.MaxRate, 50)
	fill(&opts.Queue, 1<<20)
	return opts
}

func fill[T time.Duration | int64 | int](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Accept upgrades a request to a connection. It does not wait for Twilio's first message.
// When it fails, the response has been written and the error is an [*Error] of type
// handshake.
//
// Accept looks neither at a signature nor at a token: wrap the handler for the one, and
// compare the Session's SIDs for the other. The connection outlives the handler, and the
// request's context ends with it: a call that goes on needs another. The host must call
// [Conn.Close], whatever happens.
func Accept(w http.ResponseWriter, r *http.Request, opts *Options) (*Conn, error) {
	o := opts.withDefaults()
	refuse := func(err error) (*Conn, error) {
		e := &Error{Type: mediastream.ErrorHandshake, Offset: -1, Err: err}
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
		Late:      maxLate,
		OnFrame:   func() bool { return c.answersPing() },
	})
	if err != nil {
		return refuse(err)
	}
	c = newConn(sock, o)
	return c, nil
}
