package mediastream

import "time"

// farEnd is the audio that was sent, by the clock of the audio that arrives: what is sent
// while nothing plays begins where that clock stands, and what is sent ahead of time follows
// on what was sent before. So it moves with no delay of a message. Positions count bytes.
type farEnd struct {
	ring    []byte // nil until it is asked for; silence where nothing plays
	silence byte
	now     int64 // what is before it has been heard
	end     int64 // of what was sent
}

// room is how much more than a stream's lead is kept: a message, and a stall of the audio
// that arrives.
const room = longMessage + 200*time.Millisecond

// FarEnd fills dst with what the caller hears while he speaks the audio that begins at a
// place of the inbound track, Frame.Timestamp: what was sent and not cleared, in the stream's
// format, and silence. It reports whether any of it was sent. It is what an echo canceller
// calls the far end, or reference: the network and the telephone delay it by what they
// always do. Each call goes on where the one before ended; a place that is 40 ms or more
// after that is a gap. What was sent before the first call is not remembered: one with a dst of
// nil, at 0, begins.
func (c *Conn) FarEnd(dst []byte, at time.Duration) bool {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	f := &o.farEnd
	place := int64(o.bytes(at))
	if f.ring == nil {
		f.begin(o.bytes(c.opts.Lead+room), o.silence(), place)
	}
	if place-f.now >= int64(o.bytes(minGap)) {
		f.now = place
	}
	return f.read(dst)
}

// silence is the byte that silence is made of.
func (o *outbox) silence() byte {
	if o.rate == Mulaw().bytesPerSecond() {
		return 0xff
	}
	return 0
}

func (f *farEnd) begin(size int, silence byte, at int64) {
	f.ring, f.silence, f.now, f.end = make([]byte, max(1, size)), silence, at, at
}

// add puts what is sent behind what plays. What would be heard too late is left out.
func (f *farEnd) add(audio []byte) {
	if f.ring == nil {
		return
	}
	f.end = max(f.end, f.now)
	for len(audio) > 0 {
		left := f.now + int64(len(f.ring)) - f.end
		if left <= 0 {
			return
		}
		at := int(f.end % int64(len(f.ring)))
		n := copy(f.ring[at:], audio[:min(len(audio), int(left))])
		f.end += int64(n)
		audio = audio[n:]
	}
}

// clear drops what has not been heard.
func (f *farEnd) clear() { f.end = min(f.end, f.now) }

// read takes what is heard next.
func (f *farEnd) read(dst []byte) (sent bool) {
	n := 0
	for ; n < len(dst) && f.now < f.end; n++ {
		dst[n] = f.ring[int(f.now%int64(len(f.ring)))]
		f.now++
	}
	for i := range dst[n:] {
		dst[n+i] = f.silence
	}
	f.now += int64(len(dst) - n)
	return n > 0
}
