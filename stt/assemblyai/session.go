package assemblyai

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
)

// session makes an utterance of each turn.
type session struct {
	o        Options
	c        stt.Config
	id       string          // of the session
	speaking bool            // SpeechStart was reported, its UtteranceEnd was not
	open     *turn           // that has words and has not ended
	sure     float64         // that the turn is over, as was told last; NaN = it was not
	done     []int           // the last turns that were reported, so that none is twice
	sent     int             // bytes of audio
	flushes  []time.Duration // the audio sent before each ForceEndpoint that waits
}

// turn is a turn under way.
type turn struct {
	order int
	t     stt.Transcript // as it was heard last
	ended bool           // and only its formatted text is missing
	due   time.Time      // when it is given up
}

func (s *session) Hello() live.Message     { return live.Message{} }
func (s *session) KeepAlive() live.Message { return live.Message{} }
func (s *session) Bye() live.Message       { return live.Text(`{"type":"Terminate"}`) }

func (s *session) Flush() live.Message {
	s.flushes = append(s.flushes, s.c.Format.Duration(s.sent))
	if s.open != nil {
		s.expect()
	}
	return live.Text(`{"type":"ForceEndpoint"}`)
}

func (s *session) Audio(audio []byte) live.Message {
	s.sent += len(audio)
	return live.Message{Binary: true, Data: append([]byte(nil), audio...)}
}

// message is a message of the service; times are in milliseconds.
type message struct {
	ID        answer.Text       `json:"id"`
	TurnOrder *int              `json:"turn_order"`
	EndOfTurn bool              `json:"end_of_turn"`
	Formatted bool              `json:"turn_is_formatted"`
	Text      *string           `json:"transcript"`
	Language  answer.Text       `json:"language_code"`
	Words     answer.List[word] `json:"words"`
	Sure      answer.Number     `json:"end_of_turn_confidence"`
}

type word struct {
	Text       string        `json:"text"`
	Start      answer.Number `json:"start"`
	End        answer.Number `json:"end"`
	Confidence answer.Number `json:"confidence"`
}

// leastSilence is the shortest after which the service ends a turn by itself.
const leastSilence = 100 * time.Millisecond

// usualSilence is more than the service waits for the end of a turn by default.
const usualSilence = 3 * time.Second

// Settle implements live.Settler: a ForceEndpoint that finds no turn is left
// without an answer. One that found a turn is answered by the turn's end.
func (s *session) Settle() (r live.Reply) {
	if s.open == nil {
		s.flushed(&r)
		s.sure = math.NaN()
		s.end(stt.Transcript{}, &r)
	}
	return r
}

// flushed reports that the oldest ForceEndpoint is answered.
func (s *session) flushed(r *live.Reply) {
	r.Flushed = 1
	if len(s.flushes) > 0 {
		s.flushes = s.flushes[1:]
	}
}

func (s *session) Handle(data []byte) (r live.Reply) {
	kind, err := answer.Type(data)
	if err != nil {
		r.Unclear = failure.Unclear(name, "read", err)
		return r
	}
	switch kind {
	case "Begin", "Turn":
		var m message
		if err := answer.Decode(data, &m); err != nil {
			r.Unclear = failure.Unclear(name, "read", err)
		} else if kind == "Turn" {
			s.turn(m, &r)
		}
		if kind == "Begin" {
			s.id, r.Ready = string(m.ID), true
		}
	case "SpeechStarted":
		s.begin(&r)
	case "Error", "Warning", "":
		s.complaint(data, &r)
	}
	return r
}

// complaint handles an error, whose codes are those of closes.
func (s *session) complaint(data []byte, r *live.Reply) {
	fault, ok := answer.ReadFault(data)
	if !ok {
		r.Unclear = failure.Missing(name, "read", "type")
		return
	}
	e := failure.Of(fault, name, "read")
	if k := kind(fault.Status, fault.Message); k != nil {
		e.Kind = k
	}
	if e.Kind == stt.ErrAuth {
		e.Err = nil // it may quote the key
	}
	if fault.Status == sessionExpired {
		r.Err = e
		return
	}
	r.Complain(e)
}

// sessionExpired is the code of the end of a session's time.
const sessionExpired = 3008

func (s *session) turn(m message, r *live.Reply) {
	switch {
	case m.TurnOrder == nil:
		r.Unclear = failure.Missing(name, "read", "turn_order")
		return
	case slices.Contains(s.done, *m.TurnOrder):
		return // late, or a revision of what is final
	}
	t, err := s.transcript(m)
	if err != nil {
		r.Unclear = err
		if !m.EndOfTurn {
			return
		}
	}
	order := *m.TurnOrder
	if s.open != nil && s.open.order != order { // its end, or its formatted text, did not come
		s.sure = math.NaN()
		s.close(r, false)
	}
	// With formatting on, a turn ends twice: as heard, and then formatted.
	final := m.EndOfTurn && (m.Formatted || !s.o.FormatTurns)
	if t.Text != "" {
		if s.open == nil {
			s.open = &turn{order: order}
		}
		eager := m.EndOfTurn && !final && !s.open.ended
		s.open.t, s.open.ended = t, m.EndOfTurn
		s.expect()
		s.begin(r)
		if eager { // only its formatted text is missing
			r.Events = append(r.Events, stt.Event{Kind: stt.Turn, Transcript: t, Turn: stt.TurnChange{State: stt.TurnEager, Confidence: live.Sure(m.Sure)}})
		}
	}
	s.sure = live.Sure(m.Sure)
	if !final {
		if s.c.Interim && t.Text != "" && !m.EndOfTurn {
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
		}
		return
	}
	if s.answers(t) {
		s.flushed(r)
	}
	s.report(order, t, r)
}

// expect begins, or renews, the wait for the end of the open turn.
func (s *session) expect() {
	wait := live.AnswerPatience + cmp.Or(s.o.MaxSilence, usualSilence)
	if s.open.ended || len(s.flushes) > 0 {
		wait = live.FlushPatience
	}
	s.open.due = time.Now().Add(wait)
}

// answers reports whether a turn's end is the answer to a ForceEndpoint: one that
// reaches to the end of the audio did not end by itself. After another one more
// may come.
func (s *session) answers(t stt.Transcript) bool {
	return t.End > 0 && len(s.flushes) > 0 && t.End+leastSilence >= s.flushes[0]
}

// transcript returns the transcript of a turn so far, empty for silence.
func (s *session) transcript(m message) (stt.Transcript, error) {
	t := stt.Transcript{Confidence: math.NaN(), Language: string(m.Language), Engine: name, RequestID: s.id}
	texts := make([]string, 0, min(len(m.Words), stt.MaxWords))
	for _, w := range m.Words {
		t.Words = append(t.Words, stt.Word{Text: w.Text, Start: w.Start.Milliseconds(), End: w.End.Milliseconds(), Confidence: w.Confidence.Float()})
		texts = append(texts, w.Text)
	}
	switch {
	case m.Text != nil && (*m.Text != "" || m.EndOfTurn):
		t.Text = *m.Text
	case m.EndOfTurn:
		return stt.Transcript{}, failure.Missing(name, "read", "transcript")
	default: // a partial of words alone
		t.Text = strings.Join(texts, " ")
	}
	t, err := stt.Clean(t, s.c.Phrases)
	live.ByWords(&t)
	return t, err
}

// report reports the end of a turn.
func (s *session) report(order int, t stt.Transcript, r *live.Reply) {
	if s.done = append(s.done, order); len(s.done) > 64 {
		s.done = s.done[1:]
	}
	s.open = nil
	if t.Text != "" {
		t.Final = true
		r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: t})
	}
	s.end(t, r)
}

// close ends the open turn without waiting any more: as it was heard when only the
// formatted text is missing, and else as lost. It ends the wait for a flush as well
// if that was for it.
func (s *session) close(r *live.Reply, expired bool) {
	o := s.open
	if !o.ended {
		r.Events = append(r.Events, stt.Event{Kind: stt.Degraded, Transcript: stt.Transcript{Start: o.t.Start, End: o.t.End},
			Err: &stt.Error{Engine: name, Op: "read", Kind: stt.ErrTimeout, Err: fmt.Errorf("turn %d: %w", o.order, errNoEnd)}})
		o.t.Text = ""
	}
	if s.answers(o.t) || expired && len(s.flushes) > 0 {
		s.flushed(r)
	}
	s.report(o.order, o.t, r)
}

var errNoEnd = errors.New("its end was not told")

// Due implements live.Expirer.
func (s *session) Due() time.Time {
	if s.open == nil {
		return time.Time{}
	}
	return s.open.due
}

// Expire implements live.Expirer.
func (s *session) Expire(now time.Time) (r live.Reply) {
	if s.open != nil && !now.Before(s.open.due) {
		s.sure = math.NaN()
		s.close(&r, true)
	}
	return r
}

func (s *session) begin(r *live.Reply) {
	if !s.speaking {
		s.speaking = true
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart}, stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnStart, Confidence: math.NaN()}})
	}
}

// end reports the end of what began, which may have had no words.
func (s *session) end(t stt.Transcript, r *live.Reply) {
	if s.speaking {
		s.speaking = false
		bounds := stt.Transcript{Start: t.Start, End: t.End}
		r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd, Transcript: bounds},
			stt.Event{Kind: stt.Turn, Transcript: bounds, Turn: stt.TurnChange{State: stt.TurnEnd, Confidence: s.sure}})
	}
}
