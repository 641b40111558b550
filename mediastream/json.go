package mediastream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Limits of a message besides its size.
const (
	maxDepth  = 8  // of nested objects and arrays; Twilio's reach 3
	maxDigits = 18 // of a number, so that it fits an int64
	maxName   = 64 // bytes of an unknown event's name that are kept
)

// maxTimestamp is the longest call Twilio carries.
const maxTimestamp = 24 * time.Hour

// parseJSON is the parser that decides: what it says of a message is right by
// definition, and whatever the faster ones do not recognise comes here.
func parseJSON(e *Event, msg []byte) error {
	*e = Event{}
	if err := checkDepth(msg); err != nil {
		return err
	}
	top, err := object(msg)
	if err != nil {
		return malformed("", offsetOf(err), err)
	}
	name, err := text(top["event"], false)
	if err != nil {
		return malformed("", at(msg, top["event"]), fmt.Errorf("event: %w", err))
	}
	fail := func(field string, value json.RawMessage, err error) error {
		return malformed(name, at(msg, value), fmt.Errorf("%s: %w", field, err))
	}
	if v, ok := top["streamSid"]; ok {
		if e.StreamSID, err = text(v, false); err != nil {
			return fail("streamSid", v, err)
		}
	}
	if v, ok := top["sequenceNumber"]; ok {
		if e.Sequence, err = number(v); err != nil {
			return fail("sequenceNumber", v, err)
		}
	}
	body, field := top[name], name
	in := func(key string, parse func(json.RawMessage) error, required bool) error {
		fields, err := object(body)
		if err != nil {
			return fail(field, body, err)
		}
		v, ok := fields[key]
		if !ok && !required {
			return nil
		}
		if err := parse(v); err != nil {
			return fail(field+"."+key, v, err)
		}
		return nil
	}
	switch name {
	case "connected":
		e.Type = Connected
	case "stop":
		e.Type = Stop
	case "media":
		e.Type = Media
		e.Media.Track = Inbound
		return first(
			in("track", func(v json.RawMessage) error {
				s, err := text(v, false)
				e.Media.Track = Track(s)
				return err
			}, false),
			in("chunk", func(v json.RawMessage) (err error) { e.Media.Chunk, err = number(v); return err }, false),
			in("timestamp", func(v json.RawMessage) (err error) {
				e.Media.Timestamp, err = milliseconds(v)
				return err
			}, false),
			in("payload", func(v json.RawMessage) error {
				s, err := text(v, false)
				e.Media.Payload = []byte(s)
				return err
			}, true),
		)
	case "dtmf":
		e.Type = DTMF
		return in("digit", func(v json.RawMessage) (err error) { e.Digit, err = text(v, true); return err }, true)
	case "mark":
		e.Type = Mark
		return in("name", func(v json.RawMessage) (err error) { e.Mark, err = text(v, true); return err }, true)
	case "start":
		e.Type = Start
		e.Start, err = startOf(body)
		if err != nil {
			return fail("start", body, err)
		}
		if e.Start.StreamSID == "" {
			e.Start.StreamSID = e.StreamSID
		}
	default:
		e.Type, e.Name = Unknown, name[:min(len(name), maxName)]
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// startOf reads the body of a start event.
func startOf(body json.RawMessage) (*Stream, error) {
	var s struct {
		StreamSID        string                     `json:"streamSid"`
		AccountSID       string                     `json:"accountSid"`
		CallSID          string                     `json:"callSid"`
		Tracks           []Track                    `json:"tracks"`
		CustomParameters map[string]json.RawMessage `json:"customParameters"`
		MediaFormat      struct {
			Encoding   string          `json:"encoding"`
			SampleRate json.RawMessage `json:"sampleRate"`
			Channels   json.RawMessage `json:"channels"`
		} `json:"mediaFormat"`
	}
	if len(body) == 0 {
		return nil, errMissing
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	start := &Stream{StreamSID: s.StreamSID, AccountSID: s.AccountSID, CallSID: s.CallSID, Tracks: s.Tracks, Format: Mulaw()}
	for k, v := range s.CustomParameters {
		value, err := text(v, true)
		if err != nil {
			return nil, fmt.Errorf("customParameters: %w", err)
		}
		if start.Parameters == nil {
			start.Parameters = make(map[string]string, len(s.CustomParameters))
		}
		start.Parameters[k] = value
	}
	if s.MediaFormat.Encoding != "" {
		start.Format = Format{Encoding: s.MediaFormat.Encoding}
		rate, err := number(s.MediaFormat.SampleRate)
		if err != nil {
			return nil, fmt.Errorf("mediaFormat.sampleRate: %w", err)
		}
		channels, err := number(s.MediaFormat.Channels)
		if err != nil {
			return nil, fmt.Errorf("mediaFormat.channels: %w", err)
		}
		start.Format.SampleRate, start.Format.Channels = int(rate), int(channels)
	}
	return start, nil
}

var (
	errMissing   = errors.New("is missing")
	errNotText   = errors.New("is not a string")
	errNotNumber = errors.New("is not a number of at most 18 digits")
	errTooLate   = errors.New("is later than any call lasts")
	errDepth     = errors.New("is nested too deeply")
)

// object splits a JSON object into its members; of two with one name the last counts.
func object(v json.RawMessage) (map[string]json.RawMessage, error) {
	if len(v) == 0 {
		return nil, errMissing
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(v, &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errMissing
	}
	return m, nil
}

// text reads a string, or with literal also a number as it is written.
func text(v json.RawMessage, literal bool) (string, error) {
	if len(v) == 0 {
		return "", errMissing
	}
	if v[0] == '"' {
		var s string
		err := json.Unmarshal(v, &s)
		return s, err
	}
	if literal && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') {
		return string(v), nil
	}
	return "", errNotText
}

// number reads digits, as a JSON number or in a string: Twilio quotes them,
// and not always.
func number(v json.RawMessage) (uint64, error) {
	digits := []byte(v)
	if len(v) > 0 && v[0] == '"' {
		s, err := text(v, false)
		if err != nil {
			return 0, err
		}
		digits = []byte(s)
	}
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, errNotNumber
	}
	var n uint64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, errNotNumber
		}
		n = 10*n + uint64(d-'0')
	}
	return n, nil
}

func milliseconds(v json.RawMessage) (time.Duration, error) {
	n, err := number(v)
	if err == nil && n > uint64(maxTimestamp/time.Millisecond) {
		err = errTooLate
	}
	if err != nil {
		return 0, err
	}
	return time.Duration(n) * time.Millisecond, nil
}

// checkDepth counts brackets outside of strings.
func checkDepth(msg []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(msg); i++ {
		switch c := msg[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return malformed("", i, errDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// malformed reports a message that cannot be understood; the stream goes on.
func malformed(event string, offset int, err error) *Error {
	return &Error{Type: Protocol, Event: event, Offset: offset, Err: err}
}

// at returns where in msg a value begins.
func at(msg []byte, value json.RawMessage) int {
	if len(value) == 0 {
		return 0
	}
	return max(0, bytes.Index(msg, value))
}

func offsetOf(err error) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return int(syntax.Offset)
	}
	return 0
}
