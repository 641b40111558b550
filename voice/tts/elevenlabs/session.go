package elevenlabs

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/failure"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

// session speaks one utterance, which is a context of the service.
type session struct {
	o     *Options
	speed float64
	id    string
	begun bool
	ended bool // the context is told to close
	words live.Words
	audio int // bytes that came
	word  word
}

// word is the beginning of a word, whose rest may come with the next message.
type word struct {
	text       string
	start, end time.Duration
}

func newSession(o *Options, c tts.Config) *session {
	s := &session{o: o, id: rand.Text()}
	if c.Speed != 0 && c.Speed != 1 {
		s.speed = min(max(c.Speed, 0.7), 1.2)
	}
	return s
}

// settings are those of a voice.
type settings struct {
	Stability  float64 `json:"stability,omitempty"`
	Similarity float64 `json:"similarity_boost,omitempty"`
	Speed      float64 `json:"speed,omitempty"`
}

// send is a message of the client.
type send struct {
	Text    *string   `json:"text,omitempty"`
	Voice   *settings `json:"voice_settings,omitempty"`
	Context string    `json:"context_id"`
	Flush   bool      `json:"flush,omitempty"`
	Close   bool      `json:"close_context,omitempty"`
}

func (s *session) message(m send) live.Message {
	m.Context = s.id
	data, _ := json.Marshal(m) // of texts and finite numbers, which cannot fail
	return live.Message{Data: data}
}

func (s *session) Say(piece string) (list []live.Message) {
	if !s.begun {
		s.begun = true
		blank := " "
		first := send{Text: &blank}
		if v := (settings{s.o.Stability, s.o.Similarity, s.speed}); v != (settings{}) {
			first.Voice = &v
		}
		list = append(list, s.message(first))
	}
	s.words.Add(piece)
	text := piece + " "
	return append(list, s.message(send{Text: &text, Flush: true}))
}

func (s *session) End() []live.Message {
	s.ended = true
	return []live.Message{s.message(send{Close: true})}
}

// Stop closes the context, unless that is under way.
func (s *session) Stop() ([]live.Message, bool) {
	if s.ended {
		return nil, false
	}
	return s.End(), false
}

// message is a message of the service.
type message struct {
	Type       answer.Text     `json:"type"`
	Audio      json.RawMessage `json:"audio"`
	Final      json.RawMessage `json:"isFinal"`
	Context    answer.Text     `json:"contextId"`
	ContextID  answer.Text     `json:"context_id"`
	Alignment  json.RawMessage `json:"alignment"`
	Normalized json.RawMessage `json:"normalizedAlignment"`
	Error      json.RawMessage `json:"error"`
}

func (s *session) Handle(m live.Message) (r live.Reply) {
	if m.Binary {
		r.Unclear = live.Unclear(name, "it is binary")
		return r
	}
	var in message
	if err := answer.Decode(m.Data, &in); err != nil {
		r.Unclear = live.Unclear(name, "%w", err)
		return r
	}
	if id := cmp.Or(in.Context, in.ContextID); id != "" && string(id) != s.id {
		return r // of an utterance before
	}
	if given(in.Error) {
		r.Err = complaint(m.Data)
		return r
	}
	if in.Audio == nil && in.Final == nil && in.Type == "" {
		r.Unclear = live.Unclear(name, "it has no audio")
		return r
	}
	base := time.Duration(s.audio) * time.Second / codec.Rate
	if given(in.Audio) {
		var text string
		if json.Unmarshal(in.Audio, &text) != nil {
			r.Unclear = live.Unclear(name, "its audio is not a text")
			return r
		}
		audio, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			r.Err = &tts.Error{Engine: name, Op: "read", Kind: tts.ErrBadAudio, Err: errBase64}
			return r
		}
		s.audio += len(audio)
		r.Audio = audio
	}
	a := in.Alignment
	if !given(a) {
		a = in.Normalized
	}
	if given(a) {
		r.Words = s.timed(a, base)
	}
	if final := string(in.Final); final == "true" || final == `"true"` {
		r.Words = s.told(r.Words)
		r.Done = true
	}
	return r
}

var errBase64 = errors.New("the audio is not base64")

// given reports whether a field is there, and not null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// complaint makes an error of the service's report of a failure.
func complaint(data []byte) error {
	fault, _ := answer.ReadFault(data)
	e := failure.Of(fault, name, "read")
	if kind := kind(fault.Code + " " + fault.Message); kind != nil && (e.Kind == tts.ErrUnavailable || e.Kind == tts.ErrRefused) {
		if e.Kind = kind; kind == tts.ErrAuth {
			e.Err = nil // it may quote the key
		}
	}
	return e
}

// alignment is when each character is said, in milliseconds from the begin of the message's
// audio.
type alignment struct {
	Chars     answer.List[answer.Text]   `json:"chars"`
	Starts    answer.List[answer.Number] `json:"charStartTimesMs"`
	Durations answer.List[answer.Number] `json:"charDurationsMs"`
}

// timed returns the words that an alignment completes. base is where the message's audio
// begins.
func (s *session) timed(raw json.RawMessage, base time.Duration) (words []tts.Word) {
	var a alignment
	if answer.Decode(raw, &a) != nil {
		return nil // the audio is worth more than its times
	}
	for i := range min(len(a.Chars), len(a.Starts), len(a.Durations)) {
		char := string(a.Chars[i])
		start := base + a.Starts[i].Milliseconds()
		end := start + a.Durations[i].Milliseconds()
		switch {
		case strings.TrimSpace(char) == "":
			words = s.told(words)
		case strings.IndexFunc(char, func(r rune) bool { return r >= 0x2E80 && unicode.IsLetter(r) }) >= 0: // a word by itself
			words = s.told(words)
			s.word = word{char, start, end}
			words = s.told(words)
		case s.word.text == "":
			s.word = word{char, start, end}
		case len(s.word.text) < 1000:
			s.word.text, s.word.end = s.word.text+char, max(s.word.end, end)
		}
	}
	return words
}

// told adds the word that is complete.
func (s *session) told(words []tts.Word) []tts.Word {
	if s.word.text == "" {
		return words
	}
	w, ok := s.words.Find(s.word.text, s.word.start, s.word.end)
	if s.word = (word{}); ok {
		words = append(words, w)
	}
	return words
}
