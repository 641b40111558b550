package deepgram

import (
	"encoding/json"
	"strings"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/failure"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

// message returns a message of the client: its type, and the text of Speak.
func message(kind, text string) live.Message {
	data, _ := json.Marshal(struct { // of strings, which cannot fail
		Type string `json:"type"`
		Text string `json:"text,omitempty"`
	}{kind, text})
	return live.Message{Data: data}
}

// complaint reads an Error, a Warning or a message without a type.
func complaint(kind string, data []byte) (r live.Reply) {
	fault, ok := answer.ReadFault(data)
	if !ok {
		r.Unclear = live.Unclear(name, "its type is missing")
		return r
	}
	e := failure.Of(fault, name, "read")
	code, said := strings.ToUpper(fault.Code), strings.ToLower(fault.Message)
	switch {
	case strings.HasPrefix(code, "DATA-"), strings.HasPrefix(code, "BIG-"), strings.HasPrefix(code, "MESSAGE-"):
		e.Kind = tts.ErrRefused
	case code == "NO_SYNTHESIZABLE_TEXT":
		e.Kind = tts.ErrBadText
	case strings.Contains(said, "flush") && strings.Contains(said, "60"), strings.Contains(said, "rate limit"):
		e.Kind = tts.ErrOverloaded // too many of them in a minute: this one is not carried out
	}
	if kind == "Warning" && e.Kind == tts.ErrUnavailable {
		r.Warning = e
	} else {
		r.Err = e
	}
	return r
}

// aura speaks one piece with /v1/speak: Speak and Flush, audio, Flushed.
type aura struct {
	stopped bool // Clear was sent
	flushed bool
	heard   bool
	stale   bool // a Flushed of the utterance before, which was cleared, may come
}

func newAura(_ tts.Config, before live.Session) live.Session {
	s, ok := before.(*aura)
	return &aura{stale: ok && s.stopped && !s.flushed}
}

func (s *aura) Say(piece string) []live.Message {
	return []live.Message{message("Speak", piece), message("Flush", "")}
}

func (s *aura) End() []live.Message { return nil }

func (s *aura) Stop() ([]live.Message, bool) {
	s.stopped = true
	return []live.Message{message("Clear", "")}, false
}

func (s *aura) Handle(m live.Message) (r live.Reply) {
	if m.Binary {
		s.heard = s.heard || len(m.Data) > 0
		r.Audio = m.Data
		return r
	}
	kind, err := answer.Type(m.Data)
	if err != nil {
		r.Unclear = live.Unclear(name, "%w", err)
		return r
	}
	switch kind {
	case "Flushed":
		switch {
		case s.stopped: // Cleared follows
		case s.stale && !s.heard:
			s.stale = false
			return r
		default:
			r.Done = true
		}
		s.flushed = true
	case "Cleared":
		r.Stopped = true
	case "Error", "Warning", "":
		return complaint(kind, m.Data)
	}
	return r
}

// fluxSession speaks one utterance with /v2/speak: Speak for each piece and Flush,
// SpeechStarted, audio, SpeechMetadata.
type fluxSession struct {
	stopped bool // Interrupt was sent
	over    bool // the utterance had ended before the service read that; its answer follows
}

func newFlux(tts.Config, live.Session) live.Session { return &fluxSession{} }

func (s *fluxSession) Say(piece string) []live.Message {
	return []live.Message{message("Speak", piece+" ")}
}

func (s *fluxSession) End() []live.Message { return []live.Message{message("Flush", "")} }

// Stop interrupts without an offset: what the caller has heard of it the service learns
// from nobody, and the call from its marks.
func (s *fluxSession) Stop() ([]live.Message, bool) {
	s.stopped = true
	return []live.Message{message("Interrupt", "")}, false
}

func (s *fluxSession) Handle(m live.Message) (r live.Reply) {
	if m.Binary {
		r.Audio = m.Data
		return r
	}
	kind, err := answer.Type(m.Data)
	if err != nil {
		r.Unclear = live.Unclear(name, "%w", err)
		return r
	}
	switch kind {
	case "SpeechMetadata":
		r.Done, s.over = !s.stopped, s.stopped
	case "SpeechInterrupted":
		r.Stopped = true
	case "Warning":
		if s.over { // there was nothing to interrupt
			r.Stopped = true
			return r
		}
		if r = complaint(kind, m.Data); s.stopped && r.Warning != nil { // the Interrupt is not carried out
			r.Err = r.Warning
		}
	case "Error", "":
		return complaint(kind, m.Data)
	}
	return r
}
