package fakestt

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// NewDeepgram starts a fake of Deepgram's /v1/listen. As the real one does, it sends
// empty results during silence, reports the start of speech twice and the end of an
// utterance in two ways.
func NewDeepgram(tb testing.TB, texts []string, faults ...Fault) *Live {
	return newLive(tb, func() dialect { return &deepgram{} }, texts, faults)
}

type deepgram struct {
	mulaw bool
	last  float64 // end of the last utterance
}

func (d *deepgram) hello(c *liveConn, q url.Values) {
	c.limitTo(deepgramIdle, "", 1011, "NET-0001")
	d.mulaw = q.Get("encoding") == "mulaw"
	if q.Get("sample_rate") != "8000" || (!d.mulaw && q.Get("encoding") != "linear16") {
		c.end(1008, "DATA-0000")
	}
}

// deepgramIdle is how long the service waits for a message before it closes.
const deepgramIdle = 10 * time.Second

func (d *deepgram) receive(c *liveConn, binary bool, data []byte) ([]int16, bool) {
	c.limit.Reset(deepgramIdle)
	if binary {
		if len(data) == 0 { // the real one takes it for the end of the stream
			c.end(1000, "")
		}
		return decode(data, d.mulaw), false
	}
	var m struct{ Type string }
	if json.Unmarshal(data, &m) != nil {
		c.end(1008, "DATA-0000")
	}
	if m.Type == "CloseStream" {
		c.send(object{"type": "Metadata", "request_id": "dg-1", "channels": 1})
		c.end(1000, "")
	}
	return nil, m.Type == "Finalize"
}

func (d *deepgram) began(c *liveConn, at float64) {
	for range 2 {
		c.send(object{"type": "SpeechStarted", "channel": []int{0}, "timestamp": at})
	}
}

func (d *deepgram) ended(c *liveConn, from, to float64, text string) {
	first, rest, _ := strings.Cut(text, " ")
	c.send(d.results(from, to, first, false, false))
	if rest != "" { // in two parts, both final
		middle := (from + to) / 2
		c.send(d.results(from, middle, first, true, false))
		c.send(d.results(middle, to, rest, true, true))
	} else {
		c.send(d.results(from, to, text, true, true))
	}
	d.last = to
	c.send(d.results(to, to+0.5, "", true, true)) // silence
	c.send(object{"type": "UtteranceEnd", "channel": []int{0, 1}, "last_word_end": to})
}

func (d *deepgram) after(c *liveConn, flushed bool) {
	// The service does not answer a Finalize when there is little to
	// finalize.
	if flushed && c.seg.Position() > 0 {
		r := d.results(d.last, d.last, "", true, false)
		r["from_finalize"] = true
		c.send(r)
	}
}

func (d *deepgram) results(from, to float64, text string, final, speechFinal bool) object {
	var words []object
	list := strings.Fields(text)
	for i, w := range list {
		step := (to - from) / float64(len(list))
		words = append(words, object{"word": w, "start": from + float64(i)*step, "end": from + float64(i+1)*step, "confidence": 0.9})
	}
	return object{"type": "Results", "start": from, "duration": to - from, "is_final": final, "speech_final": speechFinal,
		"channel_index": []int{0, 1}, "metadata": object{"request_id": "dg-1"},
		"channel": object{"alternatives": []object{{"transcript": text, "confidence": 0.9, "words": words}}}}
}

// NewFlux starts a fake of Deepgram's /v2/listen with a Flux model. As the real one
// does, it reports its progress every 250 ms, and on request that a turn may be over or
// goes on after all, and leaves an end that is forced outside of a turn without an
// answer. It takes a Configure.
func NewFlux(tb testing.TB, texts []string, faults ...Fault) *Live {
	return newLive(tb, func() dialect { return &flux{} }, texts, faults)
}

type flux struct {
	mulaw, eager bool
	sequence     int
	turn         int
	from, told   float64 // seconds of the call: where the turn's audio begins; end of what was reported
	speaking     bool
	flushed      bool // the message being handled forces the end of the turn
}

func (d *flux) hello(c *liveConn, q url.Values) {
	c.limitTo(deepgramIdle, "", 1011, "NET-0001")
	d.mulaw, d.eager = q.Get("encoding") == "mulaw", q.Has("eager_eot_threshold")
	if q.Get("sample_rate") != "8000" || !d.mulaw && q.Get("encoding") != "linear16" || !strings.HasPrefix(q.Get("model"), "flux-general-") || q.Has("interim_results") {
		c.end(1008, "DATA-0000")
	}
	d.send(c, object{"type": "Connected"})
}

// send numbers a message.
func (d *flux) send(c *liveConn, m object) {
	m["request_id"], m["sequence_id"] = "dg-2", d.sequence
	d.sequence++
	c.send(m)
}

func (d *flux) receive(c *liveConn, binary bool, data []byte) ([]int16, bool) {
	c.limit.Reset(deepgramIdle)
	if binary {
		return decode(data, d.mulaw), false
	}
	var m struct {
		Type       string
		Thresholds struct {
			EndOfTurn float64 `json:"eot_threshold"`
		}
		Keyterms []string
	}
	json.Unmarshal(data, &m)
	switch m.Type {
	case "CloseStream":
		c.end(1000, "")
	case "ForceEndTurn":
		d.flushed = true
	case "Configure":
		if m.Thresholds.EndOfTurn < 0.5 || m.Thresholds.EndOfTurn > 1 {
			d.send(c, object{"type": "ConfigureFailure"})
			break
		}
		d.send(c, object{"type": "ConfigureSuccess", "thresholds": object{"eot_threshold": m.Thresholds.EndOfTurn}, "keyterms": m.Keyterms})
	default:
		d.send(c, object{"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": "unknown message"})
		c.end(1008, "")
	}
	return nil, d.flushed
}

func (d *flux) began(c *liveConn, at float64) {
	d.speaking = true
	d.info(c, "StartOfTurn", at, "", 0.1)
}

func (d *flux) ended(c *liveConn, from, to float64, text string) {
	first, rest, _ := strings.Cut(text, " ")
	d.info(c, "Update", to, first, 0.2)
	if d.eager {
		d.info(c, "EagerEndOfTurn", to, first, 0.5)
		if rest != "" {
			d.info(c, "TurnResumed", to, text, 0.3)
			d.info(c, "EagerEndOfTurn", to, text, 0.6)
		}
	}
	d.info(c, "EndOfTurn", float64(c.seg.Position())/vad.SampleRate, text, 0.8)
	d.speaking = false
	d.turn++
	d.from = d.told
}

func (d *flux) after(c *liveConn, _ bool) {
	d.flushed = false
	if at := float64(c.seg.Position()) / vad.SampleRate; at >= d.told+0.25 && !d.speaking {
		d.info(c, "Update", at, "", 0)
	}
}

// info reports the turn up to a place. Words have no times.
func (d *flux) info(c *liveConn, event string, at float64, text string, confidence float64) {
	d.told = max(d.told, at)
	words := []object{}
	for _, w := range strings.Fields(text) {
		words = append(words, object{"word": w, "confidence": 0.9})
	}
	m := object{"type": "TurnInfo", "event": event, "turn_index": d.turn, "audio_window_start": d.from, "audio_window_end": d.told,
		"transcript": text, "words": words, "end_of_turn_confidence": confidence}
	if event == "EndOfTurn" {
		m["trigger"] = "model"
		if d.flushed {
			m["trigger"] = "manual"
		}
	}
	d.send(c, m)
}

// NewAssemblyAI starts a fake of AssemblyAI's v3 streaming. Like the service, it
// refuses audio messages of less than 50 ms or more than a second.
func NewAssemblyAI(tb testing.TB, texts []string, faults ...Fault) *Live {
	return newLive(tb, func() dialect { return &assemblyai{} }, texts, faults)
}

type assemblyai struct {
	mulaw, format bool
	turn          int
}

func (d *assemblyai) hello(c *liveConn, q url.Values) {
	d.mulaw, d.format = q.Get("encoding") == "pcm_mulaw", q.Get("format_turns") == "true"
	c.limitTo(c.expires(3*time.Hour), `{"type":"Error","error_code":3008,"error":"Session Expired: Maximum session duration exceeded"}`, 3008, "Session Expired")
	if !c.fault.NoReadying {
		c.send(object{"type": "Begin", "id": "aai-1", "expires_at": 1})
	}
}

func (d *assemblyai) receive(c *liveConn, binary bool, data []byte) ([]int16, bool) {
	if binary {
		pcm := decode(data, d.mulaw)
		if len(pcm) < 400 || len(pcm) > 8000 {
			c.send(object{"type": "Error", "error_code": 3007, "error": fmt.Sprintf("Input duration violation: %d samples", len(pcm))})
			c.end(3007, "Input duration violation")
		}
		return pcm, false
	}
	var m struct{ Type string }
	json.Unmarshal(data, &m)
	if m.Type == "Terminate" {
		c.send(object{"type": "Termination"})
		c.end(1000, "")
	}
	return nil, m.Type == "ForceEndpoint"
}

func (d *assemblyai) began(c *liveConn, at float64) {
	c.send(object{"type": "SpeechStarted", "timestamp": at * 1000})
}

func (d *assemblyai) ended(c *liveConn, from, to float64, text string) {
	c.send(d.message(from, to, text, false, false))
	c.send(d.message(from, to, text, true, false))
	if d.format {
		c.send(d.message(from, to, text, true, true))
	}
	d.turn++
}

func (d *assemblyai) after(*liveConn, bool) {}

func (d *assemblyai) message(from, to float64, text string, end, formatted bool) object {
	var words []object
	list := strings.Fields(text)
	for i, w := range list {
		step := (to - from) * 1000 / float64(len(list))
		words = append(words, object{"text": w, "start": from*1000 + float64(i)*step, "end": from*1000 + float64(i+1)*step, "confidence": 0.9, "word_is_final": end})
	}
	return object{"type": "Turn", "turn_order": d.turn, "end_of_turn": end, "turn_is_formatted": formatted,
		"end_of_turn_confidence": 0.1, "transcript": text, "words": words}
}

// NewVosk starts a fake of the Python vosk-server: one answer for each message.
func NewVosk(tb testing.TB, texts []string, faults ...Fault) *Live {
	return newLive(tb, func() dialect { return &vosk{} }, texts, faults)
}

type vosk struct {
	speaking bool
	result   object // final result to send for the message being handled
	config   bool
}

func (d *vosk) hello(*liveConn, url.Values) {}

func (d *vosk) receive(c *liveConn, binary bool, data []byte) ([]int16, bool) {
	d.config = false
	switch {
	case binary:
		return decode(data, false), false
	case string(data) == `{"eof" : 1}`:
		c.end(1000, "")
	case string(data) == `{"reset" : 1}`:
		return nil, true
	case strings.HasPrefix(string(data), `{"config"`):
		d.config = true
	default: // the real one takes it for audio
		return decode(data, false), false
	}
	return nil, false
}

func (d *vosk) began(*liveConn, float64) { d.speaking = true }

func (d *vosk) ended(c *liveConn, from, to float64, text string) {
	var words []object
	list := strings.Fields(text)
	for i, w := range list {
		step := (to - from) / float64(len(list))
		words = append(words, object{"word": w, "start": from + float64(i)*step, "end": from + float64(i+1)*step, "conf": 0.9})
	}
	d.result = object{"text": text, "result": words}
	d.speaking = false
}

func (d *vosk) after(c *liveConn, flushed bool) {
	switch {
	case d.config:
	case d.result != nil:
		c.send(d.result)
		d.result = nil
	case flushed:
		c.send(object{"text": ""})
	case d.speaking:
		c.send(object{"partial": "he"})
	default:
		c.send(object{"partial": ""})
	}
}

// NewOpenAIRealtime starts a fake of OpenAI's Realtime API for transcription.
func NewOpenAIRealtime(tb testing.TB, texts []string, faults ...Fault) *Live {
	return newLive(tb, func() dialect { return &realtime{} }, texts, faults)
}

type realtime struct {
	ready    bool
	items    int
	position int64    // of the last commit
	late     []object // transcripts that are held back for Fault.Reversed
}

func (d *realtime) hello(c *liveConn, _ url.Values) {
	const expired = "Your session hit the maximum duration of 15 minutes."
	c.limitTo(c.expires(15*time.Minute), `{"type":"error","error":{"type":"invalid_request_error","code":"session_expired","message":"`+expired+`"}}`, 1001, expired)
	c.send(object{"type": "session.created", "session": object{"type": "transcription"}})
}

func (d *realtime) receive(c *liveConn, _ bool, data []byte) ([]int16, bool) {
	var m struct {
		Type    string
		Audio   string
		Session struct {
			Type  string
			Audio struct {
				Input struct{ Format struct{ Type string } }
			}
		}
	}
	json.Unmarshal(data, &m)
	switch m.Type {
	case "session.update":
		if m.Session.Type != "transcription" || m.Session.Audio.Input.Format.Type != "audio/pcmu" {
			c.send(object{"type": "error", "error": object{"type": "invalid_request_error", "message": "bad session"}})
			return nil, false
		}
		d.ready = true
		if !c.fault.NoReadying {
			c.send(object{"type": "session.updated"})
		}
	case "input_audio_buffer.append":
		audio, err := base64.StdEncoding.DecodeString(m.Audio)
		if err != nil || !d.ready {
			c.send(object{"type": "error", "error": object{"type": "invalid_request_error", "message": "bad audio"}})
		}
		return decode(audio, true), false
	case "input_audio_buffer.commit":
		return nil, true
	}
	return nil, false
}

func (d *realtime) id() string { return fmt.Sprintf("item_%d", d.items) }

func (d *realtime) began(c *liveConn, at float64) {
	d.items++
	c.send(object{"type": "input_audio_buffer.speech_started", "item_id": d.id(), "audio_start_ms": at * 1000})
}

func (d *realtime) ended(c *liveConn, from, to float64, text string) {
	c.send(object{"type": "input_audio_buffer.speech_stopped", "item_id": d.id(), "audio_end_ms": to * 1000})
	c.send(object{"type": "input_audio_buffer.committed", "item_id": d.id(), "previous_item_id": fmt.Sprintf("item_%d", d.items-1)})
	d.position = c.seg.Position()
	first, _, _ := strings.Cut(text, " ")
	c.send(object{"type": "conversation.item.input_audio_transcription.delta", "item_id": d.id(), "delta": first})
	d.late = append(d.late, object{"type": "conversation.item.input_audio_transcription.completed", "item_id": d.id(), "transcript": text})
	if !c.fault.Reversed || len(d.late) == 2 {
		d.complete(c)
	}
}

// complete sends the transcripts that were held back, the newest first.
func (d *realtime) complete(c *liveConn) {
	for i := len(d.late) - 1; i >= 0; i-- {
		c.send(d.late[i])
	}
	d.late = nil
}

func (d *realtime) after(c *liveConn, flushed bool) {
	if !flushed {
		return
	}
	d.complete(c)
	if c.seg.Position()-d.position < 800 { // 100 ms
		c.send(object{"type": "error", "error": object{"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty", "message": "buffer too small"}})
		return
	}
	d.items++
	d.position = c.seg.Position()
	c.send(object{"type": "input_audio_buffer.committed", "item_id": d.id(), "previous_item_id": fmt.Sprintf("item_%d", d.items-1)})
	c.send(object{"type": "conversation.item.input_audio_transcription.completed", "item_id": d.id(), "transcript": ""})
}
