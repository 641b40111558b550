package mediastream

import (
	"time"
)

// Options configures [Accept]. The zero value is meant for production.
type Options struct {
	// StartTimeout bounds the wait for [EventStart]. 0 = 5 s.
	StartTimeout time.Duration
	// IdleTimeout ends a stream without a message for this long: a live one brings fifty a
	// second. 0 = 10 s.
	IdleTimeout time.Duration
	// WriteTimeout ends a stream when one write takes this long. 0 = 10 s.
	WriteTimeout time.Duration
	// ReadLimit is the largest message in bytes, at most 512 MiB. 0 = 64 KiB.
	ReadLimit int64
	// MaxRate is how many messages a second a stream may bring on average, pings,
	// pongs and the further frames of a message counted like messages; ten seconds'
	// worth may come at once, as they do after a stall of the network. 0 = 150; Twilio
	// sends 50 for each track, in one frame each.
	MaxRate int
	// Lead is how much audio is sent ahead of its playback. 0 = 500 ms.
	Lead time.Duration
	// Queue is how many bytes of audio may wait to be sent. 0 = 1 MiB, which
	// is 131 s of mu-law.
	Queue int
	// Backlog is how many bytes of messages are kept for a consumer that is
	// too slow before the oldest audio is dropped. 0 = 128 KiB, about 5 s.
	Backlog int
	// Origins lists the hosts (patterns as in path.Match) whose pages may open
	// a stream, in addition to the host of the request. Twilio sends no
	// Origin header and browsers do, so without a list a request that has one
	// is refused.
	Origins []string
	// OnError, if not nil, is called once for each error: those the stream survives, and the one
	// that Accept returns or Events ends with. It is called from the connection's goroutines,
	// must not block and must not call Close.
	OnError func(*Error)
	// OnMessage, if not nil, is called with each message received, and each one about to be sent,
	// as it is on the wire. It is called from the connection's goroutines, must not block, and
	// must not keep the message.
	OnMessage func(sent bool, message []byte)
}

// withDefaults returns a copy with the zero fields filled in.
func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	fill(&opts.StartTimeout, 5*time.Second)
	fill(&opts.IdleTimeout, 10*time.Second)
	fill(&opts.WriteTimeout, 10*time.Second)
	fill(&opts.ReadLimit, 64<<10)
	fill(&opts.MaxRate, 150)
	fill(&opts.Lead, 500*time.Millisecond)
	fill(&opts.Queue, 1<<20)
	fill(&opts.Backlog, 128<<10)
	return opts
}

func fill[T time.Duration | int64 | int](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
