package openairealtime

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
)

// session keeps the items, one an utterance, in the order they were spoken:
// their transcripts may come in another.
type session struct {
	o          Options
	c          stt.Config
	configured bool
	ready      bool
	items      map[string]*item
	order      []string    // of the committed items that were not reported yet
	past       []string    // the last items that were reported, so that none is twice
	commits    []time.Time // when those of ours that were not answered are given up
	flushes    int         // that wait for that, and for order to be empty
	pcm        []int16
	turn       stt.TurnState // the last that was reported; 0 = none
}

type item struct {
	t       stt.Transcript
	speech  bool // its speech was reported; what a flush commits may have none
	stopped bool // the service heard its end, and so commits it by itself
	shown   int  // bytes of the text in the last interim transcript
	done    bool
	err     error
	due     time.Time // when it is given up; zero = the caller may still speak
	last    time.Time // when it is given up whatever comes meanwhile
}

// More than any call has open.
const (
	maxItems = 256
	maxPast  = 256
)

func (s *session) Hello() live.Message     { return live.Message{} }
func (s *session) KeepAlive() live.Message { return live.Message{} }
func (s *session) Bye() live.Message       { return live.Message{} }

func (s *session) Flush() live.Message {
	s.commits = append(s.commits, time.Now().Add(live.Patience))
	s.flushes++
	return live.Text(`{"type":"input_audio_buffer.commit","event_id":"` + commitID + `"}`)
}

// commitID names our commits in errors.
const commitID = "commit"

func (s *session) Audio(audio []byte) live.Message {
	if s.c.Format.Encoding == codec.PCM16 { // the API takes PCM at 24 kHz only
		s.pcm = s.c.Format.AppendPCM(s.pcm[:0], audio)
		audio = codec.AppendEncodeMulaw(nil, s.pcm)
	}
	return live.JSON(struct {
		Type  string `json:"type"`
		Audio string `json:"audio"`
	}{"input_audio_buffer.append", base64.StdEncoding.EncodeToString(audio)})
}

type object = map[string]any

// configure returns the first message of a connection.
func (s *session) configure() live.Message {
	transcription := object{"model": s.o.Model}
	if language, _, _ := strings.Cut(s.c.Language, "-"); language != "" {
		transcription["language"] = language
	}
	if len(s.c.Phrases) > 0 {
		transcription["prompt"] = strings.Join(s.c.Phrases, ", ")
	}
	detection := object{"type": "server_vad", "silence_duration_ms": s.o.Silence.Milliseconds()}
	if s.o.Eagerness != "" {
		detection = object{"type": "semantic_vad", "eagerness": s.o.Eagerness}
	}
	input := object{
		"format":         object{"type": "audio/pcmu"},
		"transcription":  transcription,
		"turn_detection": detection,
	}
	if s.o.NoiseReduction != "" {
		input["noise_reduction"] = object{"type": s.o.NoiseReduction}
	}
	return live.JSON(object{"type": "session.update", "session": object{"type": "transcription", "audio": object{"input": input}}})
}

// message is a message of the service.
type message struct {
	ItemID     string                   `json:"item_id"`
	Previous   answer.Text              `json:"previous_item_id"`
	StartMs    answer.Number            `json:"audio_start_ms"`
	EndMs      answer.Number            `json:"audio_end_ms"`
	Delta      answer.Text              `json:"delta"`
	Transcript *string                  `json:"transcript"`
	Languages  answer.List[answer.Text] `json:"languages"`
	Error      json.RawMessage          `json:"error"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	kind, err := answer.Type(data)
	if err != nil {
		r.Unclear = failure.Unclear(name, "read", err)
		return r
	}
	var m message
	kind, ofItem := strings.CutPrefix(kind, "input_audio_buffer.")
	kind, transcription := strings.CutPrefix(kind, "conversation.item.input_audio_transcription.")
	switch {
	case kind == "session.created":
		if !s.configured {
			s.configured, r.Send = true, s.configure()
		}
	case kind == "session.updated":
		s.ready, r.Ready = true, true
	case kind == "error" || kind == "":
		s.complaint(data, &r)
	case !ofItem && !transcription:
	default:
		if err := answer.Decode(data, &m); err != nil {
			r.Unclear = failure.Unclear(name, "read", err)
			m.Transcript = nil // its type may be wrong
		}
		s.ofItem(kind, m, &r)
	}
	if len(s.items) > maxItems {
		r.Err = &stt.Error{Engine: name, Op: "read", Kind: stt.ErrUnavailable, Err: errItems}
	}
	s.report(&r)
	return r
}

// ofItem handles a message of an item, whose fields may be of other types.
func (s *session) ofItem(kind string, m message, r *live.Reply) {
	switch kind {
	case "speech_started", "speech_stopped", "committed", "delta", "completed", "failed":
	default:
		r.Unclear = nil
		return
	}
	i := s.item(m, r)
	if i == nil {
		return
	}
	switch kind {
	case "speech_started":
		s.started(i, m, r)
	case "speech_stopped":
		i.stopped, i.t.End = true, m.EndMs.Milliseconds()
		i.expect()
		if s.speaks() == nil {
			s.turnTo(stt.TurnEager, i, r)
		}
	case "committed":
		s.commit(m)
		i.expect()
		if !i.stopped { // by our flush
			s.answer()
		}
	case "delta":
		s.delta(i, m, r)
	case "completed":
		s.complete(i, m)
	case "failed":
		fault, _ := answer.FaultIn(m.Error)
		i.finish(failure.Of(fault, name, "read"))
	}
}

var errItems = errors.New("too many items are open")

// complaint handles an error of the session. The session goes on after most; one that
// comes before the session is configured means that it will not be.
func (s *session) complaint(data []byte, r *live.Reply) {
	fault, ok := answer.ReadFault(data)
	if !ok {
		r.Unclear = failure.Missing(name, "read", "type")
		return
	}
	if fault.Code == "input_audio_buffer_commit_empty" {
		s.answer()
		return
	}
	e := failure.Of(fault, name, "read")
	if !s.ready {
		r.Err = e
		return
	}
	var m struct {
		Error struct {
			EventID answer.Text `json:"event_id"`
		} `json:"error"`
	}
	if answer.Decode(data, &m); m.Error.EventID == commitID && len(s.commits) > 0 {
		s.answer()
		s.flushes--
		r.Failed = e
	}
	r.Complain(e)
}

// answer notes that a commit of ours was answered.
func (s *session) answer() {
	if len(s.commits) > 0 {
		s.commits = s.commits[1:]
	}
}

// item returns the item of a message, nil if it was reported already or the message
// names none.
func (s *session) item(m message, r *live.Reply) *item {
	switch {
	case m.ItemID == "":
		r.Unclear = failure.Missing(name, "read", "item_id")
		return nil
	case slices.Contains(s.past, m.ItemID):
		return nil
	}
	i := s.items[m.ItemID]
	if i == nil {
		i = &item{t: stt.Transcript{Confidence: math.NaN(), Language: s.c.Language, Engine: name, RequestID: m.ItemID}}
		s.items[m.ItemID] = i
	}
	return i
}

// expect begins, or renews, the wait for the item's transcript.
func (i *item) expect() {
	now := time.Now()
	if i.last.IsZero() {
		i.last = now.Add(3 * live.AnswerPatience)
	}
	i.due = now.Add(live.AnswerPatience)
	if i.last.Before(i.due) {
		i.due = i.last
	}
}

func (i *item) finish(err error) { i.done, i.err = true, err }

func (s *session) started(i *item, m message, r *live.Reply) {
	for _, other := range s.items { // one at a time speaks: the end of those before was lost
		if other != i && other.speech && other.due.IsZero() {
			other.expect()
		}
	}
	if i.speech {
		return
	}
	i.speech, i.t.Start = true, m.StartMs.Milliseconds()
	r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: i.t.Start, End: i.t.Start}})
	if s.turn == stt.TurnEager { // the caller goes on before the text of what he said has come
		s.turnTo(stt.TurnResumed, i, r)
	}
	s.turnTo(stt.TurnStart, i, r)
}

// speaks returns the item that the caller is speaking, nil = none.
func (s *session) speaks() *item {
	for _, i := range s.items {
		if i.speech && !i.stopped && i.due.IsZero() && !i.done {
			return i
		}
	}
	return nil
}

// turnTo reports a step of the caller's turn, if the service tells turns and the step
// follows on the one before. The end of speech that the service hears only may be the
// turn's end until the text has come: an item that begins before that is of the same
// turn.
func (s *session) turnTo(state stt.TurnState, i *item, r *live.Reply) {
	open := s.turn != 0 && s.turn != stt.TurnEnd
	if s.o.Eagerness == "" || state == s.turn || open == (state == stt.TurnStart) {
		return
	}
	s.turn = state
	bounds := stt.Transcript{Start: i.t.Start, End: i.t.End}
	if state == stt.TurnStart || state == stt.TurnResumed {
		bounds.End = bounds.Start
	}
	r.Events = append(r.Events, stt.Event{Kind: stt.Turn, Transcript: bounds, Turn: stt.TurnChange{State: state, Confidence: math.NaN()}})
}

func (s *session) delta(i *item, m message, r *live.Reply) {
	if i.done || len(i.t.Text)+len(m.Delta) > stt.MaxText {
		return
	}
	i.t.Text += string(m.Delta)
	if !i.due.IsZero() || !i.speech {
		i.expect()
	}
	if !s.c.Interim || len(s.order) > 0 && s.order[0] != m.ItemID || len(i.t.Text) <= i.shown+i.shown/32 {
		return // a long text is not shown anew for each of its letters
	}
	i.shown = len(i.t.Text)
	if t, err := stt.Clean(i.t, s.c.Phrases); err == nil && t.Text != "" {
		r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
	}
}

// complete takes an item's transcript.
func (s *session) complete(i *item, m message) {
	if m.Transcript == nil {
		i.finish(failure.Missing(name, "read", "transcript"))
		return
	}
	i.t.Text = *m.Transcript
	if len(m.Languages) > 0 {
		i.t.Language = string(m.Languages[0])
	}
	t, err := stt.Clean(i.t, s.c.Phrases)
	if err == nil {
		i.t = t
	}
	i.finish(err)
}

// commit gives an item its place, after the one it names.
func (s *session) commit(m message) {
	if slices.Contains(s.order, m.ItemID) {
		return
	}
	if i := slices.Index(s.order, string(m.Previous)); i >= 0 {
		s.order = slices.Insert(s.order, i+1, m.ItemID)
		return
	}
	s.order = append(s.order, m.ItemID)
}

// report reports the complete items, in order, and a complete flush.
func (s *session) report(r *live.Reply) {
	var left []string // done, though that they were committed was not told
	for id, i := range s.items {
		if i.done && !slices.Contains(s.order, id) {
			left = append(left, id)
		}
	}
	slices.SortFunc(left, func(a, b string) int { return cmp.Compare(s.items[a].t.Start, s.items[b].t.Start) })
	s.order = append(s.order, left...)
	for len(s.order) > 0 && s.items[s.order[0]].done {
		id := s.order[0]
		i := s.items[id]
		delete(s.items, id)
		s.order = s.order[1:]
		if s.past = append(s.past, id); len(s.past) > maxPast {
			s.past = s.past[1:]
		}
		bounds := stt.Transcript{Start: i.t.Start, End: i.t.End}
		switch {
		case i.err != nil:
			r.Events = append(r.Events, stt.Event{Kind: stt.Degraded, Transcript: bounds, Err: i.err})
		case i.t.Text != "":
			i.t.Final = true
			r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: i.t})
		}
		if i.speech || i.t.Text != "" || i.err != nil {
			r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd, Transcript: bounds})
		}
		if s.speaks() == nil && len(s.order) == 0 {
			s.turnTo(stt.TurnEnd, i, r)
		}
	}
	if len(s.order) == 0 && s.flushes > len(s.commits) {
		r.Flushed = s.flushes - len(s.commits)
		s.flushes = len(s.commits)
	}
}

// Due implements live.Expirer.
func (s *session) Due() (due time.Time) {
	first := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	for _, i := range s.items {
		first(i.due)
	}
	if len(s.commits) > 0 {
		first(s.commits[0])
	}
	return due
}

// Expire implements live.Expirer: an item that gets no transcript is lost, and
// those after it are reported.
func (s *session) Expire(now time.Time) (r live.Reply) {
	for _, i := range s.items {
		if !i.done && !i.due.IsZero() && !now.Before(i.due) {
			i.finish(&stt.Error{Engine: name, Op: "read", Kind: stt.ErrTimeout, Err: errNoTranscript})
		}
	}
	if len(s.commits) > 0 && !now.Before(s.commits[0]) {
		s.answer()
		s.flushes--
		r.Failed = &stt.Error{Engine: name, Op: "flush", Kind: stt.ErrTimeout}
	}
	s.report(&r)
	return r
}

var errNoTranscript = errors.New("an utterance got no transcript")
