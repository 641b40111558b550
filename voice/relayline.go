package voice

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/relay"
)

// relayLine is the connection of a call over ConversationRelay as a player needs it. What is
// sent are bytes of text; a mark, which ends a reply, comes back when Twilio has spoken what
// is before it.
//
// One reply is at Twilio at a time: each is sent as one that the next may preempt, which is
// how an interruption by the server stops it.
type relayLine struct {
	*relay.Conn
	returned func(mark string)

	mu     sync.Mutex
	sent   int64         // bytes of text; a file counts as one
	spoken int64         // bytes that were spoken, or dropped
	reply  []byte        // the text that is at Twilio
	base   int64         // where it begins
	open   bool          // more of the reply may come
	bare   bool          // what was sent last has no mark yet
	file   bool          // what was sent last is a file
	marks  []relayMark   // that have not come back, in order
	tells  bool          // Twilio tells what it has spoken
	speaks bool          // Twilio has begun to speak since the last reply was sent
	before time.Time     // until when Twilio may speak what a connection before sent; zero: it does not
	late   *time.Timer   // returns the first mark if Twilio tells nothing
	begun  func()        // is told that Twilio has what was sent last; or nil
	heard  []string      // what Twilio said before this connection sent anything
	starts bool          // Twilio began to speak before that
	doubt  string        // text that a connection before has perhaps sent
	found  chan struct{} // closed when Twilio says that; nil if nobody waits
}

// relayMark is the end of a reply, or of a file.
type relayMark struct {
	name string
	pos  int64
	file bool
}

const (
	// lookAgain is how long a player waits to look again whether Twilio has spoken.
	lookAgain = 20 * time.Millisecond
	// tellsWithin is how soon Twilio tells the next word, while it speaks.
	tellsWithin = time.Second
	// saysWithin is how soon Twilio says the first word of a text, and maxHeard how much is
	// kept of what it says.
	saysWithin = 2 * time.Second
	maxHeard   = 100
	// slowest is how many bytes of text a voice says in a second at least.
	slowest = 8
	// unheardOf is how much longer than that Twilio may take to tell, and how long a file may
	// play of which it tells nothing.
	unheardOf = 10 * time.Second
	longFile  = 10 * time.Minute
)

// textLength is about how long n bytes of text take to say.
func textLength(n int) time.Duration {
	const usual = 14 // bytes a second
	return time.Duration(n) * time.Second / usual
}

// SendMedia sends text.
func (l *relayLine) SendMedia(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Send(relay.Text{Token: string(text), Preemptible: new(true)}); err != nil {
		return ofLine(err)
	}
	l.add(text)
	l.open = true
	return nil
}

// sendReply sends a text that is a reply by itself.
func (l *relayLine) sendReply(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Send(relay.Text{Token: text, Last: true, Preemptible: new(true)}); err != nil {
		return ofLine(err)
	}
	l.add([]byte(text))
	return nil
}

// add notes text of a reply that was sent. The caller holds the lock.
func (l *relayLine) add(text []byte) {
	if !l.open {
		l.speaks, l.file, l.bare = false, false, true
		l.reply, l.base = nil, l.sent
	}
	l.reply, l.sent = append(l.reply, text...), l.sent+int64(len(text))
}

// sendFile plays a file.
func (l *relayLine) sendFile(m relay.Play) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Send(m); err != nil {
		return ofLine(err)
	}
	l.sent++
	l.reply, l.base, l.speaks, l.file, l.bare = nil, l.sent, false, true, true
	return nil
}

// SendMark ends the reply, or the file.
func (l *relayLine) SendMark(name string) error {
	l.mu.Lock()
	m := relayMark{name: name, pos: l.sent, file: l.file}
	if l.open {
		if err := l.Send(relay.Text{Last: true, Preemptible: new(true)}); err != nil {
			l.mu.Unlock()
			return ofLine(err)
		}
		l.open = false
	}
	l.bare = false
	spoken := !m.file && l.spoken >= m.pos && len(l.marks) == 0
	if !spoken {
		l.marks = append(l.marks, m)
		l.expect()
	}
	l.mu.Unlock()
	if spoken { // before its end was sent
		l.returned(name)
	}
	return nil
}

// comesBack notes that Twilio may still speak what a connection before has sent, which must
// not be preempted.
func (l *relayLine) comesBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = time.Now().Add(tellsWithin)
}

// awaits has a function told, once, when Twilio says something of what is sent next.
func (l *relayLine) awaits(begun func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = begun
}

// begins tells that Twilio says what was sent last, or never will.
func (l *relayLine) begins() {
	l.mu.Lock()
	begun := l.begun
	l.begun = nil
	l.mu.Unlock()
	if begun != nil {
		begun()
	}
}

// settled waits until Twilio says a text that a connection before may have sent, or says
// nothing for a while: a reply is sent when what was before it was spoken, so that nothing
// else is to be heard.
func (l *relayLine) settled(ctx context.Context, text string) (sent bool) {
	l.mu.Lock()
	found := make(chan struct{})
	l.doubt, l.found = text, found
	l.look()
	l.mu.Unlock()
	quiet := time.NewTimer(saysWithin)
	defer quiet.Stop()
	select {
	case <-found:
		return true
	case <-quiet.C:
	case <-ctx.Done():
	}
	return false
}

// hears notes what Twilio says, which before this connection has sent anything is what one
// before has. The caller holds the lock.
func (l *relayLine) hears(said string) {
	if l.sent == 0 && len(l.heard) < maxHeard {
		l.heard = append(l.heard, said)
		l.look()
	}
}

// look finds the text in doubt in what Twilio has said. The caller holds the lock.
func (l *relayLine) look() {
	if l.found == nil || !l.starts && !slices.ContainsFunc(l.heard, func(said string) bool { return spokenOf(l.doubt, said) }) {
		return
	}
	close(l.found)
	l.found = nil
}

// spokenOf reports whether words are somewhere in a text, one behind the other.
func spokenOf(text, words string) bool {
	for i, r := range text {
		if before, _ := utf8.DecodeLastRuneInString(text[:i]); !spelled(r) || i > 0 && spelled(before) {
			continue
		}
		if n, ok := follow(text[i:], words); ok && n > 0 {
			return true
		}
	}
	return false
}

// Clear has Twilio stop: an empty reply preempts what it speaks, as far as that is
// documented, and the next one does.
func (l *relayLine) Clear() error {
	l.begins()
	l.mu.Lock()
	defer l.mu.Unlock()
	replies := 0
	if l.open { // the end of this one comes first
		replies++
	}
	if l.bare || len(l.marks) > 0 || time.Now().Before(l.before) {
		replies++
	}
	l.drop()
	for range replies {
		if err := l.Send(relay.Text{Last: true, Preemptible: new(true)}); err != nil {
			return ofLine(err)
		}
	}
	return nil
}

// Played implements output.
func (l *relayLine) Played() (certain, about int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spoken, l.spoken
}

// Stats implements output: while another reply is spoken, there is too much to send more.
func (l *relayLine) Stats() mediastream.Stats {
	s := l.Conn.Stats()
	stats := mediastream.Stats{MessagesIn: s.MessagesIn, BytesIn: s.BytesIn, MessagesOut: s.MessagesOut, BytesOut: s.BytesOut, Malformed: s.Malformed, Unknown: s.Unknown}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open && (len(l.marks) > 0 && !l.marks[len(l.marks)-1].file || time.Now().Before(l.before)) {
		stats.Unplayed = ahead + lookAgain
	}
	return stats
}

// Close ends the waiting for marks, too.
func (l *relayLine) Close(code int, reason string) error {
	l.mu.Lock()
	l.drop()
	l.mu.Unlock()
	return l.Conn.Close(code, reason)
}

// drop forgets what is at Twilio. The caller holds the lock.
func (l *relayLine) drop() {
	l.before = time.Time{}
	l.spoken, l.open, l.bare, l.marks, l.reply, l.base = l.sent, false, false, nil, nil, l.sent
	l.expect()
}

// expect sets the clock for the first mark. The caller holds the lock.
func (l *relayLine) expect() {
	if l.late != nil {
		l.late.Stop()
	}
	if len(l.marks) == 0 {
		return
	}
	first := l.marks[0]
	wait := time.Duration(first.pos-l.spoken)*time.Second/slowest + unheardOf
	if first.file {
		wait = longFile
	}
	l.late = time.AfterFunc(wait, func() { l.reached(first.pos) })
}

// reached returns the marks up to a position.
func (l *relayLine) reached(pos int64) {
	l.mu.Lock()
	last := ""
	for len(l.marks) > 0 && l.marks[0].pos <= pos {
		last = l.marks[0].name
		l.marks = l.marks[1:]
	}
	further := pos > l.spoken || last != ""
	l.spoken = max(l.spoken, min(pos, l.sent))
	l.expect()
	l.mu.Unlock()
	if further {
		l.begins()
	}
	if last != "" {
		l.returned(last)
	}
}

// played takes what Twilio says that it has spoken: what follows on what it said before, or
// all of the reply so far, as both are seen.
func (l *relayLine) played(said string) {
	l.mu.Lock()
	l.hears(said)
	if l.tells = true; !l.before.IsZero() {
		l.before = time.Now().Add(tellsWithin)
	}
	from, pos := max(l.spoken, l.base), l.spoken
	if n, ok := follow(l.reply[from-l.base:], said); ok && n > 0 {
		pos = from + int64(n)
	} else if n, ok := follow(l.reply, said); ok && n > 0 {
		pos = max(pos, l.base+int64(n))
	}
	if left := int(pos - l.base); left >= 0 && left <= len(l.reply) && !worded(l.reply[left:]) {
		pos = l.base + int64(len(l.reply)) // but for what is not said
	}
	l.mu.Unlock()
	l.reached(pos)
}

// interrupted takes how much of the reply the caller has heard, before its playbacks end.
func (l *relayLine) interrupted(heard string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hears(heard)
	from := max(l.spoken, l.base)
	if n, ok := follow(l.reply, heard); ok && n > 0 {
		l.spoken = l.base + int64(n)
	} else if n, ok := follow(l.reply[from-l.base:], heard); ok && n > 0 {
		l.spoken = from + int64(n)
	}
}

// forget is drop after an interruption by the caller: Twilio has dropped it, too.
func (l *relayLine) forget() {
	l.begins()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		_ = l.Send(relay.Text{Last: true, Preemptible: new(true)})
	}
	l.drop()
}

// speaking takes whether Twilio speaks. The end of that is the end of a file, and of a reply
// where Twilio does not tell what it has spoken.
func (l *relayLine) speaking(on bool) {
	l.mu.Lock()
	if on && l.sent == 0 {
		l.starts = true
		l.look()
	}
	began := l.speaks
	l.speaks = on || l.speaks
	if !on {
		l.before = time.Time{}
	}
	pos := int64(-1)
	for _, m := range l.marks {
		if !on && began && !l.open && (m.file || !l.tells) {
			pos = m.pos
			continue
		}
		break
	}
	l.mu.Unlock()
	if on {
		l.begins()
	}
	if pos >= 0 {
		l.reached(pos)
	}
}

// ofLine names an error of a connection as that of a stream.
func ofLine(err error) error {
	switch err {
	case relay.ErrClosed:
		return mediastream.ErrClosed
	case relay.ErrQueueFull:
		return mediastream.ErrQueueFull
	}
	return err
}

// follow returns how many bytes of text are what was said: letters and digits count, in any
// case, and nothing else. It reports false if something else was said.
func follow[T, S ~string | ~[]byte](text T, said S) (n int, ok bool) {
	words, at := []byte(text), 0
	for _, r := range string(said) {
		if !spelled(r) {
			continue
		}
		for {
			if at >= len(words) {
				return n, true // more than was sent, as a greeting behind it
			}
			next, size := utf8.DecodeRune(words[at:])
			at += size
			if !spelled(next) {
				continue
			}
			if unicode.ToLower(next) != unicode.ToLower(r) {
				return 0, false
			}
			n = at
			break
		}
	}
	return n, true
}

// spelled reports whether a character is one of a word.
func spelled(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// worded reports whether there is something to say in a text.
func worded(text []byte) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if spelled(r) {
			return true
		}
		i += size
	}
	return false
}

// wholeWords returns the beginning of a text up to n bytes, without a word that goes on
// behind them, and with the punctuation behind the last one.
func wholeWords(text string, n int) string {
	n = min(n, len(text))
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	if goesOn(text[n:]) {
		for n > 0 {
			last, size := utf8.DecodeLastRuneInString(text[:n])
			if !spelled(last) && !isApostrophe(last) {
				break
			}
			n -= size
		}
	}
	for n > 0 && n < len(text) { // the punctuation
		r, size := utf8.DecodeRuneInString(text[n:])
		if unicode.IsSpace(r) || spelled(r) {
			break
		}
		n += size
	}
	if !worded([]byte(text[:n])) {
		return ""
	}
	return strings.TrimRightFunc(text[:n], unicode.IsSpace)
}

// goesOn reports whether a text begins within a word: "don't" is one.
func goesOn(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	if isApostrophe(r) {
		r, _ = utf8.DecodeRuneInString(text[size:])
	}
	return spelled(r)
}

func isApostrophe(r rune) bool { return r == '\'' || r == '\u2019' }
