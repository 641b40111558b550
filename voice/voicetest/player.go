package voicetest

// Audio is 8 kHz mu-law everywhere: one byte is one sample, 160 are 20 ms.
const (
	frameSize  = 160
	frameMS    = 20
	sampleRate = 8000
	mulawZero  = 0xFF

	// maxQueued is the audio that Twilio buffers for a stream, error 31931.
	maxQueued = 10 * 60 * sampleRate
	// quiet is how many frames without sound make a gap an end.
	quiet = 10
)

var silence = func() (f [frameSize]byte) {
	for i := range f {
		f[i] = mulawZero
	}
	return f
}()

// player is the caller's ear: what is queued for it is heard at real-time pace,
// one frame per tick, and marks come back when all before them has been heard.
type player struct {
	queue  []segment
	queued int      // bytes of audio in queue
	due    []string // marks that follow the frame being heard

	sounding bool // a frame with sound is being heard
	idle     int  // ticks without sound since
	heard    []byte
	cuts     []int // places in heard behind which something was cleared
	gaps     int
}

// segment is a piece of audio, or a mark when audio is nil.
type segment struct {
	audio []byte
	mark  string
}

// play queues audio and reports whether it fits.
func (p *player) play(audio []byte) bool {
	if p.queued+len(audio) > maxQueued {
		return false
	}
	if len(audio) > 0 {
		p.queue = append(p.queue, segment{audio: audio})
		p.queued += len(audio)
	}
	return true
}

// mark queues a mark, or reports that it is to be returned at once.
func (p *player) mark(name string) (now bool) {
	switch {
	case len(p.queue) > 0:
		p.queue = append(p.queue, segment{mark: name})
	case p.sounding:
		p.due = append(p.due, name)
	default:
		return true
	}
	return false
}

// clear drops what is queued and returns all marks that were waiting.
func (p *player) clear() (marks []string) {
	marks = append(marks, p.due...)
	for _, s := range p.queue {
		if s.audio == nil {
			marks = append(marks, s.mark)
		}
	}
	if p.queued > 0 || p.sounding {
		p.cuts = append(p.cuts, len(p.heard))
	}
	p.queue, p.queued, p.due = nil, 0, nil
	return marks
}

// tick ends the frame being heard and begins the next one, which it writes
// into frame. It returns the marks that have come due, whether sound began
// after silence and whether it ended.
func (p *player) tick(frame *[frameSize]byte) (marks []string, began, ended bool) {
	marks, p.due = p.due, nil
	n := 0
	for n < frameSize && len(p.queue) > 0 {
		head := &p.queue[0]
		if head.audio == nil {
			if n == 0 {
				marks = append(marks, head.mark)
			} else {
				p.due = append(p.due, head.mark)
			}
			p.queue = p.queue[1:]
			continue
		}
		k := copy(frame[n:], head.audio)
		n += k
		p.queued -= k
		if head.audio = head.audio[k:]; len(head.audio) == 0 {
			p.queue = p.queue[1:]
		}
	}
	for n > 0 && n == frameSize && len(p.queue) > 0 && p.queue[0].audio == nil {
		p.due = append(p.due, p.queue[0].mark) // right behind a full frame
		p.queue = p.queue[1:]
	}
	copy(frame[n:], silence[:])
	p.heard = append(p.heard, frame[:n]...)

	first := len(p.heard) == n
	switch {
	case n > 0:
		began = first || p.idle >= quiet
		if !began && p.idle > 0 {
			p.gaps++
		}
		p.idle = 0
	case !first && p.idle < quiet:
		p.idle++
		ended = p.idle == quiet
	}
	p.sounding = n > 0
	return marks, began, ended
}
