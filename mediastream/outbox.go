package mediastream

import (
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// Audio leaves in messages of this length, which are whole frames of 20 ms: one
// message costs the same whatever it holds. The long one just fits 2 KiB.
const (
	shortMessage = 100 * time.Millisecond
	longMessage  = 180 * time.Millisecond
	frameLength  = 20 * time.Millisecond
)

// outbox holds what waits to be sent. Positions count bytes of audio since the
// stream began.
type outbox struct {
	sock      ws.Socket
	wire      wire
	lead      time.Duration // Options.Lead
	limit     int           // Options.Queue
	onMessage func(sent bool, message []byte)
	counts    *counters
	running   *sync.WaitGroup // the connection's goroutines

	mu     sync.Mutex
	begun  bool // the stream's id is known
	closed bool
	rate   int // bytes of audio per second

	audio   []byte // from head on: positions sent to queued
	head    int
	sent    uint64
	queued  uint64
	flushed uint64 // what is before it may leave in a short message
	marks   []mark
	clear   bool

	away    []away        // sent and not back, in order
	certain uint64        // position of the last mark that came back
	lag     time.Duration // how much later than heard says audio is played, by that mark

	writing   bool      // the writer goroutine is at work
	writeFrom time.Time // when the write began that is under way, or has failed; zero if none
	heard     time.Time // when all audio that was sent will have been played, if nothing holds it up
	wake      *time.Timer
	forgotten uint64 // queued, at the watch's last look

	pause   pause
	trip    time.Duration // of a mark, without what is played before it, at its fastest; 0 = not known
	told    []string      // marks that were held back and are to be told
	tells   atomic.Bool   // there are some
	farEnd  farEnd
	message []byte // the writer's buffer
}

// mark is a name and the audio that must be played before it.
type mark struct {
	name  string
	pos   uint64
	stale int // times that it still comes back of audio that was not played
}

// waiting returns how many bytes of audio are queued.
func (o *outbox) waiting() int { return len(o.audio) - o.head }

func (o *outbox) lasts(bytes int) time.Duration {
	return time.Duration(bytes) * time.Second / time.Duration(o.rate)
}

func (o *outbox) bytes(d time.Duration) int { return int(d * time.Duration(o.rate) / time.Second) }

// away is a mark that was sent and has not come back.
type away struct {
	mark
	due  time.Time // when the audio before it has been played, by the clock of what was sent; zero once it was cleared
	back time.Time // when it came back in a pause
}

// pause is a playback that has been stopped and may go on.
type pause struct {
	on      bool
	marking bool // its mark is to leave, behind the clear
	settled bool // how much was played is known
	goOn    bool // Resume was called before
	since   time.Time
	count   int // of pauses, which names their marks
}

// farEnd is the audio that was sent, by the clock of the audio that arrives: what is sent
// while nothing plays begins where that clock stands, and what is sent ahead of time follows
// on what was sent before. So it moves with no delay of a message. Positions count bytes.
type farEnd struct {
	ring    []byte // nil until it is asked for; silence where nothing plays
	silence byte
	now     int64 // what is before it has been heard
	end     int64 // of what was sent
}
