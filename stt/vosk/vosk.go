// Package vosk transcribes calls with a vosk-server, Alpha Cephei's WebSocket
// server for Kaldi models, on a machine of one's own.
package vosk

import (
	"encoding/json"
	"math"
	"net/http"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

const name = "vosk"

// Options configure an Engine.
type Options struct {
	URL    string       // empty = "ws://localhost:2700"
	Client *http.Client // for the handshake; nil = one of the engine's own
}

// Engine transcribes calls. It is safe for concurrent use, and besides an
// stt.Engine an stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer. Phrases
// of a stt.Config restrict what is heard to them and are only known to models
// with a dynamic graph.
type Engine struct{ *live.Engine }

// New returns an engine. A connection is opened for each call; when it breaks, a
// new one is given what was not final yet. The server has neither credentials
// nor encryption of its own: keep it on a private network.
//
// Prewarm asks whether the server answers, and keeps a connection for the next
// call until Close.
func New(o Options) (*Engine, error) {
	if o.URL == "" {
		o.URL = "ws://localhost:2700"
	}
	engine, err := live.New(live.Service{
		Name:     name,
		URL:      o.URL,
		Client:   o.Client,
		Session:  func(c stt.Config) live.Session { return &session{c: c} },
		MinChunk: 100 * time.Millisecond, // each piece costs the server an answer
		MaxChunk: 400 * time.Millisecond,
		Keep:     4 * time.Minute, // under the idle time of most routers
	})
	if err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
}

// session counts: the server answers each message with exactly one, except the
// configuration, and that is how the answer to a flush is known.
type session struct {
	c        stt.Config
	sent     int // messages that have an answer
	answered int
	flushes  []int // of the messages sent, which were flushes
	speaking bool
}

func (s *session) Hello() live.Message {
	type config struct {
		SampleRate int      `json:"sample_rate"`
		Words      bool     `json:"words"`
		Phrases    []string `json:"phrase_list,omitempty"`
	}
	return live.JSON(struct {
		Config config `json:"config"`
	}{config{s.c.Format.Rate(), true, s.c.Phrases}})
}

func (s *session) Audio(audio []byte) live.Message {
	s.sent++
	return live.Message{Binary: true, Data: live.PCM(audio, s.c.Format)}
}

// Flush and Bye are compared byte for byte by the server, blanks included.
func (s *session) Flush() live.Message {
	s.sent++
	s.flushes = append(s.flushes, s.sent)
	return live.Text(`{"reset" : 1}`)
}

func (s *session) Bye() live.Message       { return live.Text(`{"eof" : 1}`) }
func (s *session) KeepAlive() live.Message { return live.Message{} }

// answer is a result, or a partial one. Times are in seconds from the start.
type answer struct {
	Partial *string `json:"partial"`
	Text    string  `json:"text"`
	Result  []struct {
		Word       string  `json:"word"`
		Start      float64 `json:"start"`
		End        float64 `json:"end"`
		Confidence float64 `json:"conf"`
	} `json:"result"`
}

func (s *session) Handle(data []byte) (r live.Reply) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		r.Err = live.NotJSON(name)
		return r
	}
	s.answered++
	if len(s.flushes) > 0 && s.answered >= s.flushes[0] {
		s.flushes = s.flushes[1:]
		r.Flushed++
	}
	t := stt.Transcript{Engine: name, Confidence: math.NaN(), Language: s.c.Language}
	if a.Partial != nil {
		if t.Text = *a.Partial; t.Text == "" {
			return r
		}
		s.begin(&r)
		if s.c.Interim {
			r.Events = append(r.Events, stt.Event{Kind: stt.Interim, Transcript: t})
		}
		return r
	}
	if a.Text == "" {
		if s.speaking {
			s.speaking = false
			r.Events = append(r.Events, stt.Event{Kind: stt.UtteranceEnd})
		}
		return r
	}
	t.Text, t.Final = a.Text, true
	for _, w := range a.Result {
		t.Words = append(t.Words, stt.Word{Text: w.Word, Start: live.Seconds(w.Start), End: live.Seconds(w.End), Confidence: w.Confidence})
	}
	if n := len(t.Words); n > 0 {
		t.Start, t.End, t.Confidence = t.Words[0].Start, t.Words[n-1].End, live.Confidence(t.Words)
	}
	s.begin(&r)
	s.speaking = false
	r.Events = append(r.Events, stt.Event{Kind: stt.Final, Transcript: t},
		stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{Start: t.Start, End: t.End}})
	return r
}

func (s *session) begin(r *live.Reply) {
	if !s.speaking {
		s.speaking = true
		r.Events = append(r.Events, stt.Event{Kind: stt.SpeechStart})
	}
}
