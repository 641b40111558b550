package mediastream

import (
	"slices"
	"strconv"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// maxMarks is how many marks may wait to be sent.
const maxMarks = 1024

// addMedia queues a copy of audio.
func (o *outbox) addMedia(audio []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	if o.waiting()+len(audio) > o.limit {
		return ErrQueueFull
	}
	o.push(audio)
	o.kick()
	return nil
}

// flush lets what is queued leave in a short message.
func (o *outbox) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	o.flushed = o.queued
	o.kick()
	return nil
}

// addMark queues a mark behind the audio.
func (o *outbox) addMark(name string) error {
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
	o.kick()
	return nil
}

// dropAll drops what is queued, and has the carrier drop what it holds.
func (o *outbox) dropAll() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	o.drop()
	o.clear = true
	o.kick()
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
func (o *outbox) begin(rate int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun, o.rate = true, rate
	o.kick()
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

// flushForgotten flushes a remainder that nothing was added to since the last look.
func (o *outbox) flushForgotten() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.sent == o.queued {
		return
	}
	if o.forgotten == o.queued {
		o.flushed = o.queued
		o.kick()
	}
	o.forgotten = o.queued
}

// kick starts the writer if there is something to send now. The caller holds the lock.
func (o *outbox) kick() {
	if o.schedule() {
		go o.write()
	}
}

// schedule reports whether the caller is to start the writer, or sets the clock
// for when there will be something to send. The caller holds the lock.
func (o *outbox) schedule() bool {
	if o.writing || o.closed || !o.begun {
		return false
	}
	send, wait := o.due(time.Now())
	switch {
	case send:
		o.writing = true
		o.running.Add(1)
	case wait > 0 && o.wake == nil:
		o.wake = time.AfterFunc(onGrid(wait), o.awake)
	case wait > 0:
		o.wake.Reset(onGrid(wait))
	}
	return send
}

// onGrid lengthens a wait to the next full 20 ms of the clock, so that all the
// streams of a process wake it up together; the lead makes up for it.
func onGrid(wait time.Duration) time.Duration {
	at := time.Duration(time.Now().UnixNano()) + wait
	return wait + (frameLength-at%frameLength)%frameLength
}

// awake is the clock's call. It is the writer itself: that saves a goroutine.
func (o *outbox) awake() {
	o.mu.Lock()
	send := o.schedule()
	o.mu.Unlock()
	if send {
		o.write()
	}
}

// due reports whether there is something to send, and if not, after how long
// there will be; 0 if that is not known.
func (o *outbox) due(now time.Time) (send bool, wait time.Duration) {
	if held, wait := o.holds(now); held {
		return false, wait
	}
	if o.clear || o.pause.marking || len(o.marks) > 0 && o.marks[0].pos <= o.sent {
		return true, 0
	}
	if o.size() == 0 {
		return false, 0
	}
	if ahead := o.heard.Sub(now); ahead > o.lead {
		return false, ahead - o.lead
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
	return n - n%max(1, o.bytes(frameLength))
}

// next encodes the next message that is due; nil if none is. The caller holds the lock.
func (o *outbox) next(now time.Time) []byte {
	dst := append(o.message[:0], make([]byte, ws.Headroom)...)
	switch send, _ := o.due(now); {
	case !send:
		return nil
	case o.clear:
		o.clear = false
		o.farEnd.clear()
		dst = o.wire.appendClear(dst)
		if o.pause.on {
			o.pause.marking, o.pause.since = true, now
		} else {
			o.heard, o.lag = now, 0
		}
	case o.pause.marking:
		o.pause.marking = false
		dst = o.wire.appendMark(dst, pauseMark+strconv.Itoa(o.pause.count))
	case len(o.marks) > 0 && o.marks[0].pos <= o.sent:
		dst = o.wire.appendMark(dst, o.marks[0].name)
		o.leaves(o.marks[0], now)
		o.marks = o.marks[1:]
	default:
		n := o.size()
		audio := o.take(n)
		o.farEnd.add(audio)
		dst = o.wire.appendMedia(dst, audio)
		o.restart(now)
		o.heard = o.heard.Add(o.lasts(n))
		o.shrink(now)
	}
	o.message = dst
	return dst
}

// write sends what is due and ends.
func (o *outbox) write() {
	defer o.running.Done()
	for {
		msg := o.nextMessage()
		if msg == nil {
			return
		}
		if o.onMessage != nil {
			o.onMessage(true, msg[ws.Headroom:])
		}
		if err := o.sock.Write(msg); err != nil {
			// The reader ends the stream: it knows why the socket broke, and may
			// have a stop to read yet. If it reads on, writeFrom tells the watch.
			o.stop()
			continue
		}
		o.counts.messagesOut.Add(1)
		o.counts.bytesOut.Add(uint64(len(msg) - ws.Headroom))
		o.mu.Lock()
		o.writeFrom = time.Time{}
		o.mu.Unlock()
	}
}

// nextMessage returns the message to write now, or nil when the writer is to end.
func (o *outbox) nextMessage() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		now := time.Now()
		if msg := o.next(now); msg != nil {
			o.writeFrom = now
			return msg
		}
	}
	o.writing = false
	o.kick()
	return nil
}
