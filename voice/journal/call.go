package journal

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Call records one call. It is made by [Recorder.Call]; a nil Call records nothing, and the
// zero value is not usable. All methods may be called from any goroutine, and never wait for a
// disk.
type Call struct {
	r     *Recorder
	about About
	begun time.Time

	redact redactor

	mu      sync.Mutex
	buf     []byte // lines that wait
	spare   []byte // the pen's, to be filled next
	size    int64  // bytes of all lines
	lost    int    // lines since the last one that was kept
	full    bool
	streams int       // that were opened
	live    int       // that have not ended
	last    time.Time // when the last line came
	over    bool      // the call is
	closed  bool      // nothing is written any more

	file   *os.File // the pen's; nil while it is not open
	made   bool     // there is one
	failed bool     // it could not be written
}

// reserved is room that only the lines about ends take.
const reserved = 8 << 10

func newCall(r *Recorder, about About) *Call {
	c := &Call{r: r, about: about, begun: time.Now(), redact: redactor{o: &r.o, numbers: map[string]string{}}}
	c.last = c.begun
	h := Header{
		Version: Version, SID: about.SID, AccountSID: about.AccountSID, Begun: c.begun.UTC(), Instance: r.id,
		From: c.redact.number(about.From), To: c.redact.number(about.To), PublicURL: about.PublicURL,
		Audio: r.o.Audio, Speech: r.o.Speech, Numbers: r.o.Numbers, Digits: r.o.Digits,
	}
	c.keep(encode(h), true)
	return c
}

// Request records a webhook or callback that has been answered.
func (c *Call) Request(r Request) {
	if c == nil {
		return
	}
	c.redact.Lock()
	r.Path, r.Form, r.Reply = c.redact.text(r.Path), c.redact.form(r.Form), c.redact.document(r.Reply)
	c.redact.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if status := r.Form["CallStatus"]; len(status) == 1 && slices.Contains(terminal, status[0]) {
		c.over = true
	}
	c.line(line{Kind: KindRequest, Request: &r}, true)
}

// terminal are the CallStatuses of a call that is over.
var terminal = []string{"completed", "busy", "failed", "no-answer", "canceled"}

// Finished records that the call is over, with its CallStatus.
func (c *Call) Finished(status string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.line(line{Kind: KindFinished, Status: status}, true)
}

// Open records that a stream was accepted, and returns what records it.
func (c *Call) Open(o Open) *Stream {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams++
	c.live++
	c.over = false
	c.line(line{Kind: KindOpen, Stream: c.streams, Open: &o}, true)
	return &Stream{call: c, n: c.streams}
}

// Stream records one stream of a call. It is made by [Call.Open]; a nil Stream records
// nothing, and the zero value is not usable.
type Stream struct {
	call  *Call
	n     int
	ended bool
}

// Message records a message that was sent to Twilio, or has come from it. It copies what it
// keeps.
func (s *Stream) Message(sent bool, message []byte) {
	if s == nil {
		return
	}
	kind := KindIn
	if sent {
		kind = KindOut
	}
	c := s.call
	if from, to, ok := findPayload(message); ok {
		c.media(kind, s.n, message, from, to)
		return
	}
	l := line{Kind: kind, Stream: s.n}
	c.redact.Lock()
	if redacted, ok := c.redact.message(message); ok {
		l.Message = redacted
	} else {
		l.Text = c.redact.text(string(message))
	}
	c.redact.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(l, false)
}

// media records a message with audio at message[from:to], without an allocation.
func (c *Call) media(kind Kind, stream int, message []byte, from, to int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fits(len(message)+64, false) {
		return
	}
	b := append(c.buf, `{"t":`...)
	b = strconv.AppendInt(b, c.now(), 10)
	b = append(b, `,"k":"`...)
	b = append(b, kind...)
	b = append(b, `","s":`...)
	b = strconv.AppendInt(b, int64(stream), 10)
	b = append(b, `,"m":`...)
	if c.r.o.Audio {
		b = append(b, message...)
	} else {
		b = append(b, message[:from]...)
		b = append(b, `","bytes":`...)
		b = strconv.AppendInt(b, int64(decodedLen(message[from:to])), 10)
		b = append(b, message[to+1:]...)
	}
	b = append(b, "}\n"...)
	c.kept(b)
	if len(b) >= writeAt {
		c.r.kick()
	}
}

// Ear records a report of the speech detector.
func (s *Stream) Ear(e Ear) {
	if s == nil {
		return
	}
	c := s.call
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(line{Kind: KindEar, Stream: s.n, Ear: &e}, false)
}

// Heard records what the recogniser reported.
func (s *Stream) Heard(h Heard) {
	if s == nil {
		return
	}
	c := s.call
	c.redact.Lock()
	h.Text, h.Error = c.redact.speech(h.Text), c.redact.text(h.Error)
	for i := range h.Words {
		h.Words[i].Text = c.redact.speech(h.Words[i].Text)
	}
	c.redact.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(line{Kind: KindHeard, Stream: s.n, Heard: &h}, true)
}

// Did records what the handler did. Text is what was said, Detail anything else.
func (s *Stream) Did(a Action) {
	if s == nil {
		return
	}
	c := s.call
	c.redact.Lock()
	a.Text, a.Detail, a.Error = c.redact.speech(a.Text), c.redact.document(a.Detail), c.redact.text(a.Error)
	c.redact.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(line{Kind: KindDid, Stream: s.n, Did: &a}, true)
}

// End records that the stream has ended, once.
func (s *Stream) End(e End) {
	if s == nil {
		return
	}
	c := s.call
	c.redact.Lock()
	e.Error = c.redact.text(e.Error)
	c.redact.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	c.live--
	c.line(line{Kind: KindEnd, Stream: s.n, End: &e}, true)
}

// now returns the time of a line. The caller holds the lock.
func (c *Call) now() int64 {
	c.last = time.Now()
	return c.last.Sub(c.begun).Microseconds()
}

// line adds a line that is to be written at once. The caller holds the lock.
func (c *Call) line(l line, event bool) {
	ends := l.Kind == KindEnd || l.Kind == KindFinished
	l.Time = c.now()
	b := encode(l)
	if len(b) > maxLine {
		c.drop()
		return
	}
	if !c.fits(len(b), ends) {
		return
	}
	c.kept(append(c.buf, b...))
	if event || len(c.buf) >= writeAt {
		c.r.kick()
	}
}

// fits reports whether a line of n bytes is to be kept, and counts lines that were not. The
// caller holds the lock.
func (c *Call) fits(n int, ends bool) bool {
	left := c.r.o.MaxBytes - c.size
	if !ends {
		left -= reserved
	}
	switch {
	case c.closed, c.full && !ends:
		c.drop()
		return false
	case int64(n) > left:
		if !c.full {
			c.full = true
			c.note(line{Kind: KindFull})
		}
		if !ends || int64(n) > c.r.o.MaxBytes-c.size {
			c.drop()
			return false
		}
	}
	if c.r.waiting.Load()+int64(n) > int64(c.r.o.Buffer) {
		c.drop()
		return false
	}
	if c.lost > 0 && !c.full {
		c.note(line{Kind: KindDropped, Count: c.lost})
		c.lost = 0
	}
	return true
}

// note adds a line about the file itself.
func (c *Call) note(l line) {
	l.Time = c.now()
	c.keep(encode(l), true)
}

func (c *Call) drop() {
	c.lost++
	c.r.dropped.Add(1)
}

// keep adds whole lines. The caller holds the lock, or nothing else has the call yet.
func (c *Call) keep(lines []byte, event bool) {
	c.kept(append(c.buf, lines...))
	if event {
		c.r.kick()
	}
}

// kept notes that the buffer has grown to b.
func (c *Call) kept(b []byte) {
	n := int64(len(b) - len(c.buf))
	c.buf = b
	c.size += n
	c.r.waiting.Add(n)
}

// write writes what waits, and reports whether the file has done. Only one at a time calls it.
func (c *Call) write(now time.Time) (done bool) {
	c.mu.Lock()
	b := c.buf
	c.buf, c.spare = c.spare[:0], nil
	idle, live := now.Sub(c.last), c.live > 0
	done = c.live == 0 && (c.over && idle >= finished || idle >= unfinished)
	c.mu.Unlock()
	if len(b) > 0 {
		c.append(b)
	}
	if !live {
		c.shut() // there are fewer descriptors than calls
	}
	if cap(b) > 4*writeAt {
		b = nil // of a burst
	}
	c.mu.Lock()
	c.spare = b[:0]
	c.mu.Unlock()
	return done
}

// append writes to the file, which it makes if there is none.
func (c *Call) append(b []byte) {
	c.r.waiting.Add(-int64(len(b)))
	if c.failed {
		return
	}
	var err error
	if c.file == nil {
		if c.file, err = c.r.open(c); err != nil {
			c.file = nil
		}
	}
	if err == nil {
		_, err = c.file.Write(b)
	}
	if err != nil { // a file with a hole is none: nothing more is written to it
		c.failed = true
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.r.fail(c.about.SID, err)
		return
	}
	c.r.failing.Store(false)
	c.r.written.Add(uint64(len(b)))
}

// close writes what came last, and closes the file.
func (c *Call) close() {
	c.mu.Lock()
	if c.lost > 0 && !c.closed {
		c.note(line{Kind: KindDropped, Count: c.lost})
		c.lost = 0
	}
	c.closed = true
	b := c.buf
	c.buf = nil
	c.mu.Unlock()
	if len(b) > 0 {
		c.append(b)
	}
	c.shut()
}

// shut closes the file, if it is open.
func (c *Call) shut() {
	if c.file == nil {
		return
	}
	if err := c.file.Close(); err != nil {
		c.r.fail(c.about.SID, err)
	}
	c.file = nil
}
