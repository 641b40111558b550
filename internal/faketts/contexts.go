package faketts

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// NewCartesia starts a fake of Cartesia's WebSocket that lives as long as the test. It calls
// script for each utterance, which are counted from 0; nil = nothing goes wrong.
func NewCartesia(tb testing.TB, script func(n int) Trouble) *Live {
	return newLive(tb, func() protocol { return &cartesia{contexts: make(map[string]*utterance)} }, script)
}

type cartesia struct{ contexts map[string]*utterance }

func (d *cartesia) refuses(r *http.Request) (int, http.Header) {
	if r.Header.Get("X-Api-Key") == "" {
		return http.StatusUnauthorized, nil
	}
	if r.URL.Query().Get("cartesia_version") == "" {
		return http.StatusBadRequest, nil
	}
	return 0, nil
}

func (d *cartesia) hello(*liveConn) {}

func (d *cartesia) receive(c *liveConn, data []byte) {
	var m struct {
		Context    string `json:"context_id"`
		Cancel     bool
		Model      string `json:"model_id"`
		Transcript *string
		Continue   bool
		Voice      struct{ ID string }
		Output     struct {
			Container, Encoding string
			Rate                int `json:"sample_rate"`
		} `json:"output_format"`
		Times      bool                    `json:"add_timestamps"`
		Generation struct{ Speed float64 } `json:"generation_config"`
	}
	if err := json.Unmarshal(data, &m); err != nil || m.Context == "" {
		c.send(object{"type": "error", "title": "Bad request", "message": "invalid message", "error_code": "invalid_request", "status_code": 400})
		return
	}
	u := d.contexts[m.Context]
	chunk := func(p part) {
		c.send(object{"type": "chunk", "context_id": m.Context, "data": base64.StdEncoding.EncodeToString(p.audio), "done": false, "status_code": 206, "step_time": 1.5})
		if len(p.words) == 0 || !m.Times {
			return
		}
		var words []string
		var start, end []float64
		for _, w := range p.words {
			words, start, end = append(words, w.text), append(start, w.start.Seconds()), append(end, w.end.Seconds())
		}
		c.send(object{"type": "timestamps", "context_id": m.Context, "done": false, "status_code": 206, "word_timestamps": object{"words": words, "start": start, "end": end}})
	}
	if m.Cancel {
		if u != nil && u.trouble.Stale {
			chunk(part{audio: silence(samples(300 * time.Millisecond))})
			c.send(object{"type": "done", "context_id": m.Context, "done": true, "status_code": 206})
		}
		delete(d.contexts, m.Context)
		return
	}
	if m.Transcript == nil || m.Model == "" || m.Voice.ID == "" || m.Output.Container != "raw" || m.Output.Encoding != "pcm_mulaw" || m.Output.Rate != 8000 {
		c.send(object{"type": "error", "context_id": m.Context, "done": true, "title": "Bad request", "message": "a field is missing", "error_code": "invalid_request", "status_code": 400})
		return
	}
	if u == nil {
		u = c.begin(m.Context, m.Generation.Speed)
		d.contexts[m.Context] = u
	}
	complete := !u.over
	if *m.Transcript != "" {
		complete = c.say(u, *m.Transcript, chunk)
	}
	if u.ended(complete && !m.Continue) {
		c.send(object{"type": "done", "context_id": m.Context, "done": true, "status_code": 206})
		delete(d.contexts, m.Context)
	}
}

// NewElevenLabs starts a fake of ElevenLabs' multi-stream-input that lives as long as the
// test. It calls script for each utterance, which are counted from 0; nil = nothing goes wrong.
func NewElevenLabs(tb testing.TB, script func(n int) Trouble) *Live {
	return newLive(tb, func() protocol { return &elevenlabs{contexts: make(map[string]*utterance)} }, script)
}

// maxContexts is how many the service has at once on a connection.
const maxContexts = 5

type elevenlabs struct{ contexts map[string]*utterance }

func (d *elevenlabs) refuses(r *http.Request) (int, http.Header) {
	switch {
	case r.Header.Get("Xi-Api-Key") == "":
		return http.StatusUnauthorized, nil
	case !strings.HasPrefix(r.URL.Path, "/v1/text-to-speech/"), !strings.HasSuffix(r.URL.Path, "/multi-stream-input"), r.URL.Query().Get("output_format") != "ulaw_8000":
		return http.StatusForbidden, nil
	}
	return 0, nil
}

func (d *elevenlabs) hello(*liveConn) {}

func (d *elevenlabs) receive(c *liveConn, data []byte) {
	var m struct {
		Text     string
		Settings struct{ Speed float64 } `json:"voice_settings"`
		Context  string                  `json:"context_id"`
		Flush    bool
		Close    bool `json:"close_context"`
	}
	fail := func(name, text string) {
		c.send(object{"message": text, "error": name, "code": 1008})
		c.closed = true
		c.ws.Close(1008, text)
	}
	if err := json.Unmarshal(data, &m); err != nil || m.Context == "" {
		fail("invalid_message", "not JSON")
		return
	}
	u := d.contexts[m.Context]
	send := func(p part) { c.send(d.audio(m.Context, p)) }
	switch {
	case m.Close:
		if u != nil && u.trouble.Stale {
			send(part{audio: silence(samples(300 * time.Millisecond))})
		}
		if u != nil && (!u.over || u.trouble.Stale) {
			c.send(object{"isFinal": true, "contextId": m.Context})
			delete(d.contexts, m.Context)
		}
	case u == nil && m.Text != " ":
		fail("invalid_initialization", "the first text must be a space")
	case u == nil && len(d.contexts) == maxContexts:
		fail("max_active_conversations", "Maximum simultaneous contexts per WebSocket connection exceeded (5).")
	case u == nil:
		d.contexts[m.Context] = c.begin(m.Context, m.Settings.Speed)
	case m.Flush:
		if c.say(u, strings.TrimSuffix(m.Text, " "), send); u.ended(false) {
			c.send(object{"isFinal": true, "contextId": m.Context})
			delete(d.contexts, m.Context)
		}
	}
}

// audio returns the message of a part, with the times of its characters from its begin.
func (d *elevenlabs) audio(context string, p part) object {
	var chars []string
	var starts, durations []int64
	for _, w := range p.words {
		runes := []rune(w.text)
		step := (w.end - w.start) / time.Duration(len(runes))
		for i, r := range append(runes, ' ') {
			chars = append(chars, string(r))
			starts = append(starts, (w.start - p.start + time.Duration(i)*step).Milliseconds())
			if durations = append(durations, step.Milliseconds()); r == ' ' {
				durations[len(durations)-1] = 0
			}
		}
	}
	out := object{"audio": base64.StdEncoding.EncodeToString(p.audio), "contextId": context, "isFinal": nil, "alignment": nil, "normalizedAlignment": nil}
	if len(chars) > 0 {
		out["alignment"] = object{"chars": chars, "charStartTimesMs": starts, "charDurationsMs": durations}
	}
	return out
}
