package mediastream

import (
	"time"
)

// Options says how [Accept] treats a stream. The zero value is for production.
type Options struct {
	// StartTimeout is how long Connected and Start may take together. 0 = 5 s.
	StartTimeout time.Duration
	// IdleTimeout ends a stream that has brought no message for so long: a
	// live one brings fifty a second. 0 = 10 s.
	IdleTimeout time.Duration
	// WriteTimeout ends a stream whose peer does not take a message for so long. 0 = 10 s.
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
	// a stream, besides those of the host that was asked for. Twilio sends no
	// Origin header and browsers do, so without a list a request that has one
	// is refused.
	Origins []string
	// OnError, if not nil, is told once of every error: those the stream
	// survives, and the one that Accept returns or Events ends with. It is
	// called from the connection's goroutines, must not block and must not
	// call Close.
	OnError func(*Error)
	// OnMessage, if not nil, is shown every message that has come, and every one that is
	// about to be sent, as it is on the wire. It is called from the connection's goroutines, must not
	// block, and may keep nothing of the message.
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
