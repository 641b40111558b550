package deepgram

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// session collects the parts that are final until an utterance is.
type session struct {
	interim  bool
	speaking bool // SpeechStart was reported, its UtteranceEnd was not
	guessing bool // something was heard that is not final yet
	parts    []stt.Transcript
}

func (s *session) Hello() live.Message { return live.Message{} }

func (s *session) Audio(audio []byte) live.Message {
	return live.Message{Binary: true, Data: append([]byte(nil), audio...)}
}

func (s *session) Flush() live.Message     { return live.Text(`{"type":"Finalize"}`) }
func (s *session) KeepAlive() live.Message { return live.Text(`{"type":"KeepAlive"}`) }
func (s *session) Bye() live.Message       { return live.Text(`{"type":"CloseStream"}`) }

// message is what the service sends; times are in seconds.
type message struct {
	Type         string  `json:"type"`
	Start        float64 `json:"start"`
	Duration     float64 `json:"duration"`
	IsFinal      bool    `json:"is_final"`
	SpeechFinal  bool    `json:"speech_final"`
	FromFinalize bool    `json:"from_finalize"`
	Channel      json.RawMessage
	Metadata     struct {
		RequestID string `json:"request_id"`
	} `json:"metadata"`
	Timestamp   float64 `json:"timestamp"`
	Description string  `json:"description"`
	Variant     string  `json:"variant"`
}

// channel is the channel of Results; in other messages it is a list of numbers.
type channel struct {
	Alternatives []struct {
		Transcript string  `json:"transcript"`
		Confidence float64 `json:"confidence"`
		Words      []struct {
			Word       string  `json:"word"`
			Punctuated string  `json:"punctuated_word"`
			Start      float64 `json:"start"`
			End        float64 `json:"end"`
			Confidence float64 `json:"confidence"`
		} `json:"words"`
		Languages []string `json:"languages"`
	} `json:"alternatives"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		r.Err = live.NotJSON(name)
		return r
	}
	switch m.Type {
	case "Results":
		s.results(m, &r)
	case "SpeechStarted":
		s.begin(live.Seconds(m.Timestamp), &r)
	case "UtteranceEnd":
		s.end(&r)
	case "Error":
		r.Err = &stt.Error{Engine: name, Op: "read", Kind: stt.ErrUnavailable, Code: m.Variant, Err: errors.New(m.Description)}
	}
	return r
}

func (s *session) results(m message, r *live.Reply) {
	var c channel
	if json.Unmarshal(m.Channel, &c) == nil && len(c.Alternatives) > 0 && c.Alternatives[0].Transcript != "" {
		a := c.Alternatives[0]
		t := stt.Transcript{Text: a.Transcript, Confidence: a.Confidence, Engine: name, RequestID: m.Metadata.RequestID,
			Start: live.Seconds(m.Start), End: live.Seconds(m.Start + m.Duration)}
		if len(a.Languages) > 0 {
			t.Language = a.Languages[0]
		}
		for _, w := range a.Words {
			text := w.Punctuated
			if text == "" {
				text = w.Word
			}
			t.Words = append(t.Words, stt.Word{Text: text, Start: live.Seconds(w.Start), End: live.Seconds(w.End), Confidence: w.Confidence})
		}
		if n := len(t.Words); n > 0 {
			t.Start, t.End = t.Words[0].Start, t.Words[n-1].End
		}
		s.begin(t.Start, r)
		if s.guessing = true; m.IsFinal {
			s.parts = append(s.parts, t)
		} else if s.interim {
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: join(append(s.parts[:len(s.parts):len(s.parts)], t))})
		}
	}
	if m.IsFinal {
		s.guessing = false
		if m.SpeechFinal || m.FromFinalize {
			s.end(r)
		}
	}
	if m.FromFinalize {
		s.flushed(r)
	}
}

// Settle implements live.Settler: Finalize may be left without an answer when
// little was left to finalize.
func (s *session) Settle() (r live.Reply) {
	if !s.guessing {
		s.end(&r)
		s.flushed(&r)
	}
	return r
}

// flushed reports that all is final, also what began and had no words.
func (s *session) flushed(r *live.Reply) {
	r.Flushed = 1
	if s.speaking {
		s.speaking = false
		r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd})
	}
}

// begin reports the start of speech, once an utterance: the service may tell it
// twice, or not at all.
func (s *session) begin(at time.Duration, r *live.Reply) {
	if !s.speaking {
		s.speaking = true
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: at, End: at}})
	}
}

// end reports the utterance, if there is one. Silence brings empty results that
// end nothing, and UtteranceEnd comes even if speech_final did.
func (s *session) end(r *live.Reply) {
	if len(s.parts) == 0 {
		return
	}
	t := join(s.parts)
	t.Final = true
	s.parts, s.speaking, s.guessing = nil, false, false
	r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: t},
		stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{Start: t.Start, End: t.End}})
}

// join makes one transcript of its parts.
func join(parts []stt.Transcript) stt.Transcript {
	t := parts[len(parts)-1]
	t.Start = parts[0].Start
	t.Words, t.Confidence = nil, 0
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.Text
		t.Words = append(t.Words, p.Words...)
		t.Confidence += p.Confidence / float64(len(parts))
	}
	t.Text = strings.Join(texts, " ")
	return t
}
