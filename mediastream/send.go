package mediastream

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// Audio leaves in messages of this length, which are whole packets of 20 ms: one
// message costs the same whatever it holds. The long one just fits 2 KiB.
const (
	shortMessage = 100 * time.Millisecond
	longMessage  = 180 * time.Millisecond
	packet       = 20 * time.Millisecond
)

// maxMarks is how many marks may wait to be sent.
const maxMarks = 1024

// outbox holds what waits to be sent. Positions count bytes of audio since the
// stream began.
type outbox struct {
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

// SendMedia queues raw audio in the stream's format, mu-law of 8 kHz. It
// copies the bytes and never waits for the network. Audio leaves in messages
// of 100 to 180 ms, by a clock of the bytes sent, at most Options.Lead ahead of
// its playback; what is less than 100 ms waits for more, for [Conn.Flush], or
// for a second of nothing. Before Start it is queued.
//
// It returns [ErrQueueFull] or [ErrClosed].
func (c *Conn) SendMedia(audio []byte) error {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	if o.waiting()+len(audio) > c.opts.Queue {
		return ErrQueueFull
	}
	o.push(audio)
	c.kick()
	return nil
}

// Flush says that an utterance is complete: what is left of it is sent, however short.
func (c *Conn) Flush() error {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	o.flushed = o.queued
	c.kick()
	return nil
}

// SendMark queues a mark behind all audio queued before, and flushes that. The
// carrier returns it as a Mark event once the audio has been played or cleared:
// every mark comes back, in order, unless the stream ends first.
//
// It returns [ErrQueueFull] or [ErrClosed].
func (c *Conn) SendMark(name string) error {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	if len(o.marks) >= maxMarks {
		return ErrQueueFull
	}
	o.marks = append(o.marks, mark{name: name, pos: o.queued})
	o.flushed = o.queued
	c.kick()
	return nil
}

// Clear stops the playback: it drops the audio that is queued here and, before
// anything later is sent, has the carrier drop what is queued there. The carrier
// then returns the marks it holds; marks that had not left yet are sent right
// behind the clear and so come back as well.
func (c *Conn) Clear() error {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	o.drop()
	o.clear = true
	c.kick()
	return nil
}

// push queues a copy of audio.
func (o *outbox) push(audio []byte) {
	if o.head > 0 && len(o.audio)+len(audio) > cap(o.audio) {
		keep := o.unplayed(time.Now())
		n := copy(o.audio, o.audio[o.head-keep:])
		o.audio, o.head = o.audio[:n], keep
	}
	o.audio = append(o.audio, audio...)
	o.queued += uint64(len(audio))
}

// take takes the first n bytes. They are valid until the next push.
func (o *outbox) take(n int) []byte {
	audio := o.audio[o.head : o.head+n]
	o.head += n
	o.sent += uint64(n)
	return audio
}

// shrink frees the memory of a long playback that has left.
func (o *outbox) shrink(now time.Time) {
	if keep := o.unplayed(now); o.waiting() == 0 && cap(o.audio) > keepBuffer {
		o.audio, o.head = slices.Clone(o.audio[o.head-keep:]), keep
	}
}

// keepBuffer is how much of an emptied queue's memory is kept for the next utterance.
const keepBuffer = 16 << 10

// waiting returns how many bytes of audio are queued.
func (o *outbox) waiting() int { return len(o.audio) - o.head }

// drop forgets the audio that has not been sent. Its marks stay.
func (o *outbox) drop() {
	o.unpause()
	o.audio, o.head = nil, 0
	o.sent, o.flushed = o.queued, o.queued
	for i := range o.marks {
		o.marks[i].pos = o.queued
	}
	for i := range o.away {
		o.away[i].due = time.Time{}
	}
	o.certain = o.queued
}

// begin lets the queue leave, from the Start event on.
func (o *outbox) begin(c *Conn, rate int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun, o.rate = true, rate
	c.kick()
}

// stop ends all sending and frees the queue.
func (o *outbox) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.audio, o.head, o.marks, o.away = nil, 0, nil, nil
	if o.wake != nil {
		o.wake.Stop()
	}
}

// state returns the audio that is queued and that is sent but not yet played.
func (o *outbox) state() (queued, unplayed time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lasts(o.waiting()), max(0, time.Until(o.heard))
}

// stalled reports whether one write has taken longer than limit.
func (o *outbox) stalled(now time.Time, limit time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.writeFrom.IsZero() && now.Sub(o.writeFrom) >= limit
}

// forgive moves the beginning of a write on by the time in which the process was paused.
func (o *outbox) forgive(late time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writeFrom.IsZero() {
		o.writeFrom = o.writeFrom.Add(late)
	}
}

func (o *outbox) lasts(bytes int) time.Duration {
	return time.Duration(bytes) * time.Second / time.Duration(o.rate)
}

func (o *outbox) bytes(d time.Duration) int { return int(d * time.Duration(o.rate) / time.Second) }

// flushForgotten flushes a remainder that nothing was added to since the last look.
func (c *Conn) flushForgotten() {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.sent == o.queued {
		return
	}
	if o.forgotten == o.queued {
		o.flushed = o.queued
		c.kick()
	}
	o.forgotten = o.queued
}

// kick starts the writer if there is something to send now. The caller holds the lock.
func (c *Conn) kick() {
	if c.schedule() {
		go c.write()
	}
}

// schedule reports whether the caller is to start the writer, or sets the clock
// for when there will be something to send. The caller holds the lock.
func (c *Conn) schedule() bool {
	o := &c.out
	if o.writing || o.closed || !o.begun {
		return false
	}
	send, wait := o.due(time.Now(), c.opts.Lead)
	switch {
	case send:
		o.writing = true
		c.running.Add(1)
	case wait > 0 && o.wake == nil:
		o.wake = time.AfterFunc(onGrid(wait), c.awake)
	case wait > 0:
		o.wake.Reset(onGrid(wait))
	}
	return send
}

// onGrid lengthens a wait to the next full 20 ms of the clock, so that all the
// streams of a process wake it up together; the lead makes up for it.
func onGrid(wait time.Duration) time.Duration {
	at := time.Duration(time.Now().UnixNano()) + wait
	return wait + (packet-at%packet)%packet
}

// awake is the clock's call. It is the writer itself: that saves a goroutine.
func (c *Conn) awake() {
	c.out.mu.Lock()
	send := c.schedule()
	c.out.mu.Unlock()
	if send {
		c.write()
	}
}

// due reports whether there is something to send, and if not, after how long
// there will be; 0 if that is not known.
func (o *outbox) due(now time.Time, lead time.Duration) (send bool, wait time.Duration) {
	if held, wait := o.holds(now); held {
		return false, wait
	}
	if o.clear || o.pause.marking || len(o.marks) > 0 && o.marks[0].pos <= o.sent {
		return true, 0
	}
	if o.size() == 0 {
		return false, 0
	}
	if ahead := o.heard.Sub(now); ahead > lead {
		return false, ahead - lead
	}
	return true, 0
}

// size returns how many bytes of audio the next message takes; 0 if it should wait for more.
func (o *outbox) size() int {
	n := int(o.queued - o.sent)
	if len(o.marks) > 0 {
		n = int(o.marks[0].pos - o.sent)
	}
	n = min(n, o.bytes(longMessage))
	if ready := int(max(o.flushed, o.sent) - o.sent); n <= ready {
		return n
	} else if n < o.bytes(shortMessage) {
		return ready
	}
	return n - n%max(1, o.bytes(packet))
}

// next encodes the next message that is due; nil if none is. The caller holds the lock.
func (o *outbox) next(w wire, now time.Time, lead time.Duration) []byte {
	dst := append(o.message[:0], make([]byte, ws.Headroom)...)
	switch send, _ := o.due(now, lead); {
	case !send:
		return nil
	case o.clear:
		o.clear = false
		o.farEnd.clear()
		dst = w.appendClear(dst)
		if o.pause.on {
			o.pause.marking, o.pause.since = true, now
		} else {
			o.heard, o.lag = now, 0
		}
	case o.pause.marking:
		o.pause.marking = false
		dst = w.appendMark(dst, pauseMark+strconv.Itoa(o.pause.count))
	case len(o.marks) > 0 && o.marks[0].pos <= o.sent:
		dst = w.appendMark(dst, o.marks[0].name)
		o.leaves(o.marks[0], now)
		o.marks = o.marks[1:]
	default:
		n := o.size()
		audio := o.take(n)
		o.farEnd.add(audio)
		dst = w.appendMedia(dst, audio)
		o.restart(now)
		o.heard = o.heard.Add(o.lasts(n))
		o.shrink(now)
	}
	o.message = dst
	return dst
}

// write sends what is due and ends.
func (c *Conn) write() {
	defer c.running.Done()
	o := &c.out
	for {
		msg := c.nextMessage()
		if msg == nil {
			return
		}
		if c.opts.OnMessage != nil {
			c.opts.OnMessage(true, msg[ws.Headroom:])
		}
		if err := c.sock.Write(msg); err != nil {
			// The reader ends the stream: it knows why the socket broke, and may
			// have a stop to read yet. If it reads on, writeFrom tells the watch.
			o.stop()
			continue
		}
		c.counts.messagesOut.Add(1)
		c.counts.bytesOut.Add(uint64(len(msg) - ws.Headroom))
		o.mu.Lock()
		o.writeFrom = time.Time{}
		o.mu.Unlock()
	}
}

// nextMessage returns the message to write now, or nil when the writer is to end.
func (c *Conn) nextMessage() []byte {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		now := time.Now()
		if msg := o.next(c.wire, now, c.opts.Lead); msg != nil {
			o.writeFrom = now
			return msg
		}
	}
	o.writing = false
	c.kick()
	return nil
}
