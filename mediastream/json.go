package mediastream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// parseJSON is the parser that decides: what it says of a message is right by
// definition, and whatever the faster ones do not recognise comes here.
func parseJSON(e *Event, msg []byte) *Error {
	*e = Event{}
	r := &jsonReader{msg: msg}
	if at := ws.TooDeep(msg, maxDepth); at >= 0 {
		r.fail(at, "", errDepth)
	}
	top := r.object("", msg, 0)
	r.event = top.text("event", true)
	e.StreamSID = top.text("streamSid", false)
	before := r.err
	e.Sequence = top.number("sequenceNumber")
	if r.event == "stop" && r.err != before { // a hang-up is one, whatever its number
		e.Sequence, r.err = 0, before
	}
	switch r.event {
	case "connected":
		e.Type = EventConnected
	case "start":
		e.Type = EventStart
		e.Start = readStart(top.object("start"))
		if e.Start.StreamSID == "" {
			e.Start.StreamSID = e.StreamSID
		}
	case "media":
		e.Type = EventMedia
		media := top.object("media")
		e.Media.Track = Track(media.text("track", false))
		if e.Media.Track == "" {
			e.Media.Track = TrackInbound
		}
		e.Media.Chunk = media.number("chunk")
		e.Media.Timestamp = time.Duration(media.numberUpTo("timestamp", maxMilliseconds)) * time.Millisecond
		e.Media.Payload = []byte(media.text("payload", true))
	case "dtmf":
		e.Type = EventDTMF
		e.Digit = top.object("dtmf").literal("digit")
	case "mark":
		e.Type = EventMark
		e.Mark = top.object("mark").literal("name")
	case "stop":
		e.Type = EventStop
	default:
		e.Name = strings.Clone(r.event[:min(len(r.event), maxName)])
	}
	return r.err
}

func readStart(o jsonObject) *Stream {
	s := &Stream{
		StreamSID:  o.text("streamSid", false),
		AccountSID: o.text("accountSid", false),
		CallSID:    o.text("callSid", false),
		Format:     Mulaw(),
	}
	s.Tracks = o.tracks()
	if o.says("customParameters") {
		parameters := o.object("customParameters")
		s.Parameters = make(map[string]string, len(parameters.members))
		for name := range parameters.members {
			s.Parameters[name] = parameters.anything(name)
		}
	}
	if o.says("mediaFormat") {
		format := o.object("mediaFormat")
		if format.says("encoding") {
			s.Format.Encoding = format.text("encoding", true)
		}
		if format.says("sampleRate") {
			s.Format.SampleRate = int(format.numberUpTo("sampleRate", maxByteRate))
		}
		if format.says("channels") {
			s.Format.Channels = int(format.numberUpTo("channels", maxByteRate))
		}
	}
	return s
}

// jsonReader reads one message and keeps the first error.
type jsonReader struct {
	msg   []byte
	event string
	err   *Error
}

// jsonObject is an object of the message. Of two members with one name the last counts.
// One that is null is as good as missing.
type jsonObject struct {
	*jsonReader
	path    string
	start   int // in the message
	members map[string]json.RawMessage
}

var (
	errMissing   = errors.New("is missing")
	errNotObject = errors.New("is not an object")
	errNotText   = errors.New("is not a string")
	errNotNumber = errors.New("is not a number of at most 18 digits")
	errTooLarge  = errors.New("is too large")
	errDepth     = errors.New("is nested too deeply")
)

func (r *jsonReader) fail(offset int, field string, err error) {
	if r.err != nil {
		return
	}
	if field != "" {
		err = fmt.Errorf("%s %w", field, err)
	}
	r.err = &Error{Type: ErrorProtocol, Event: r.event, Offset: offset, Err: err}
}

// object splits an object, which begins at start in the message, into its members.
func (r *jsonReader) object(path string, v json.RawMessage, start int) jsonObject {
	o := jsonObject{jsonReader: r, path: path, start: start}
	err := json.Unmarshal(v, &o.members)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r.fail(start+int(syntax.Offset), path, err)
	case err != nil || o.members == nil:
		r.fail(start, path, errNotObject)
	}
	return o
}

// has reports whether there is a member of that name.
func (o jsonObject) has(key string) bool {
	v, ok := o.members[key]
	return ok && string(v) != "null"
}

// says reports whether there is a member of that name with something in it: neither an
// empty string nor an empty list, which some languages write for an empty object.
func (o jsonObject) says(key string) bool {
	v := o.members[key]
	return o.has(key) && string(v) != `""` && (v[0] != '[' || len(bytes.TrimSpace(v[1:len(v)-1])) > 0)
}

// offset returns where in the message a member's value begins, or the object if it is missing.
func (o jsonObject) offset(key string) int {
	v, ok := o.members[key]
	i := bytes.Index(o.msg[o.start:], appendString(nil, key))
	if !ok || i < 0 {
		return o.start
	}
	i += o.start + len(key) + len(`"":`)
	return i + max(0, bytes.Index(o.msg[min(i, len(o.msg)):], v))
}

// fail blames the member of that name.
func (o jsonObject) fail(key string, err error) {
	field := key
	if o.path != "" {
		field = o.path + "." + key
	}
	o.jsonReader.fail(o.offset(key), field, err)
}

func (o jsonObject) object(key string) jsonObject {
	if !o.has(key) {
		o.fail(key, errMissing)
		return jsonObject{jsonReader: o.jsonReader}
	}
	return o.jsonReader.object(key, o.members[key], o.offset(key))
}

// text returns a string, empty if it may be and is missing.
func (o jsonObject) text(key string, required bool) (s string) {
	v := o.members[key]
	switch has := o.has(key); {
	case !has && required:
		o.fail(key, errMissing)
	case has && v[0] != '"':
		o.fail(key, errNotText)
	case has:
		if err := json.Unmarshal(v, &s); err != nil {
			o.fail(key, err)
		}
	}
	return s
}

// literal returns a string, or a number as it is written.
func (o jsonObject) literal(key string) string {
	if v := o.members[key]; len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9') {
		return string(v)
	}
	return o.text(key, true)
}

// anything returns a string, and whatever else it is as it is written.
func (o jsonObject) anything(key string) string {
	if v := o.members[key]; o.has(key) && v[0] != '"' {
		return string(v)
	}
	return o.text(key, false)
}

// tracks returns the tracks of a stream: a list, or one by itself. What is null in it is
// none.
func (o jsonObject) tracks() (tracks []Track) {
	v := o.members["tracks"]
	switch {
	case !o.says("tracks") || v[0] == '{' && len(bytes.TrimSpace(v[1:len(v)-1])) == 0:
	case v[0] == '"':
		tracks = []Track{Track(o.text("tracks", true))}
	default:
		if err := json.Unmarshal(v, &tracks); err != nil {
			o.fail("tracks", err)
		}
	}
	if tracks = slices.DeleteFunc(tracks, func(t Track) bool { return t == "" }); len(tracks) == 0 {
		return nil
	}
	return tracks
}

// number returns digits, quoted or not: Twilio quotes them, and not always. Without quotes
// a whole number may be written as 8000.0 or 8e3. It returns 0 if they are missing or an
// empty string.
func (o jsonObject) number(key string) (n uint64) {
	if !o.has(key) {
		return 0
	}
	digits := string(o.members[key])
	if digits[0] == '"' {
		if digits = o.text(key, true); digits == "" {
			return 0
		}
	}
	s := scanner{msg: []byte(digits)}
	n, ok := s.digits()
	if ok && s.pos == len(digits) {
		return n
	}
	if f, err := strconv.ParseFloat(digits, 64); err == nil && o.members[key][0] != '"' && f >= 0 && f < 1e15 && f == math.Trunc(f) {
		return uint64(f)
	}
	o.fail(key, errNotNumber)
	return 0
}

func (o jsonObject) numberUpTo(key string, limit uint64) uint64 {
	n := o.number(key)
	if n > limit {
		o.fail(key, errTooLarge)
	}
	return n
}
