package relay

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"agentos.dev/dialtone/mediastream"
)

// Message is what a server sends: a [Text], [Play], [Digits], [Language], [End] or [Raw].
type Message interface {
	// kind returns the type on the wire.
	kind() string
	// check returns what Twilio would not take.
	check() error
	// append appends the message as JSON.
	append(dst []byte) []byte
}

// Text says a token of a reply: of what is said until Last, which is a talk cycle.
type Text struct {
	Token    string
	Last     bool   // the reply ends with this token, which may be empty
	Language string // to say this reply in; "" = the session's
	// Interruptible says whether the caller may interrupt this reply, and Preemptible whether
	// a later message of the server may; nil = as the session has it.
	Interruptible, Preemptible *bool
}

// Play plays a file of audio.
type Play struct {
	Source string // an absolute URL
	// Loop is how often it is played: 0 = once, LoopEndless = up to 1,000 times.
	Loop                       int
	Interruptible, Preemptible *bool // as in Text
}

// LoopEndless is the Loop of a [Play] that goes on, up to 1,000 times.
const LoopEndless = -1

// Digits sends the tones of keys into the call.
type Digits struct {
	Digits string // 0-9, #, *, and w for half a second of nothing
}

// Language changes the languages of the session. An empty one stays as it is.
type Language struct {
	TTS           string // what is said
	Transcription string // what is understood
}

// End ends the session. Twilio then requests the action of <Connect>.
type End struct {
	HandoffData string // is given to it as HandoffData; "" = none. Twilio keeps it: nothing secret
}

// Raw is a message of another type, as it is: a JSON object with a type. The documentation
// names "config" and "hints", which change settings of the session.
type Raw json.RawMessage

func (Text) kind() string     { return "text" }
func (Play) kind() string     { return "play" }
func (Digits) kind() string   { return "sendDigits" }
func (Language) kind() string { return "language" }
func (End) kind() string      { return "end" }
func (r Raw) kind() string    { return split(r).kind }

func (Text) check() error { return nil }

func (p Play) check() error {
	u, err := url.Parse(p.Source)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return wrong(p, "source", errSource)
	case p.Loop < LoopEndless || p.Loop > maxLoop:
		return wrong(p, "loop", errNotNumber)
	}
	return nil
}

// maxLoop is how often Twilio plays a file at most.
const maxLoop = 1000

func (d Digits) check() error {
	switch {
	case d.Digits == "":
		return wrong(d, "digits", errEmpty)
	case strings.Trim(d.Digits, "0123456789w#*") != "": // what is left begins with another
		return wrong(d, "digits", errDigits)
	}
	return nil
}

func (l Language) check() error {
	if l == (Language{}) {
		return wrong(l, "ttsLanguage and transcriptionLanguage", errMissing)
	}
	return nil
}

func (End) check() error { return nil }

func (r Raw) check() error {
	if m := split(r); m.err != nil {
		return m.err
	}
	return nil
}

func (t Text) append(dst []byte) []byte {
	dst = appendText(append(dst, `{"type":"text","token":`...), t.Token)
	dst = strconv.AppendBool(append(dst, `,"last":`...), t.Last)
	dst = appendOptional(dst, "lang", t.Language)
	return append(appendFlags(dst, t.Interruptible, t.Preemptible), '}')
}

func (p Play) append(dst []byte) []byte {
	dst = appendText(append(dst, `{"type":"play","source":`...), p.Source)
	switch p.Loop {
	case 0:
	case LoopEndless:
		dst = append(dst, `,"loop":0`...)
	default:
		dst = strconv.AppendInt(append(dst, `,"loop":`...), int64(p.Loop), 10)
	}
	return append(appendFlags(dst, p.Interruptible, p.Preemptible), '}')
}

func (d Digits) append(dst []byte) []byte {
	return append(appendText(append(dst, `{"type":"sendDigits","digits":`...), d.Digits), '}')
}

func (l Language) append(dst []byte) []byte {
	dst = append(dst, `{"type":"language"`...)
	dst = appendOptional(dst, "ttsLanguage", l.TTS)
	return append(appendOptional(dst, "transcriptionLanguage", l.Transcription), '}')
}

func (e End) append(dst []byte) []byte {
	return append(appendOptional(append(dst, `{"type":"end"`...), "handoffData", e.HandoffData), '}')
}

func (r Raw) append(dst []byte) []byte { return append(dst, r...) }

// Check returns what Twilio would not take of a message, an [*Error] of type protocol.
func Check(m Message) error { return m.check() }

// wrong describes a field of a message that is not to be sent.
func wrong(m Message, field string, err error) *Error {
	return &Error{Type: mediastream.ErrorProtocol, Message: m.kind(), Offset: -1, Err: fmt.Errorf("%s %w", field, err)}
}

// ParseMessage reads a message of a server as strictly as Twilio does: the documented fields
// and no others. A message of a type that is not known is a [Raw] where its form is not
// documented (config, hints), and else an error. What is wrong is an [*Error] of type
// protocol: Twilio then ignores the message, logs error 64107, and sends an error message.
func ParseMessage(data []byte) (Message, error) {
	m := split(data)
	if m.err != nil {
		return nil, m.err
	}
	var parsed Message
	switch m.kind {
	case "text":
		m.only("token", "last", "lang", "interruptible", "preemptible")
		parsed = Text{Token: m.text("token", true), Last: m.flag("last", false), Language: m.text("lang", false),
			Interruptible: m.optionalFlag("interruptible"), Preemptible: m.optionalFlag("preemptible")}
	case "play":
		m.only("source", "loop", "interruptible", "preemptible")
		parsed = Play{Source: m.filled("source"), Loop: m.loop(), Interruptible: m.optionalFlag("interruptible"), Preemptible: m.optionalFlag("preemptible")}
	case "sendDigits":
		m.only("digits")
		parsed = Digits{m.filled("digits")}
	case "language":
		m.only("ttsLanguage", "transcriptionLanguage")
		parsed = Language{TTS: m.text("ttsLanguage", false), Transcription: m.text("transcriptionLanguage", false)}
	case "end":
		m.only("handoffData")
		parsed = End{m.text("handoffData", false)}
	case "config", "hints":
		return Raw(slices.Clone(data)), nil
	default:
		m.blame("type", errType)
	}
	if m.err != nil {
		return nil, m.err
	}
	if err := parsed.check(); err != nil {
		return nil, err
	}
	return parsed, nil
}

// only blames a member that has none of the names.
func (m *message) only(names ...string) {
	first := ""
	for name := range m.members {
		if name != "type" && !slices.Contains(names, name) && (first == "" || name < first) {
			first = name
		}
	}
	if first != "" {
		m.blame(first, errUnknown)
	}
}

// loop reads how often a file is played.
func (m *message) loop() int {
	if !m.has("loop") {
		return 0
	}
	var n int
	if err := json.Unmarshal(m.members["loop"].value, &n); err != nil || n < 0 || n > maxLoop {
		m.blame("loop", errNotNumber)
	}
	if n == 0 {
		return LoopEndless
	}
	return n
}

// appendText appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	text, _ := json.Marshal(s) // which cannot fail
	return append(dst, text...)
}

// appendOptional appends a field that is not empty.
func appendOptional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendText(append(appendText(append(dst, ','), name), ':'), value)
}

// appendFlags appends whether a message may be interrupted, and by what, where it says so.
func appendFlags(dst []byte, interruptible, preemptible *bool) []byte {
	if interruptible != nil {
		dst = strconv.AppendBool(append(dst, `,"interruptible":`...), *interruptible)
	}
	if preemptible != nil {
		dst = strconv.AppendBool(append(dst, `,"preemptible":`...), *preemptible)
	}
	return dst
}
