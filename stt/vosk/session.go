package vosk

import (
	"fmt"
	"math"
	"strings"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
)

// session counts messages to find the answer to a flush: the server answers each
// message with exactly one, except the configuration.
type session struct {
	c        stt.Config
	sent     int // messages that have an answer
	answered int
	flushes  []int // of the messages sent, which were flushes
	finished bool  // a result came since the last flush
	speaking bool
	last     stt.Transcript // that was final, to tell a repetition
}

// unknown is the models' word for sounds outside the phrases. Without it noise
// becomes one of the phrases.
const unknown = "[unk]"

func (s *session) Hello() live.Message {
	type config struct {
		SampleRate int      `json:"sample_rate"`
		Words      bool     `json:"words"`
		Phrases    []string `json:"phrase_list,omitempty"`
	}
	var phrases []string
	for _, p := range s.c.Phrases {
		phrases = append(phrases, strings.ToLower(p)) // as the models' words are
	}
	if phrases != nil {
		phrases = append(phrases, unknown)
	}
	return live.JSON(struct {
		Config config `json:"config"`
	}{config{s.c.Format.SampleRate(), true, phrases}})
}

func (s *session) Audio(audio []byte) live.Message {
	s.sent++
	return live.Message{Binary: true, Data: live.PCM(audio, s.c.Format)}
}

// Flush and Bye are compared byte for byte by the server, blanks included.
func (s *session) Flush() live.Message {
	s.sent++
	s.flushes, s.finished = append(s.flushes, s.sent), false
	return live.Text(`{"reset" : 1}`)
}

func (s *session) Bye() live.Message       { return live.Text(`{"eof" : 1}`) }
func (s *session) KeepAlive() live.Message { return live.Message{} }

// message is a result, or a partial one. Times are in seconds from the start.
type message struct {
	Partial *string `json:"partial"`
	hypothesis
	Alternatives answer.List[hypothesis] `json:"alternatives"` // where the server is set to tell several
}

type hypothesis struct {
	Text   *string           `json:"text"`
	Result answer.List[word] `json:"result"`
}

type word struct {
	Word       string        `json:"word"`
	Start      answer.Number `json:"start"`
	End        answer.Number `json:"end"`
	Confidence answer.Number `json:"conf"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	s.answered = min(s.answered+1, s.sent)
	var m message
	if err := answer.Decode(data, &m); err != nil {
		r.Unclear = failure.Unclear(name, "read", err)
		return r
	}
	if m.Text == nil && len(m.Alternatives) > 0 {
		m.hypothesis = m.Alternatives[0]
	}
	switch {
	case m.Partial != nil:
		s.partial(*m.Partial, &r)
	case m.Text != nil:
		s.final(m.hypothesis, &r)
	default:
		if fault, ok := answer.ReadFault(data); ok {
			s.fault(fault, &r)
		} else {
			r.Unclear = failure.Missing(name, "read", "text")
		}
	}
	// The answer to a flush is a result. After a lost answer the count reaches it with
	// the next one, if there is one.
	if len(s.flushes) > 0 && s.answered >= s.flushes[0] && s.finished {
		s.flushes = s.flushes[1:]
		r.Flushed = 1
	}
	return r
}

// Settle implements live.Settler: a silent server has sent all its answers.
func (s *session) Settle() (r live.Reply) {
	if !s.finished || len(s.flushes) == 0 {
		return r
	}
	if n := s.sent - s.answered; n > 0 {
		r.Events = append(r.Events, live.Degraded(&stt.Error{Engine: name, Op: "read", Kind: stt.ErrTimeout, Err: fmt.Errorf("%d answers did not come", n)}))
	}
	s.flushes, s.answered = s.flushes[1:], s.sent
	r.Flushed = 1
	return r
}

// fault handles an error, which a proxy before the server may send.
func (s *session) fault(f answer.Fault, r *live.Reply) {
	if e := failure.Of(f, name, "read"); failure.Final(e) {
		r.Err = e
	} else {
		r.Unclear = e // it stands in the place of a result
	}
}

func (s *session) partial(text string, r *live.Reply) {
	t, err := stt.Clean(stt.Transcript{Text: text, Engine: name, Confidence: math.NaN(), Language: s.c.Language}, nil)
	if r.Unclear = err; t.Text == "" {
		return
	}
	s.begin(r)
	if s.c.Interim {
		r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
	}
}

func (s *session) final(h hypothesis, r *live.Reply) {
	s.finished = true
	t := stt.Transcript{Text: *h.Text, Engine: name, Confidence: math.NaN(), Language: s.c.Language}
	for _, w := range h.Result {
		t.Words = append(t.Words, stt.Word{Text: w.Word, Start: w.Start.Seconds(), End: w.End.Seconds(), Confidence: w.Confidence.Float()})
	}
	t, err := stt.Clean(t, nil)
	r.Unclear = err
	live.ByWords(&t)
	if t.Text != "" && t.End > 0 && t.End == s.last.End && t.Text == s.last.Text {
		return
	}
	if t.Text != "" {
		s.begin(r)
		s.last = t
		t.Final = true
		r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: t})
	}
	if s.speaking {
		s.speaking = false
		r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{Start: t.Start, End: t.End}})
	}
}

func (s *session) begin(r *live.Reply) {
	if !s.speaking {
		s.speaking = true
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart})
	}
}
