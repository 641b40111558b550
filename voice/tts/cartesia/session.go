package cartesia

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/failure"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

// session speaks one utterance, which is a context of the service.
type session struct {
	first request // what all requests have
	words live.Words
}

// request is a message of the client. Text in all requests of a context is one text, so
// the space between two pieces belongs to it.
type request struct {
	Context    string      `json:"context_id"`
	Cancel     bool        `json:"cancel,omitempty"`
	Model      string      `json:"model_id,omitempty"`
	Transcript *string     `json:"transcript,omitempty"`
	Continue   *bool       `json:"continue,omitempty"`
	Voice      *voice      `json:"voice,omitempty"`
	Output     *output     `json:"output_format,omitempty"`
	Language   string      `json:"language,omitempty"`
	Delay      *int        `json:"max_buffer_delay_ms,omitempty"`
	Times      bool        `json:"add_timestamps,omitempty"`
	Generation *generation `json:"generation_config,omitempty"`
}

type voice struct {
	Mode string `json:"mode"`
	ID   string `json:"id"`
}

type output struct {
	Container string `json:"container"`
	Encoding  string `json:"encoding"`
	Rate      int    `json:"sample_rate"`
}

type generation struct {
	Speed float64 `json:"speed"`
}

func newSession(o *Options, c tts.Config) *session {
	language, _, _ := strings.Cut(c.Language, "-")
	delay := 0 // pieces are clauses already
	s := &session{first: request{Context: rand.Text(), Model: o.Model, Voice: &voice{"id", cmp.Or(c.Voice, o.Voice)}, Output: &output{"raw", "pcm_mulaw", 8000},
		Language: strings.ToLower(language), Delay: &delay, Times: true}}
	if c.Speed != 0 && c.Speed != 1 {
		s.first.Generation = &generation{min(max(c.Speed, 0.6), 1.5)}
	}
	return s
}

func message(r request) []live.Message {
	data, _ := json.Marshal(r) // of texts and finite numbers, which cannot fail
	return []live.Message{{Data: data}}
}

func (s *session) request(text string, more bool) []live.Message {
	r := s.first
	r.Transcript, r.Continue = &text, &more
	return message(r)
}

func (s *session) Say(piece string) []live.Message {
	s.words.Add(piece)
	return s.request(piece+" ", true)
}

func (s *session) End() []live.Message { return s.request("", false) }

// Stop cancels the context. What is still made of it comes with its name, and is passed over
// by the next session.
func (s *session) Stop() ([]live.Message, bool) {
	return message(request{Context: s.first.Context, Cancel: true}), true
}

// answered is a message of the service.
type answered struct {
	Type    answer.Text     `json:"type"`
	Context answer.Text     `json:"context_id"`
	Data    json.RawMessage `json:"data"`
	Done    bool            `json:"done"`
	Words   json.RawMessage `json:"word_timestamps"`
}

// timestamps are when words are said, in seconds from the begin of the context.
type timestamps struct {
	Words  answer.List[answer.Text]   `json:"words"`
	Starts answer.List[answer.Number] `json:"start"`
	Ends   answer.List[answer.Number] `json:"end"`
}

func (s *session) Handle(m live.Message) (r live.Reply) {
	if m.Binary {
		r.Unclear = live.Unclear(name, "it is binary")
		return r
	}
	var in answered
	if err := answer.Decode(m.Data, &in); err != nil {
		r.Unclear = live.Unclear(name, "%w", err)
		return r
	}
	if in.Context != "" && string(in.Context) != s.first.Context {
		return r // of an utterance before
	}
	switch in.Type {
	case "chunk":
		var text string
		if json.Unmarshal(in.Data, &text) != nil {
			r.Unclear = live.Unclear(name, "its data is missing")
			return r
		}
		audio, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			r.Err = &tts.Error{Engine: name, Op: "read", Kind: tts.ErrBadAudio, Err: errBase64}
			return r
		}
		r.Audio, r.Done = audio, in.Done
	case "timestamps":
		r.Words = s.timed(in.Words)
	case "done":
		r.Done = true
	case "error", "":
		fault, ok := answer.ReadFault(m.Data)
		if !ok {
			r.Unclear = live.Unclear(name, "its type is missing")
			return r
		}
		r.Err = failure.Of(fault, name, "read")
	}
	return r
}

var errBase64 = errors.New("the audio is not base64")

// timed returns the words of timestamps.
func (s *session) timed(raw json.RawMessage) (words []tts.Word) {
	var t timestamps
	if answer.Decode(raw, &t) != nil {
		return nil // the audio is worth more than its times
	}
	for i := range min(len(t.Words), len(t.Starts), len(t.Ends)) {
		if w, ok := s.words.Find(string(t.Words[i]), t.Starts[i].Seconds(), t.Ends[i].Seconds()); ok {
			words = append(words, w)
		}
	}
	return words
}
