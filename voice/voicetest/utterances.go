package voicetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/journal"
)

// utterances are what a host has sent in a stream: on Media Streams parts that end with a clear, or
// messages as they are.
type utterances struct {
	parts    []stretch
	messages []message
	pauses   []json.RawMessage // marks of pauses that are to come back
	behind   bool              // marks that come next are of the part before: they were left at its clear
}

// stretch is audio up to a clear.
type stretch struct {
	audio   []byte // or as many zeros as the record has bytes
	marks   []placedMark
	cut     bool // by a clear
	resumed bool // behind a pause: it begins where, by the clock, the audio before was stopped
}

type placedMark struct {
	name string
	at   int  // in the part's audio
	back bool // it has come back in the record
}

const (
	// pauseMark begins the names of marks by which a mediastream.Conn learns that it is paused.
	pauseMark = "mediastream-pause-"
	// resumedApart is how many bytes apart audio may go on behind a pause.
	resumedApart = 8000
)

// message is one of ConversationRelay.
type message struct {
	line *journal.Line // in the record
	text string
}

// take adds a message.
func (s *utterances) take(l *journal.Line) {
	if len(s.parts) == 0 {
		s.parts = []stretch{{}}
	}
	last := &s.parts[len(s.parts)-1]
	var m struct {
		Event string
		Media struct {
			Payload string
			Bytes   int
		}
		Mark struct{ Name string }
	}
	if json.Unmarshal(l.Message, &m) != nil {
		return
	}
	switch m.Event {
	case "media":
		s.behind = false
		audio, err := base64.StdEncoding.DecodeString(m.Media.Payload)
		if err == nil && len(audio) == 0 {
			audio = make([]byte, l.Bytes())
		}
		last.audio = append(last.audio, audio...)
	case "mark":
		if strings.HasPrefix(m.Mark.Name, pauseMark) {
			last.resumed = true
			s.pauses = append(s.pauses, bytes.Clone(l.Message))
			break
		}
		if s.behind && len(s.parts) > 1 {
			last = &s.parts[len(s.parts)-2]
		}
		last.marks = append(last.marks, placedMark{name: m.Mark.Name, at: len(last.audio)})
	case "clear":
		if s.behind && len(s.parts) > 1 { // a clear right behind another one clears nothing
			last.resumed = false
			break
		}
		last.cut = true
		s.parts = append(s.parts, stretch{})
		s.behind = true
	}
}

// clears returns how many clears were sent.
func (s *utterances) clears() int { return max(0, len(s.parts)-1) }

// trim leaves out a clear at the end: whether it is sent before the host ends the stream, which
// clears as well, is a matter of moments.
func (s *utterances) trim() {
	if n := len(s.parts); n > 1 && len(s.parts[n-1].audio) == 0 {
		s.parts = s.parts[:n-1]
	}
}

// comesBack returns the place of a mark that comes back; false if none has the name. What goes
// on behind a pause has marks once more.
func (s *utterances) comesBack(name string) (p, n int, ok bool) {
	for p := range s.parts {
		for n := range s.parts[p].marks {
			if m := &s.parts[p].marks[n]; m.name == name && !m.back {
				m.back = true
				return p, n, true
			}
		}
	}
	return 0, 0, false
}

// apart returns how many bytes of a stretch lie before the other, which is less than none if it
// is the other way round; false if their audio is not the same as far as both go.
func (w *stretch) apart(g *stretch, audio bool) (skip int, same bool) {
	if !audio {
		if skip = len(w.audio) - len(g.audio); !w.resumed || !g.resumed || max(skip, -skip) > resumedApart {
			skip = 0
		}
		return skip, true
	}
	equal := func(a, b []byte) bool {
		both := min(len(a), len(b))
		return bytes.Equal(a[:both], b[:both])
	}
	if equal(w.audio, g.audio) {
		return 0, true
	}
	if !w.resumed || !g.resumed {
		return 0, false
	}
	for n := 1; n <= resumedApart; n++ {
		if n < len(w.audio) && equal(w.audio[n:], g.audio) {
			return n, true
		}
		if n < len(g.audio) && equal(w.audio, g.audio[n:]) {
			return -n, true
		}
	}
	return 0, false
}

func mulawLength(n int) time.Duration { return time.Duration(n) * time.Second / 8000 }
