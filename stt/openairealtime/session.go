package openairealtime

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

// session keeps the items, one an utterance, in the order they were spoken:
// their transcripts may come in another.
type session struct {
	o       Options
	c       stt.Config
	items   map[string]*item
	order   []string // of the committed items that were not reported yet
	commits int      // of ours that were not answered yet
	flushes int      // that wait for that, and for order to be empty
	pcm     []int16
}

type item struct {
	t       stt.Transcript
	speech  bool // its speech was reported; what a flush commits may have none
	stopped bool // the service heard its end, and so commits it by itself
	done    bool
	err     error
}

func (s *session) Hello() live.Message     { return live.Message{} }
func (s *session) KeepAlive() live.Message { return live.Message{} }
func (s *session) Bye() live.Message       { return live.Message{} }

func (s *session) Flush() live.Message {
	s.commits++
	s.flushes++
	return live.Text(`{"type":"input_audio_buffer.commit"}`)
}

func (s *session) Audio(audio []byte) live.Message {
	if s.c.Format.Encoding == stt.PCM16 { // the API takes PCM at 24 kHz only
		s.pcm = s.c.Format.AppendPCM(s.pcm[:0], audio)
		audio = codec.AppendEncodeMulaw(nil, s.pcm)
	}
	return live.JSON(struct {
		Type  string `json:"type"`
		Audio string `json:"audio"`
	}{"input_audio_buffer.append", base64.StdEncoding.EncodeToString(audio)})
}

type object = map[string]any

// configure is the first thing to say.
func (s *session) configure() live.Message {
	transcription := object{"model": s.o.Model}
	if language, _, _ := strings.Cut(s.c.Language, "-"); language != "" {
		transcription["language"] = language
	}
	if len(s.c.Phrases) > 0 {
		transcription["prompt"] = strings.Join(s.c.Phrases, ", ")
	}
	input := object{
		"format":         object{"type": "audio/pcmu"},
		"transcription":  transcription,
		"turn_detection": object{"type": "server_vad", "silence_duration_ms": s.o.Silence.Milliseconds()},
	}
	if s.o.NoiseReduction != "" {
		input["noise_reduction"] = object{"type": s.o.NoiseReduction}
	}
	return live.JSON(object{"type": "session.update", "session": object{"type": "transcription", "audio": object{"input": input}}})
}

// message is what the service sends.
type message struct {
	Type       string  `json:"type"`
	ItemID     string  `json:"item_id"`
	Previous   string  `json:"previous_item_id"`
	StartMs    float64 `json:"audio_start_ms"`
	EndMs      float64 `json:"audio_end_ms"`
	Delta      string  `json:"delta"`
	Transcript string  `json:"transcript"`
	Error      struct {
		Type    string `json:"type"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		r.Err = live.NotJSON(name)
		return r
	}
	switch m.Type {
	case "session.created":
		r.Send = s.configure()
	case "session.updated":
		r.Ready = true
	case "input_audio_buffer.speech_started":
		i := s.item(m.ItemID)
		i.speech, i.t.Start = true, live.Milliseconds(m.StartMs)
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: i.t.Start, End: i.t.Start}})
	case "input_audio_buffer.speech_stopped":
		i := s.item(m.ItemID)
		i.stopped, i.t.End = true, live.Milliseconds(m.EndMs)
	case "input_audio_buffer.committed":
		s.commit(m)
		if !s.items[m.ItemID].stopped { // by our flush
			s.answer()
		}
	case "conversation.item.input_audio_transcription.delta":
		i := s.item(m.ItemID)
		i.t.Text += m.Delta
		if s.c.Interim && (len(s.order) == 0 || s.order[0] == m.ItemID) && i.t.Text != "" {
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: i.t})
		}
	case "conversation.item.input_audio_transcription.completed":
		i := s.item(m.ItemID)
		i.t.Text, i.done = strings.TrimSpace(m.Transcript), true
	case "conversation.item.input_audio_transcription.failed":
		i := s.item(m.ItemID)
		i.done, i.err = true, s.failure(m)
	case "error":
		if m.Error.Code != "input_audio_buffer_commit_empty" {
			r.Err = s.failure(m)
			return r
		}
		s.answer()
	}
	s.report(&r)
	return r
}

// answer notes that a commit of ours was answered.
func (s *session) answer() { s.commits = max(0, s.commits-1) }

func (s *session) item(id string) *item {
	i := s.items[id]
	if i == nil {
		i = &item{t: stt.Transcript{Confidence: math.NaN(), Language: s.c.Language, Engine: name, RequestID: id}}
		s.items[id] = i
	}
	return i
}

// commit gives an item its place, after the one it names.
func (s *session) commit(m message) {
	s.item(m.ItemID)
	if slices.Contains(s.order, m.ItemID) {
		return
	}
	for i, id := range s.order {
		if id == m.Previous {
			s.order = append(s.order[:i+1], append([]string{m.ItemID}, s.order[i+1:]...)...)
			return
		}
	}
	s.order = append(s.order, m.ItemID)
}

// report reports what is complete, in order, and that a flush is.
func (s *session) report(r *live.Reply) {
	for len(s.order) > 0 && s.items[s.order[0]].done {
		i := s.items[s.order[0]]
		delete(s.items, s.order[0])
		s.order = s.order[1:]
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
	}
	if len(s.order) == 0 {
		r.Flushed = s.flushes - s.commits
		s.flushes = s.commits
	}
}

func (s *session) failure(m message) error {
	e := &stt.Error{Engine: name, Op: "read", Kind: stt.ErrUnavailable, Code: m.Error.Code}
	if e.Code == "" {
		e.Code = m.Error.Type
	}
	switch {
	case e.Code == "invalid_api_key" || m.Error.Type == "authentication_error":
		e.Kind = stt.ErrAuth
		return e // what is said of a refused key may quote it
	case e.Code == "insufficient_quota":
		e.Kind = stt.ErrQuota
	case strings.HasPrefix(e.Code, "rate_limit"):
		e.Kind = stt.ErrOverloaded
	case e.Code == "session_expired":
	case m.Error.Type == "invalid_request_error":
		e.Kind = stt.ErrRefused
	}
	if m.Error.Message != "" {
		e.Err = errors.New(m.Error.Message)
	}
	return e
}
