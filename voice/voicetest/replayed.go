package voicetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/relay"
)

// connection is a Carrier of either wire.
type connection interface {
	Send(mediastream.Message) error
	Receive(context.Context) (mediastream.Message, error)
	Close(code int, reason string) error
	Abort() error
}

// replayed is a stream that is replayed.
type replayed struct {
	*replay
	wire    string
	listens bool
	conn    connection
	want    utterances // all that is in the record
	told    utterances // what of that was sent by now in the record
	read    chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when got changes
	got     utterances
	owed    bool  // the mark of a pause has come back in the record, and the host has yet to send it
	over    error // why nothing more comes
	closed  time.Time
}

func (s *replayed) dial(ctx context.Context, rawURL string) error {
	ctx, cancel := context.WithTimeout(ctx, s.tw.link.handshake)
	defer cancel()
	req, err := s.signed(ctx, Handshake, http.MethodGet, rawURL, nil)
	if err != nil {
		return err
	}
	o := &mediastream.DialOptions{Header: req.Header, Host: req.Host, Transport: s.tw.link.transport}
	if s.wire == journal.WireRelay {
		var c *relay.Carrier
		if c, err = relay.Dial(ctx, req.URL.String(), o); err == nil {
			s.conn = c
		}
	} else {
		var c *mediastream.Carrier
		if c, err = mediastream.Dial(ctx, req.URL.String(), mediastream.Stream{}, o); err == nil {
			s.conn = c
		}
	}
	if err != nil {
		return err
	}
	s.changed, s.read = make(chan struct{}), make(chan struct{})
	go s.receive()
	return nil
}

// receive takes what the host sends.
func (s *replayed) receive() {
	defer close(s.read)
	for {
		m, err := s.conn.Receive(context.Background())
		s.mu.Lock()
		switch {
		case err != nil:
			s.over, s.closed = err, time.Now()
		case s.wire == journal.WireRelay:
			if !isPause(m.Data) {
				s.got.messages = append(s.got.messages, message{text: s.record.NormalMessage(m.Data)})
			}
		default:
			s.got.take(&journal.Line{Message: m.Data})
		}
		back := s.owed && len(s.got.pauses) > 0
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
		if back {
			_ = s.paused()
		}
	}
}

// abort ends what is left of a stream.
func (s *replayed) abort() {
	s.conn.Abort()
	<-s.read
}

// until waits until the host has done something, which is called with the lock held; false
// when it has not in time, or cannot any more.
func (s *replayed) until(ctx context.Context, done func() bool) bool {
	timer := time.NewTimer(s.tw.clock(replayGrace))
	defer timer.Stop()
	for {
		s.mu.Lock()
		ok, over, changed := done(), s.over, s.changed
		s.mu.Unlock()
		if ok || over != nil {
			return ok
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// out notes that by now the host had sent a message.
func (s *replayed) out(l *journal.Line) {
	if s.wire == journal.WireRelay {
		if !isPause(l.Message) {
			s.told.messages = append(s.told.messages, message{l, s.record.NormalMessage(l.Message)})
		}
		return
	}
	before := len(s.told.pauses)
	if s.told.take(l); len(s.told.pauses) > before {
		s.mu.Lock()
		s.owed = false // another one
		s.mu.Unlock()
	}
}

// isPause reports whether a message of ConversationRelay is an empty text, which ends a reply
// or stops one. How many of them an interruption takes depends on whether Twilio's word of it
// came before or after.
func isPause(data []byte) bool {
	var m struct {
		Type  string
		Token *string
	}
	return json.Unmarshal(data, &m) == nil && m.Type == "text" && m.Token != nil && *m.Token == ""
}

// in sends a message of Twilio, when the host has done what that may be an answer to.
func (s *replayed) in(ctx context.Context, l *journal.Line) error {
	data := []byte(l.Message)
	if data == nil {
		data = []byte(l.Text)
	}
	if s.wire == journal.WireRelay {
		before := len(s.told.messages)
		if !s.until(ctx, func() bool { return len(s.got.messages) >= before }) {
			return s.compare(l)
		}
		return s.deliver(data)
	}
	var m struct {
		Event string
		Mark  struct{ Name string }
	}
	if bytes.HasPrefix(data, []byte(`{"event":"media",`)) || bytes.HasPrefix(data, []byte(`{"event":"media"}`)) { // fifty a second
		m.Event = "media"
	} else if l.Message != nil {
		_ = json.Unmarshal(data, &m)
	}
	switch m.Event {
	case "media":
		if s.record.Audio {
			break
		}
		if n := l.Bytes(); n > 0 {
			data = silent(data, n)
		}
	case "mark":
		if strings.HasPrefix(m.Mark.Name, pauseMark) {
			return s.paused()
		}
		p, n, known := s.want.comesBack(m.Mark.Name)
		if !known {
			break
		}
		clears, name := s.told.clears(), ""
		if !s.until(ctx, func() bool {
			if s.got.clears() < clears || p >= len(s.got.parts) {
				return false
			}
			if marks := s.got.parts[p].marks; n < len(marks) {
				name = marks[n].name
				return true
			}
			return s.got.parts[p].cut && (!s.got.behind || p < len(s.got.parts)-2) // it will not come
		}) {
			return s.compare(l)
		}
		if name == "" {
			return nil
		}
		data = renamed(data, name)
	case "stop":
		if err := s.settle(ctx, l); err != nil {
			return err
		}
	}
	return s.deliver(data)
}

// paused has the host know that it is paused, where it is: it may have stopped for good at
// once, without a pause, where it had not in the record, or the other way round.
func (s *replayed) paused() error {
	s.mu.Lock()
	marks := s.got.pauses
	s.got.pauses = nil
	s.owed = len(marks) == 0
	s.mu.Unlock()
	for _, m := range marks {
		if err := s.deliver(m); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends a message as it is. A host that has ended the stream by then is seen at its end.
func (s *replayed) deliver(data []byte) error {
	_ = s.conn.Send(mediastream.Message{Data: data})
	return nil
}

// silent puts silence into a media message that is recorded without its audio.
func silent(message []byte, n int) []byte {
	var m map[string]any
	if json.Unmarshal(message, &m) != nil {
		return message
	}
	media, ok := m["media"].(map[string]any)
	if !ok {
		return message
	}
	delete(media, "bytes")
	media["payload"] = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, n))
	changed, err := json.Marshal(m)
	if err != nil {
		return message
	}
	return changed
}

// renamed gives a mark that comes back the name that the host has given it this time.
func renamed(message []byte, name string) []byte {
	var m map[string]any
	if json.Unmarshal(message, &m) != nil {
		return message
	}
	m["mark"] = map[string]any{"name": name}
	changed, err := json.Marshal(m)
	if err != nil {
		return message
	}
	return changed
}

// settle waits until the host has sent what it had sent by now in the record.
func (s *replayed) settle(ctx context.Context, l *journal.Line) error {
	if s.until(ctx, func() bool { return s.reached(&s.told) }) {
		return nil
	}
	return s.compare(l)
}

// reached reports whether the host has sent as much. The caller holds the lock.
func (s *replayed) reached(want *utterances) bool {
	if len(s.got.messages) < len(want.messages) || len(s.got.parts) < len(want.parts) {
		return false
	}
	for i := range want.parts {
		w, g := &want.parts[i], &s.got.parts[i]
		apart := 0
		if w.resumed {
			apart = resumedApart
		}
		if !w.cut && (len(g.audio)+apart < len(w.audio) || len(g.marks) < len(w.marks)) {
			return false
		}
	}
	return true
}

// errEarlyEnd is why nothing more came of a stream that the host has not ended in the record.
var errEarlyEnd = errors.New("the host ended the stream")

// compare returns the first difference in what was sent so far, or else that the host did not
// do in time what it had done.
func (s *replayed) compare(l *journal.Line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil && s.endsSoon(l) {
		return nil // and is compared at its end
	}
	if err := s.compareSaid(l, true); err != nil {
		return err
	}
	late := fmt.Sprintf("nothing more within %v", replayGrace)
	if s.over != nil {
		late = errEarlyEnd.Error()
	}
	return s.differs(l, "silence", fmt.Sprintf("%d messages, %d clears before this line", len(s.told.messages), s.told.clears()), late)
}

// endsSoon reports whether in the record the host ends the stream soon after a line.
func (s *replayed) endsSoon(l *journal.Line) bool {
	return slices.ContainsFunc(s.record.Lines, func(end journal.Line) bool {
		return end.Kind == journal.KindEnd && end.Stream == l.Stream && byHost(end.End.Reason) && end.At-l.At < replayGrace
	})
}

// compareSaid compares what was sent, or the beginning of it. The caller holds the lock.
func (s *replayed) compareSaid(l *journal.Line, beginning bool) error {
	for i, m := range s.told.messages {
		switch {
		case i >= len(s.got.messages):
			return s.differs(m.line, "message", m.text, "none")
		case s.got.messages[i].text != m.text:
			return s.differs(m.line, "message", m.text, s.got.messages[i].text)
		}
	}
	if n := len(s.told.messages); !beginning && len(s.got.messages) > n {
		return s.differs(l, "message", "none", s.got.messages[n].text)
	}
	for i := range s.told.parts {
		if i >= len(s.got.parts) {
			return s.differs(l, "clear", fmt.Sprintf("%d clears", s.told.clears()), fmt.Sprintf("%d clears", s.got.clears()))
		}
		w, g := &s.told.parts[i], &s.got.parts[i]
		skip, same := w.apart(g, s.record.Audio)
		if !same {
			at := 0
			for w.audio[at] == g.audio[at] {
				at++
			}
			return s.differs(l, "audio", fmt.Sprintf("the same as in the record behind clear %d", i), fmt.Sprintf("other audio from %v on", mulawLength(at)))
		}
		if w.cut || g.cut || beginning {
			continue
		}
		if len(w.audio)-skip != len(g.audio) {
			return s.differs(l, "audio", fmt.Sprintf("%v behind clear %d", mulawLength(len(w.audio)), i), mulawLength(len(g.audio)).String())
		}
		if len(w.marks) != len(g.marks) {
			return s.differs(l, "marks", fmt.Sprintf("%d behind clear %d", len(w.marks), i), fmt.Sprint(len(g.marks)))
		}
		for n := range w.marks {
			if w.marks[n].at-skip != g.marks[n].at {
				return s.differs(l, "marks", fmt.Sprintf("mark %d at %v", n+1, mulawLength(w.marks[n].at)), mulawLength(g.marks[n].at).String())
			}
		}
	}
	if len(s.got.parts) > max(1, len(s.told.parts)) {
		return s.differs(l, "clear", fmt.Sprintf("%d clears", s.told.clears()), fmt.Sprintf("%d clears", s.got.clears()))
	}
	return nil
}

// ended waits until the host has ended the stream.
func (s *replayed) ended(ctx context.Context, l *journal.Line) error {
	if s.until(ctx, func() bool { return s.over != nil }) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return nil
	}
	if err := s.compareSaid(l, true); err != nil {
		return err
	}
	return s.differs(l, "end", "the host ends the stream: "+l.End.Reason, "it does not")
}

// end ends the stream as it ended, and compares what was sent in it.
func (s *replayed) end(ctx context.Context, l *journal.Line) error {
	cut := l.End.Reason == "disconnect" || l.End.Reason == "shutdown" || l.End.Reason == "transfer"
	if byHost(l.End.Reason) {
		if err := s.ended(ctx, l); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told.trim()
		s.got.trim()
	} else {
		if !cut {
			if err := s.settle(ctx, l); err != nil {
				return err
			}
			_ = s.conn.Close(1000, "")
		} else {
			s.conn.Abort()
		}
		<-s.read
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	return s.compareSaid(l, cut || l.End.Reason != "returned")
}
