package mediastream

import (
	"time"
)

// twilio is the format of Twilio Media Streams. It sends exactly the
// documented fields: one more is error 31951 and the message is ignored.
type twilio struct {
	sid   string
	media []byte // what a media message has before its payload
	tail  string // what the carrier's have behind it
}

func (t *twilio) begin(streamSID string) {
	t.sid = streamSID
	t.media = append(t.media[:0], `{"event":"media","streamSid":`...)
	t.media = appendString(t.media, streamSID)
	t.media = append(t.media, `,"media":{"payload":"`...)
	if plain([]byte(streamSID)) { // or messages of this stream are not in the order looked for
		t.tail = wireSID + streamSID + wireEnd
	}
}

func (t *twilio) appendMedia(dst, audio []byte) []byte {
	dst = append(dst, t.media...)
	dst = appendBase64(dst, audio)
	return append(dst, `"}}`...)
}

func (t *twilio) appendMark(dst []byte, name string) []byte {
	dst = append(dst, `{"event":"mark","streamSid":`...)
	dst = appendString(dst, t.sid)
	dst = append(dst, `,"mark":{"name":`...)
	dst = appendString(dst, name)
	return append(dst, "}}"...)
}

func (t *twilio) appendClear(dst []byte) []byte {
	dst = append(dst, `{"event":"clear","streamSid":`...)
	dst = appendString(dst, t.sid)
	return append(dst, '}')
}

// parse tries the order in which Twilio writes its messages, then any order, and leaves the
// rest, including all errors, to encoding/json. The first two take only messages that they
// understand wholly, and read them as encoding/json does.
func (t *twilio) parse(e *Event, msg []byte) *Error {
	if t.parseWireOrder(e, msg) || t.parseAnyOrder(e, msg) {
		return nil
	}
	if len(msg) > len(byteOrderMark) && string(msg[:len(byteOrderMark)]) == byteOrderMark {
		err := t.parseText(e, msg[len(byteOrderMark):])
		if err != nil {
			err.Offset += len(byteOrderMark)
		}
		return err
	}
	return parseAside(e, msg)
}

// byteOrderMark may stand before JSON (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

// parseText parses what stands behind a byte order mark, so that a second one is an error.
func (t *twilio) parseText(e *Event, msg []byte) *Error {
	if t.parseAnyOrder(e, msg) {
		return nil
	}
	return parseAside(e, msg)
}

// parseAside runs parseJSON on a stack of its own. encoding/json needs a deep
// one, and would leave every call with twice the stack it needs from then on.
func parseAside(e *Event, msg []byte) (err *Error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = parseJSON(e, msg)
	}()
	<-done
	return err
}

// What surrounds the values of a media message as Twilio writes it.
const (
	wireSequence  = `{"event":"media","sequenceNumber":"`
	wireTrack     = `","media":{"track":"`
	wireChunk     = `","chunk":"`
	wireTimestamp = `","timestamp":"`
	wirePayload   = `","payload":"`
	wireSID       = `"},"streamSid":"`
	wireEnd       = `"}`
)

// parseWireOrder reads a media message of this stream in Twilio's order.
func (t *twilio) parseWireOrder(e *Event, msg []byte) bool {
	s := scanner{msg: msg}
	if len(t.tail) == 0 || !s.literal(wireSequence) {
		return false
	}
	sequence, ok := s.digits()
	if !ok || !s.literal(wireTrack) {
		return false
	}
	track := TrackInbound
	if !s.literal(string(TrackInbound)) {
		if track = TrackOutbound; !s.literal(string(TrackOutbound)) {
			return false
		}
	}
	if !s.literal(wireChunk) {
		return false
	}
	chunk, ok := s.digits()
	if !ok || !s.literal(wireTimestamp) {
		return false
	}
	timestamp, ok := s.digits()
	if !ok || timestamp > maxMilliseconds || !s.literal(wirePayload) {
		return false
	}
	end := len(msg) - len(t.tail)
	if end < s.pos || string(msg[end:]) != t.tail || !plain(msg[s.pos:end]) {
		return false
	}
	*e = Event{
		Type:      EventMedia,
		Sequence:  sequence,
		StreamSID: t.sid,
		Media: Frame{
			Track:     track,
			Chunk:     chunk,
			Timestamp: time.Duration(timestamp) * time.Millisecond,
			Payload:   msg[s.pos:end],
		},
	}
	return true
}

// parseAnyOrder reads a media, dtmf, mark or stop message whatever the order
// of its fields, with spaces and unknown fields in between.
func (t *twilio) parseAnyOrder(e *Event, msg []byte) bool {
	s := scanner{msg: msg}
	*e = Event{}
	var event, sid, digit, name []byte
	var seen, bodies uint
	ok := s.object(func(key []byte) bool {
		var ok bool
		switch string(key) {
		case "event":
			event, ok = s.plainString()
			return ok && once(&seen, 0)
		case "sequenceNumber":
			e.Sequence, ok = s.number()
			return ok && once(&seen, 1)
		case "streamSid":
			sid, ok = s.plainString()
			return ok && once(&seen, 2)
		case "media":
			return s.media(&e.Media) && once(&bodies, uint(EventMedia))
		case "dtmf":
			digit, ok = s.member("digit")
			return ok && once(&bodies, uint(EventDTMF))
		case "mark":
			name, ok = s.member("name")
			return ok && once(&bodies, uint(EventMark))
		case "stop":
			return s.skip(2) && once(&bodies, uint(EventStop))
		}
		return s.skip(2)
	})
	if !ok || !s.done() {
		return false
	}
	switch string(event) {
	case "media":
		e.Type = EventMedia
	case "dtmf":
		e.Type, e.Digit = EventDTMF, string(digit)
	case "mark":
		e.Type, e.Mark = EventMark, string(name)
	case "stop":
		e.Type = EventStop
	default:
		return false
	}
	if e.Type != EventStop && bodies != 1<<e.Type || e.Type == EventStop && bodies&^(1<<EventStop) != 0 {
		return false // its body is missing, or another's is there
	}
	if e.StreamSID = t.sid; string(sid) != t.sid {
		e.StreamSID = string(sid)
	}
	return true
}
