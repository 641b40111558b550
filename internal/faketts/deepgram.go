package faketts

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// NewDeepgram starts a fake of Deepgram's /v1/speak and /v2/speak that lives as long as the test:
// /v2 for models whose name begins with "flux-". It calls script for each
// utterance, which are counted from 0; nil = nothing goes wrong.
func NewDeepgram(tb testing.TB, script func(n int) Trouble) *Live {
	return newLive(tb, func() protocol { return &deepgram{} }, script)
}

type deepgram struct {
	flux    bool
	text    string
	speed   float64
	current *utterance
	flushes []time.Time
	number  int
}

func (d *deepgram) refuses(r *http.Request) (int, http.Header) {
	q := r.URL.Query()
	d.flux = strings.HasPrefix(q.Get("model"), "flux-")
	d.speed, _ = strconv.ParseFloat(q.Get("speed"), 64)
	known := strings.HasPrefix(q.Get("model"), "aura-2-") || d.flux
	if !known || q.Get("encoding") != "mulaw" || q.Get("sample_rate") != "8000" {
		return http.StatusBadRequest, http.Header{"Dg-Error": {"No such model/version combination found."}}
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Token ") {
		return http.StatusUnauthorized, nil
	}
	return 0, nil
}

func (d *deepgram) hello(c *liveConn) {
	if d.flux {
		c.send(object{"type": "Connected", "request_id": "r", "model_name": "flux", "model_version": "1", "model_uuids": []string{"u"}})
		return
	}
	c.send(object{"type": "Metadata", "request_id": "r", "model_name": "aura-2", "model_version": "1", "model_uuid": "u"})
}

func (d *deepgram) receive(c *liveConn, data []byte) {
	var m struct{ Type, Text string }
	if json.Unmarshal(data, &m) != nil {
		c.send(object{"type": "Error", "code": "DATA-0000", "description": "not JSON"})
		c.ws.Close(1008, "DATA-0000")
		return
	}
	audio := func(p part) { c.binary(p.audio) }
	switch m.Type {
	case "Speak":
		if !d.flux {
			d.text += m.Text
			return
		}
		if d.current == nil {
			d.current = c.begin("", d.speed)
			c.send(object{"type": "SpeechStarted", "speech_id": "dg_sp_1"})
		}
		d.reply(c, c.say(d.current, m.Text, audio), false)
	case "Flush":
		if d.flux {
			c.send(object{"type": "Flushed", "speech_id": "dg_sp_1"})
			if d.current != nil {
				d.reply(c, !d.current.over, true)
			}
			return
		}
		d.flush(c, audio)
	case "Clear":
		if d.current != nil && d.current.trouble.Stale {
			c.binary(silence(samples(300 * time.Millisecond)))
		}
		c.send(object{"type": "Cleared", "sequence_id": d.number})
		if d.current != nil && d.current.trouble.Stale {
			c.send(object{"type": "Flushed", "sequence_id": d.number})
		}
		d.text, d.current = "", nil
	case "Interrupt":
		switch {
		case d.current == nil || d.current.made == 0:
			c.send(object{"type": "Warning", "code": "NO_AUDIO_GENERATED", "description": "nothing to interrupt"})
		default:
			if d.current.trouble.Stale {
				c.binary(silence(samples(300 * time.Millisecond)))
			}
			c.send(object{"type": "SpeechInterrupted", "audio_played_ms": d.current.made.Milliseconds(), "metadata": object{"speech_id": "dg_sp_1"}})
			d.current = nil
		}
	case "Close":
		c.closed = true
		c.ws.Close(1000, "")
	}
}

// reply ends a turn of Flux.
func (d *deepgram) reply(c *liveConn, complete, last bool) {
	if complete && !last || !d.current.ended(complete) {
		return
	}
	c.send(object{"type": "SpeechMetadata", "speech_id": "dg_sp_1", "audio_duration_ms": d.current.made.Milliseconds()})
	d.current = nil
}

// flush says what was sent with /v1.
func (d *deepgram) flush(c *liveConn, audio func(part)) {
	now := time.Now()
	d.flushes = append(d.flushes, now)
	for len(d.flushes) > 0 && now.Sub(d.flushes[0]) > time.Minute {
		d.flushes = d.flushes[1:]
	}
	if len(d.flushes) > 20 {
		c.send(object{"type": "Warning", "code": "FLUSH_LIMIT", "description": "Exceeded 20 flush messages in 60 seconds."})
		return
	}
	d.current = c.begin("", d.speed)
	complete := c.say(d.current, d.text, audio)
	d.text = ""
	if d.current.ended(complete) {
		c.send(object{"type": "Flushed", "sequence_id": d.number})
		d.number++
		d.current = nil
	}
}
