package deepgram

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
)

// flux reports whether a model is one of those that detect turns, which have an API of
// their own.
func flux(model string) bool { return strings.HasPrefix(model, "flux") }

// fluxQuery adds the parameters of a call to a Flux model.
func (o Options) fluxQuery(q url.Values, c stt.Config) {
	values := map[string]string{"model": o.Model, "encoding": encoding(c.Format), "sample_rate": strconv.Itoa(c.Format.SampleRate()), "tag": c.CallSID}
	if sure := o.endOfTurn(c.Expected); sure > 0 {
		values["eot_threshold"] = strconv.FormatFloat(sure, 'f', -1, 64)
	}
	if o.EagerEndOfTurn > 0 {
		values["eager_eot_threshold"] = strconv.FormatFloat(o.EagerEndOfTurn, 'f', -1, 64)
	}
	if o.TurnTimeout > 0 {
		values["eot_timeout_ms"] = strconv.FormatInt(o.TurnTimeout.Milliseconds(), 10)
	}
	if strings.HasSuffix(o.Model, "-multi") && c.Language != "mul" {
		values["language_hint"], _, _ = strings.Cut(c.Language, "-")
	}
	wire.SetMissing(q, values)
	for _, phrase := range c.Phrases {
		q.Add("keyterm", phrase)
	}
}

// The service's default of eot_threshold, and what it is at least while digits are
// dictated, as the service advises for numbers.
const (
	usualEndOfTurn  = 0.7
	digitsEndOfTurn = 0.9
)

// endOfTurn returns the threshold for an Expectation; 0 = the service's default.
func (o Options) endOfTurn(e stt.Expectation) float64 {
	if e.Digits > 0 {
		return max(o.EndOfTurn, digitsEndOfTurn)
	}
	return o.EndOfTurn
}

// Expect implements live.Expecter by a Configure, which holds for the audio behind it.
// Omitted fields stay as they are, so it has all that an Expectation may change, in
// place of eot_threshold and keyterm in the URL too.
func (s *fluxSession) Expect(e stt.Expectation) live.Message {
	type thresholds struct {
		EndOfTurn float64 `json:"eot_threshold"`
	}
	return live.JSON(struct {
		Type       string     `json:"type"`
		Thresholds thresholds `json:"thresholds"`
		Keyterms   []string   `json:"keyterms"`
	}{"Configure", thresholds{cmp.Or(s.o.endOfTurn(e), usualEndOfTurn)}, append([]string{}, e.Phrases...)})
}

// fluxAccepts refuses a call in a language that the model does not hear.
func (o Options) fluxAccepts(c stt.Config) error {
	language, _, _ := strings.Cut(c.Language, "-")
	if language != "" && language != "en" && strings.HasSuffix(o.Model, "-en") {
		return &stt.Error{Engine: name, Op: "open", Kind: stt.ErrRefused, Err: fmt.Errorf("model %.40q hears English, and the call is in %.40q", o.Model, c.Language)}
	}
	return nil
}

// fluxSession turns the turns of a Flux model into utterances, one each.
type fluxSession struct {
	o       Options
	c       stt.Config
	request string        // the service's name for the connection
	done    []int         // indexes of the last turns that are over, so that none is twice
	from    time.Duration // where the audio of the turn before ends
	open    *fluxTurn
	sent    int             // bytes of audio
	flushes []time.Duration // the audio sent before each ForceEndTurn that waits
}

// fluxTurn is a turn that is under way.
type fluxTurn struct {
	index int
	start time.Duration  // of its audio
	t     stt.Transcript // as it was heard last
	eager bool
	due   time.Time // when it is given up
}

func (s *fluxSession) Hello() live.Message { return live.Message{} }

func (s *fluxSession) Audio(audio []byte) live.Message {
	s.sent += len(audio)
	return live.Message{Binary: true, Data: append([]byte(nil), audio...)}
}

func (s *fluxSession) Flush() live.Message {
	s.flushes = append(s.flushes, s.c.Format.Duration(s.sent))
	s.expect()
	return live.Text(`{"type":"ForceEndTurn"}`)
}

func (s *fluxSession) KeepAlive() live.Message { return live.Message{} } // there is none
func (s *fluxSession) Bye() live.Message       { return live.Text(`{"type":"CloseStream"}`) }

// turnInfo is a message of the service; times are in seconds.
type turnInfo struct {
	Event      string                   `json:"event"`
	RequestID  answer.Text              `json:"request_id"`
	Index      *int                     `json:"turn_index"`
	Start      answer.Number            `json:"audio_window_start"`
	End        answer.Number            `json:"audio_window_end"`
	Transcript *string                  `json:"transcript"`
	Words      answer.List[word]        `json:"words"`
	Confidence answer.Number            `json:"end_of_turn_confidence"`
	Languages  answer.List[answer.Text] `json:"languages"`
}

func (s *fluxSession) Handle(data []byte) (r live.Reply) {
	kind, err := answer.Type(data)
	if err != nil {
		r.Unclear = failure.Unclear(name, "read", err)
		return r
	}
	switch kind {
	case "TurnInfo":
		var m turnInfo
		if err := answer.Decode(data, &m); err != nil {
			r.Unclear = failure.Unclear(name, "read", err)
		} else {
			s.info(m, &r)
		}
	case "ConfigureFailure": // it need not say why
		fault, _ := answer.ReadFault(data)
		e := failure.Of(fault, name, "configure")
		if e.Err == nil {
			e.Kind, e.Err = stt.ErrRefused, errConfigure
		}
		r.Complain(e)
	case "Error", "Warning", "":
		live.Complaint(name, data, &r)
	}
	return r
}

var errConfigure = errors.New("the service keeps its thresholds and phrases")

func (s *fluxSession) info(m turnInfo, r *live.Reply) {
	switch {
	case m.Index == nil:
		r.Unclear = failure.Missing(name, "read", "turn_index")
		return
	case slices.Contains(s.done, *m.Index):
		return // a repetition of what is final
	case s.open != nil && *m.Index != s.open.index: // its end did not come: it is what was heard last
		s.end(turnInfo{}, r)
	}
	s.request = cmp.Or(string(m.RequestID), s.request)
	switch t, err := s.transcript(m); {
	case err != nil:
		r.Unclear = err
	case m.Event == "StartOfTurn", m.Event != "" && s.open == nil && t.Text != "":
		s.begin(m, r)
		fallthrough
	case s.open != nil:
		s.hear(m, t, r)
	}
	if m.Event == "EndOfTurn" {
		s.end(m, r)
	}
	for s.open == nil && len(s.flushes) > 0 && m.End.Seconds()+fluxStep >= s.flushes[0] {
		s.flushes = s.flushes[1:]
		r.Flushed++
	}
}

// fluxStep is longer than any audio that the service transcribes at once.
const fluxStep = 300 * time.Millisecond

// begin begins a turn, once.
func (s *fluxSession) begin(m turnInfo, r *live.Reply) {
	if s.open != nil {
		return
	}
	s.open = &fluxTurn{index: *m.Index, start: max(m.Start.Seconds(), s.from)}
	r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart}, turnEvent(stt.TurnStart, m))
}

// hear takes an update of the turn.
func (s *fluxSession) hear(m turnInfo, t stt.Transcript, r *live.Reply) {
	o := s.open
	news := t.Text != o.t.Text
	o.t = t
	s.expect()
	if s.c.Interim && news && t.Text != "" && m.Event != "EndOfTurn" {
		r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
	}
	switch {
	case m.Event == "EagerEndOfTurn" && !o.eager:
		o.eager = true
		ev := turnEvent(stt.TurnEager, m)
		ev.Transcript = t
		r.Events = append(r.Events, ev)
	case m.Event == "TurnResumed" && o.eager, m.Event == "Update" && o.eager && news:
		o.eager = false
		r.Events = append(r.Events, turnEvent(stt.TurnResumed, m))
	}
}

// end ends the turn that is open.
func (s *fluxSession) end(m turnInfo, r *live.Reply) {
	o := s.open
	if o == nil {
		return
	}
	s.open = nil
	if s.done = append(s.done, o.index); len(s.done) > 64 {
		s.done = s.done[1:]
	}
	bounds := stt.Transcript{Start: o.t.Start, End: o.t.End}
	s.from = max(o.t.End, min(m.End.Seconds(), s.c.Format.Duration(s.sent)))
	if o.t.Text != "" {
		o.t.Final = true
		r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: o.t})
	}
	ev := turnEvent(stt.TurnEnd, m)
	ev.Transcript = bounds
	r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd, Transcript: bounds}, ev)
}

// turnEvent is a step of a turn.
func turnEvent(state stt.TurnState, m turnInfo) stt.Event {
	return stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: state, Confidence: live.Sure(m.Confidence)}}
}

// transcript returns the transcript of a turn so far. Its times are those of the words
// where the service sends them, and else of the audio that was transcribed.
func (s *fluxSession) transcript(m turnInfo) (stt.Transcript, error) {
	if m.Transcript == nil {
		return stt.Transcript{}, failure.Missing(name, "read", "transcript")
	}
	t := stt.Transcript{Text: *m.Transcript, Engine: name, RequestID: s.request, Start: max(m.Start.Seconds(), s.from), End: m.End.Seconds()}
	if s.open != nil {
		t.Start = s.open.start
	}
	if len(m.Languages) > 0 {
		t.Language = string(m.Languages[0])
	}
	for _, w := range m.Words {
		t.Words = append(t.Words, stt.Word{Text: cmp.Or(w.Punctuated, w.Word), Start: w.Start.Seconds(), End: w.End.Seconds(), Confidence: w.Confidence.Float()})
	}
	t.Confidence = live.Confidence(t.Words)
	t, err := stt.Clean(t, s.c.Phrases)
	if n := len(t.Words); n > 0 && t.Words[n-1].End > 0 {
		t.Start, t.End = t.Words[0].Start, t.Words[n-1].End
	} else {
		t.Words = nil // without times they say no more than the text
	}
	t.End = max(t.Start, t.End)
	return t, err
}

// expect begins, or renews, the wait for the next message about the open turn.
func (s *fluxSession) expect() {
	if s.open == nil {
		return
	}
	wait := live.AnswerPatience
	if len(s.flushes) > 0 {
		wait = live.FlushPatience
	}
	s.open.due = time.Now().Add(wait)
}

// Settle implements live.Settler: a ForceEndTurn that finds no turn is left without an
// answer.
func (s *fluxSession) Settle() (r live.Reply) {
	if s.open == nil {
		r.Flushed = 1
		if len(s.flushes) > 0 {
			s.flushes = s.flushes[1:]
		}
	}
	return r
}

// Due implements live.Expirer.
func (s *fluxSession) Due() time.Time {
	if s.open == nil {
		return time.Time{}
	}
	return s.open.due
}

// Expire implements live.Expirer: a turn without further messages, as when the caller's
// audio stops, ends with its last text.
func (s *fluxSession) Expire(now time.Time) (r live.Reply) {
	if s.open != nil && !now.Before(s.open.due) {
		s.end(turnInfo{}, &r)
	}
	return r
}

// checkFlux returns the errors of the options about turns.
func (o *Options) checkFlux() error {
	var errs []error
	wrong := func(field, what string) { errs = append(errs, errors.New("deepgram: Options."+field+" "+what)) }
	if !flux(strings.TrimSpace(o.Model)) {
		if o.EndOfTurn != 0 || o.EagerEndOfTurn != 0 || o.TurnTimeout != 0 {
			errs = append(errs, errors.New("deepgram: EndOfTurn, EagerEndOfTurn and TurnTimeout are of Flux models only"))
		}
		return errors.Join(errs...)
	}
	if o.Endpointing != 0 {
		wrong("Endpointing", "is not of Flux models: see EndOfTurn")
	}
	if o.SmartFormat {
		wrong("SmartFormat", "is not of Flux models")
	}
	if o.EndOfTurn != 0 && !(o.EndOfTurn >= 0.5 && o.EndOfTurn <= 1) {
		wrong("EndOfTurn", "is not between 0.5 and 1")
	}
	if o.EagerEndOfTurn != 0 && !(o.EagerEndOfTurn >= 0.3 && o.EagerEndOfTurn <= 0.9) {
		wrong("EagerEndOfTurn", "is not between 0.3 and 0.9")
	}
	if o.EagerEndOfTurn > cmp.Or(o.EndOfTurn, usualEndOfTurn) {
		wrong("EagerEndOfTurn", "is above EndOfTurn, so it would never come first")
	}
	if o.TurnTimeout != 0 && (o.TurnTimeout < 500*time.Millisecond || o.TurnTimeout > time.Minute) {
		wrong("TurnTimeout", "is not between 500 ms and 60 s")
	}
	return errors.Join(errs...)
}
