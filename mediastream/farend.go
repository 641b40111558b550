package mediastream

import "time"

// room is how much more than a stream's lead is kept: a message, and a stall of the audio
// that arrives.
const room = longMessage + 200*time.Millisecond

// hears fills dst with what the caller hears from a place of the inbound track on.
func (o *outbox) hears(dst []byte, at time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := &o.farEnd
	place := int64(o.bytes(at))
	if f.ring == nil {
		f.begin(o.bytes(o.lead+room), o.silence(), place)
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

// add puts sent audio behind the audio that plays, and drops what the ring has no room for.
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
