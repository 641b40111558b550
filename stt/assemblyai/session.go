package assemblyai

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// session turns turns into utterances.
type session struct {
	o        Options
	c        stt.Config
	id       string          // of the session
	speaking bool            // SpeechStart was reported, its UtteranceEnd was not
	open     bool            // a turn has words and has not ended
	done     int             // turns reported, so that none is twice
	sent     int             // bytes of audio
	flushes  []time.Duration // the audio sent before each ForceEndpoint that waits
}

func (s *session) Hello() live.Message     { return live.Message{} }
func (s *session) KeepAlive() live.Message { return live.Message{} }
func (s *session) Bye() live.Message       { return live.Text(`{"type":"Terminate"}`) }

func (s *session) Flush() live.Message {
	s.flushes = append(s.flushes, s.c.Format.Duration(s.sent))
	return live.Text(`{"type":"ForceEndpoint"}`)
}

func (s *session) Audio(audio []byte) live.Message {
	s.sent += len(audio)
	return live.Message{Binary: true, Data: append([]byte(nil), audio...)}
}

// message is what the service sends; times are in milliseconds.
type message struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	TurnOrder int    `json:"turn_order"`
	EndOfTurn bool   `json:"end_of_turn"`
	Formatted bool   `json:"turn_is_formatted"`
	Text      string `json:"transcript"`
	Language  string `json:"language_code"`
	Words     []struct {
		Text       string  `json:"text"`
		Start      float64 `json:"start"`
		End        float64 `json:"end"`
		Confidence float64 `json:"confidence"`
	} `json:"words"`
	ErrorCode int    `json:"error_code"`
	Error     string `json:"error"`
}

// leastSilence is the shortest after which the service ends a turn by itself.
const leastSilence = 100 * time.Millisecond

// Settle implements live.Settler: a ForceEndpoint that finds no turn is left
// without an answer. One that found a turn is answered by the turn's end, however
// long the service takes.
func (s *session) Settle() (r live.Reply) {
	if !s.open {
		r.Flushed = 1
		if len(s.flushes) > 0 {
			s.flushes = s.flushes[1:]
		}
		s.end(stt.Transcript{}, &r)
	}
	return r
}

func (s *session) Handle(data []byte) (r live.Reply) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		r.Err = live.NotJSON(name)
		return r
	}
	switch m.Type {
	case "Begin":
		s.id, r.Ready = m.ID, true
	case "SpeechStarted":
		s.begin(&r)
	case "Turn":
		s.turn(m, &r)
	case "Error": // the close follows
		e := &stt.Error{Engine: name, Op: "read", Kind: kind(m.ErrorCode, m.Error), Status: m.ErrorCode}
		if e.Kind == nil {
			e.Kind = stt.ErrUnavailable
		}
		if e.Kind != stt.ErrAuth && m.Error != "" {
			e.Err = errors.New(m.Error)
		}
		r.Err = e
	}
	return r
}

func (s *session) turn(m message, r *live.Reply) {
	if m.TurnOrder < s.done {
		return // late, or a revision of what is final
	}
	// With formatting on, a turn ends twice: as heard, and then formatted.
	final := m.EndOfTurn && (m.Formatted || !s.o.Format)
	t := stt.Transcript{Text: m.Text, Final: final, Confidence: math.NaN(), Language: m.Language, Engine: name, RequestID: s.id}
	for _, w := range m.Words {
		t.Words = append(t.Words, stt.Word{Text: w.Text, Start: live.Milliseconds(w.Start), End: live.Milliseconds(w.End), Confidence: w.Confidence})
	}
	if n := len(t.Words); n > 0 {
		t.Start, t.End, t.Confidence = t.Words[0].Start, t.Words[n-1].End, live.Confidence(t.Words)
		if t.Text == "" { // a partial of words alone
			texts := make([]string, n)
			for i, w := range t.Words {
				texts[i] = w.Text
			}
			t.Text = strings.Join(texts, " ")
		}
	}
	if t.Text != "" {
		s.open = true
		s.begin(r)
	}
	if !final {
		if s.c.Interim && t.Text != "" && !m.EndOfTurn {
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
		}
		return
	}
	s.done, s.open = m.TurnOrder+1, false
	// A turn that reaches to the end of the audio did not end by itself, so it is
	// the answer to a ForceEndpoint. After another one more may come.
	if t.End > 0 && len(s.flushes) > 0 && t.End+leastSilence >= s.flushes[0] {
		s.flushes = s.flushes[1:]
		r.Flushed = 1
	}
	if t.Text != "" {
		r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: t})
	}
	s.end(t, r)
}

func (s *session) begin(r *live.Reply) {
	if !s.speaking {
		s.speaking = true
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart})
	}
}

// end reports the end of what began, which may have had no words.
func (s *session) end(t stt.Transcript, r *live.Reply) {
	if s.speaking {
		s.speaking = false
		r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{Start: t.Start, End: t.End}})
	}
}
