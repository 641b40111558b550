package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// Limits of a message besides its size.
const (
	maxDepth = 32 // of nested objects and arrays; Twilio's reach 2
	maxName  = 64 // bytes of an unknown type's name that are kept
	maxHeard = 24 * time.Hour
)

// byteOrderMark may stand before JSON (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

// message is one JSON object, split into its members. Of two members with one name the last
// counts; one that is null is as good as missing. It keeps the first error.
type message struct {
	kind    string // the type on the wire
	members map[string]member
	err     *Error
}

// member is a value, and where in the message it begins.
type member struct {
	value json.RawMessage
	at    int
}

// split reads a message as far as its members.
func split(data []byte) *message {
	m := &message{members: make(map[string]member)}
	if at := invalid(data); at >= 0 {
		return m.fail(at, errNotUTF8)
	}
	start := 0
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		start = len(byteOrderMark)
	}
	if at := ws.TooDeep(data, maxDepth); at >= 0 {
		return m.fail(at, errDepth)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data[start:], &whole); err != nil {
		at := len(data) // too short, unless something in it is wrong
		if s := (*json.SyntaxError)(nil); errors.As(err, &s) && s.Offset < int64(len(data)-start) {
			at = start + int(s.Offset) - 1
		}
		return m.fail(at, err)
	}
	d := json.NewDecoder(bytes.NewReader(data[start:])) // of what is JSON, which cannot fail
	if first, _ := d.Token(); first != json.Delim('{') {
		return m.fail(start, errNotObject)
	}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		_ = d.Decode(&value)
		m.members[name.(string)] = member{value, start + int(d.InputOffset()) - len(value)}
	}
	m.kind = m.text("type", true)
	return m
}

// invalid returns where text stops to be UTF-8; -1 if it does not.
func invalid(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

func (m *message) fail(at int, err error) *message {
	if m.err == nil {
		m.err = &Error{Type: mediastream.ErrorProtocol, Message: m.kind[:min(len(m.kind), maxName)], Offset: at, Err: err}
	}
	return m
}

// blame blames a member, or the message if that is missing.
func (m *message) blame(name string, err error) {
	m.fail(m.members[name].at, fmt.Errorf("%s %w", name, err))
}

func (m *message) has(name string) bool {
	v, ok := m.members[name]
	return ok && string(v.value) != "null"
}

// text returns a string, "" if it may be and is missing.
func (m *message) text(name string, required bool) (s string) {
	v := m.members[name].value
	switch has := m.has(name); {
	case !has && required:
		m.blame(name, errMissing)
	case has && v[0] != '"':
		m.blame(name, errNotText)
	case has:
		_ = json.Unmarshal(v, &s) // a string, which cannot fail
	}
	return s
}

// filled returns a string that has something in it.
func (m *message) filled(name string) string {
	s := m.text(name, true)
	if s == "" && m.err == nil {
		m.blame(name, errEmpty)
	}
	return s
}

// anything returns a string, and whatever else it is as it is written.
func (m *message) anything(name string) string {
	if v := m.members[name].value; m.has(name) && v[0] != '"' {
		return string(v)
	}
	return m.text(name, false)
}

// flag returns true or false; false if it may be and is missing.
func (m *message) flag(name string, required bool) bool {
	switch v := string(m.members[name].value); {
	case v == "true":
		return true
	case v == "false":
	case m.has(name):
		m.blame(name, errNotBool)
	case required:
		m.blame(name, errMissing)
	}
	return false
}

// optionalFlag is flag for one that Twilio has a default for.
func (m *message) optionalFlag(name string) *bool {
	if !m.has(name) {
		return nil
	}
	return new(m.flag(name, true))
}

// milliseconds returns a number, which may be quoted; 0 if it is missing or empty.
func (m *message) milliseconds(name string) time.Duration {
	text := m.anything(name)
	if text == "" {
		return 0
	}
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(ms) || ms < 0 || ms > float64(maxHeard/time.Millisecond) {
		m.blame(name, errNotNumber)
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// ParseEvent reads a message of Twilio. What is wrong is an [*Error] of type protocol: text
// that is not one JSON object, a type or a documented field that is missing or of another
// kind, nesting deeper than 32. Fields that are not documented do not matter, and are in the
// event's Raw, which is a copy.
func ParseEvent(data []byte) (Event, error) {
	m := split(data)
	e := Event{Raw: bytes.Clone(bytes.TrimPrefix(data, []byte(byteOrderMark)))}
	if m.err != nil {
		return Event{}, m.err
	}
	switch m.kind {
	case "setup":
		e.Type, e.Session = EventSetup, m.session()
	case "prompt":
		e.Type = EventPrompt
		e.Speech = Speech{Text: m.text("voicePrompt", true), Language: m.text("lang", false), Last: m.flag("last", true)}
	case "dtmf":
		e.Type, e.Digit = EventDTMF, m.anything("digit")
		if e.Digit == "" {
			m.blame("digit", errMissing)
		}
	case "interrupt":
		e.Type = EventInterrupt
		e.Interruption = Interruption{Heard: m.text("utteranceUntilInterrupt", true), After: m.milliseconds("durationUntilInterruptMs")}
	case "error":
		e.Type, e.Problem = EventError, m.anything("description")
	case "info":
		e.Type, e.Info = EventInfo, Info{Name: m.filled("name"), Value: m.anything("value")}
	default:
		e.Name = strings.Clone(m.kind[:min(len(m.kind), maxName)])
	}
	if m.err != nil {
		return Event{}, m.err
	}
	return e, nil
}

// session reads what a setup message says of the call.
func (m *message) session() *Session {
	s := &Session{}
	for _, f := range s.fields() {
		if f.required {
			*f.value = m.filled(f.name)
		} else {
			*f.value = m.text(f.name, false)
		}
	}
	if !m.has("customParameters") {
		return s
	}
	var values map[string]json.RawMessage
	given := m.members["customParameters"]
	if err := json.Unmarshal(given.value, &values); err != nil {
		m.blame("customParameters", errNotObject)
		return s
	}
	s.Parameters = make(map[string]string, len(values))
	for name, value := range values {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		s.Parameters[name] = text
	}
	return s
}
