package deepgram

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
)

// session collects final parts until the utterance is final.
type session struct {
	interim  bool
	speaking bool          // SpeechStart was reported, its UtteranceEnd was not
	guess    time.Duration // end of the text that is not final yet; 0 = there is none
	parts    []stt.Transcript
	size     int       // bytes of their text
	words    int       // that they have
	last     part      // that was final last
	due      time.Time // when the open utterance is given up
	flushing bool      // a Finalize was not answered yet
}

// part identifies a part, to recognise a repetition.
type part struct {
	start, end time.Duration
	text       string
}

func (s *session) Hello() live.Message { return live.Message{} }

func (s *session) Audio(audio []byte) live.Message {
	return live.Message{Binary: true, Data: append([]byte(nil), audio...)}
}

func (s *session) Flush() live.Message {
	s.flushing = true
	s.expect()
	return live.Text(`{"type":"Finalize"}`)
}

func (s *session) KeepAlive() live.Message { return live.Text(`{"type":"KeepAlive"}`) }
func (s *session) Bye() live.Message       { return live.Text(`{"type":"CloseStream"}`) }

// message is a message of the service; times are in seconds.
type message struct {
	Start        answer.Number   `json:"start"`
	Duration     answer.Number   `json:"duration"`
	IsFinal      bool            `json:"is_final"`
	SpeechFinal  bool            `json:"speech_final"`
	FromFinalize bool            `json:"from_finalize"`
	Channel      json.RawMessage `json:"channel"`
	Metadata     json.RawMessage `json:"metadata"`
	Timestamp    answer.Number   `json:"timestamp"`
}

// channel is the channel of Results; in other messages it is a list of numbers.
type channel struct {
	Alternatives []alternative `json:"alternatives"`
	Detected     answer.Text   `json:"detected_language"`
}

type alternative struct {
	Transcript *string                  `json:"transcript"`
	Confidence answer.Number            `json:"confidence"`
	Words      answer.List[word]        `json:"words"`
	Languages  answer.List[answer.Text] `json:"languages"`
}

type word struct {
	Word       string        `json:"word"`
	Punctuated string        `json:"punctuated_word"`
	Start      answer.Number `json:"start"`
	End        answer.Number `json:"end"`
	Confidence answer.Number `json:"confidence"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	kind, err := answer.Type(data)
	if err != nil {
		r.Unclear = failure.Unclear(name, "read", err)
		return r
	}
	switch kind {
	case "Results", "SpeechStarted", "UtteranceEnd":
		var m message
		if err := answer.Decode(data, &m); err != nil {
			r.Unclear = failure.Unclear(name, "read", err)
			return r
		}
		switch kind {
		case "Results":
			s.results(m, &r)
		case "SpeechStarted":
			s.begin(m.Timestamp.Seconds(), &r)
		default:
			s.end(&r)
		}
	case "Error", "Warning", "":
		live.Complaint(name, data, &r)
	}
	return r
}

// endOfUtterance is more silence than the service waits for before it sends
// UtteranceEnd.
const endOfUtterance = 2 * time.Second

func (s *session) results(m message, r *live.Reply) {
	start, end := m.Start.Seconds(), m.Start.Seconds()+m.Duration.Seconds()
	t, err := transcript(m)
	if err != nil {
		r.Unclear = err
	}
	if s.guess > 0 && start >= s.guess { // a later result shows that it will not be final
		s.lose(r)
	}
	if n := len(s.parts); n > 0 && start-s.parts[n-1].End >= endOfUtterance { // its end was not told
		s.end(r)
	}
	if this := (part{start, end, t.Text}); m.IsFinal && t.Text != "" {
		if this == s.last && end > start {
			return
		}
		s.last = this
	}
	if t.Text != "" {
		s.begin(t.Start, r)
		s.expect()
		switch {
		case m.IsFinal:
			if s.size+len(t.Text) >= stt.MaxText || s.words+len(t.Words) > stt.MaxWords {
				s.end(r)
				s.begin(t.Start, r)
			}
			s.parts = append(s.parts, t)
			s.size, s.words = s.size+len(t.Text)+1, s.words+len(t.Words)
		case s.interim:
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: join(append(s.parts[:len(s.parts):len(s.parts)], t))})
		}
		if !m.IsFinal {
			s.guess = max(end, 1)
		}
	}
	if m.IsFinal {
		s.guess = 0
		if m.SpeechFinal || m.FromFinalize {
			s.end(r)
		}
	}
	if m.FromFinalize {
		s.flushed(r)
	}
}

// expect begins, or renews, the wait for the end of the open utterance.
func (s *session) expect() {
	wait := live.AnswerPatience
	if s.flushing {
		wait = live.FlushPatience
	}
	s.due = time.Now().Add(wait)
}

// transcript returns the transcript of Results, empty for silence.
func transcript(m message) (stt.Transcript, error) {
	var c channel
	if len(m.Channel) == 0 {
		return stt.Transcript{}, failure.Missing(name, "read", "channel")
	}
	if err := answer.Decode(m.Channel, &c); err != nil {
		return stt.Transcript{}, failure.Unclear(name, "read", err)
	}
	if len(c.Alternatives) == 0 || c.Alternatives[0].Transcript == nil {
		return stt.Transcript{}, failure.Missing(name, "read", "channel.alternatives[0].transcript")
	}
	a := c.Alternatives[0]
	var metadata struct {
		RequestID answer.Text `json:"request_id"`
	}
	answer.Decode(m.Metadata, &metadata) // it may be missing
	t := stt.Transcript{Text: *a.Transcript, Confidence: a.Confidence.Float(), Engine: name, RequestID: string(metadata.RequestID),
		Start: m.Start.Seconds(), End: m.Start.Seconds() + m.Duration.Seconds(), Language: string(c.Detected)}
	if len(a.Languages) > 0 {
		t.Language = string(a.Languages[0])
	}
	for _, w := range a.Words {
		text := w.Punctuated
		if text == "" {
			text = w.Word
		}
		t.Words = append(t.Words, stt.Word{Text: text, Start: w.Start.Seconds(), End: w.End.Seconds(), Confidence: w.Confidence.Float()})
	}
	t, err := stt.Clean(t, nil)
	if n := len(t.Words); n > 0 && t.Words[n-1].End > 0 {
		t.Start, t.End = t.Words[0].Start, t.Words[n-1].End
	}
	return t, err
}

// Due implements live.Expirer.
func (s *session) Due() time.Time {
	if s.guess == 0 && len(s.parts) == 0 {
		return time.Time{}
	}
	return s.due
}

// Expire implements live.Expirer: an utterance whose end the service does not report
// ends, and an interim text that it does not make final is lost.
func (s *session) Expire(now time.Time) (r live.Reply) {
	if due := s.Due(); due.IsZero() || now.Before(due) {
		return r
	}
	if s.guess > 0 {
		s.lose(&r)
	}
	s.end(&r)
	return r
}

var errNotFinal = errors.New("an interim transcript was not made final")

// lose gives up an interim text.
func (s *session) lose(r *live.Reply) {
	s.guess = 0
	r.Events = append(r.Events, live.Degraded(&stt.Error{Engine: name, Op: "read", Kind: stt.ErrTimeout, Err: errNotFinal}))
	if len(s.parts) == 0 {
		s.stop(r)
	}
}

// Settle implements live.Settler: the service may leave a Finalize without an answer
// when little audio was left to finalize.
func (s *session) Settle() (r live.Reply) {
	if s.guess == 0 {
		s.end(&r)
		s.flushed(&r)
	}
	return r
}

// flushed reports that all is final, speech without words included.
func (s *session) flushed(r *live.Reply) {
	r.Flushed, s.flushing = 1, false
	s.stop(r)
}

// stop reports the end of speech without words.
func (s *session) stop(r *live.Reply) {
	if s.speaking {
		s.speaking = false
		r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd})
	}
}

// begin reports the start of speech, once an utterance: the service may report it
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
	s.parts, s.size, s.words, s.speaking, s.guess = nil, 0, 0, false, 0
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
