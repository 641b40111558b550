package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Kind says what a [Line] is about.
type Kind string

// The kinds. A file of the same version may have others, which are to be passed over.
const (
	KindRequest  Kind = "request"
	KindOpen     Kind = "open"
	KindIn       Kind = "in"
	KindOut      Kind = "out"
	KindEar      Kind = "ear"
	KindHeard    Kind = "heard"
	KindDid      Kind = "did"
	KindEnd      Kind = "end"
	KindFinished Kind = "finished"
	KindDropped  Kind = "dropped"
	KindFull     Kind = "full"
)

// maxLine is the longest line, in bytes.
const maxLine = 1 << 20

// Header is the first line of a file.
type Header struct {
	Version    int       `json:"dialtone_journal"`
	SID        string    `json:"call"`
	AccountSID string    `json:"account,omitempty"`
	Begun      time.Time `json:"begun"` // by the machine's clock
	Instance   string    `json:"instance,omitempty"`
	From       string    `json:"from,omitempty"`
	To         string    `json:"to,omitempty"`
	PublicURL  string    `json:"public,omitempty"`

	// What is kept, as in Options.
	Audio   bool `json:"audio"`
	Speech  bool `json:"speech"`
	Numbers bool `json:"numbers"`
	Digits  bool `json:"digits"`
}

// line is a line on the disk.
type line struct {
	Time    int64           `json:"t"` // microseconds since Header.Begun
	Kind    Kind            `json:"k"`
	Stream  int             `json:"s,omitempty"`
	Request *Request        `json:"request,omitempty"`
	Open    *Open           `json:"open,omitempty"`
	Message json.RawMessage `json:"m,omitempty"`
	Text    string          `json:"text,omitempty"` // a message that is not JSON
	Ear     *Ear            `json:"ear,omitempty"`
	Heard   *Heard          `json:"heard,omitempty"`
	Did     *Action         `json:"did,omitempty"`
	End     *End            `json:"end,omitempty"`
	Status  string          `json:"status,omitempty"`
	Count   int             `json:"n,omitempty"`
}

// Request is a webhook or callback.
type Request struct {
	Method      string              `json:"method"`
	Path        string              `json:"path"` // with the query
	Form        map[string][]string `json:"form,omitempty"`
	Took        int64               `json:"took,omitempty"` // microseconds until it was answered, at the line's time
	Status      int                 `json:"status"`
	ContentType string              `json:"type,omitempty"`
	Reply       string              `json:"reply,omitempty"`
}

// Open is the beginning of a stream.
type Open struct {
	Leg     int    `json:"leg,omitempty"`     // number of the stream in its call
	Wire    string `json:"wire"`              // "media" or "relay"
	Listens bool   `json:"listens,omitempty"` // nothing is said in it
}

// The wires of [Open].
const (
	WireMedia = "media" // Media Streams
	WireRelay = "relay" // ConversationRelay
)

// Ear is a report of the speech detector (stt.Ear.Voiced): whether the caller is in an
// utterance, when that changes and once at the beginning, and how much of the last audio was
// speech, when the server asked.
type Ear struct {
	Frame    int64 `json:"frame"` // number of the frame of audio before the report, from 1
	Speaking bool  `json:"speaking,omitempty"`
	Last     int64 `json:"last,omitempty"`   // microseconds that were asked about; 0 if none were
	Speech   int64 `json:"speech,omitempty"` // microseconds of them
}

// Heard is an event of a recogniser, as package stt has them. Numbers that are not known are
// nil.
type Heard struct {
	Frame      int64    `json:"frame,omitempty"` // pieces of audio of its track before it; 0 = none, or not known
	Kind       string   `json:"kind"`            // stt.Kind by name
	Text       string   `json:"text,omitempty"`
	Track      string   `json:"track,omitempty"`
	Language   string   `json:"language,omitempty"`
	Engine     string   `json:"engine,omitempty"`
	Start      int64    `json:"start,omitempty"` // microseconds of the stream's audio, as End
	End        int64    `json:"end,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"`
	Music      bool     `json:"music,omitempty"`
	OnHold     bool     `json:"on_hold,omitempty"`
	Words      []Word   `json:"words,omitempty"`
	Turn       string   `json:"turn,omitempty"` // stt.TurnState by name
	TurnOver   *float64 `json:"turn_over,omitempty"`
	Latency    int64    `json:"latency,omitempty"` // microseconds
	Error      string   `json:"error,omitempty"`
}

// Word is one word of what was heard.
type Word struct {
	Text       string   `json:"text"`
	Start      int64    `json:"start"` // microseconds, as End
	End        int64    `json:"end"`
	Confidence *float64 `json:"confidence,omitempty"`
}

// Action is something that a handler did.
type Action struct {
	What   string `json:"what"`             // such as "play", "say" or "interrupt"
	Text   string `json:"text,omitempty"`   // that is said
	Bytes  int    `json:"bytes,omitempty"`  // of audio or state
	Detail string `json:"detail,omitempty"` // such as TwiML
	Error  string `json:"error,omitempty"`
}

// End is how a stream ended.
type End struct {
	Reason  string `json:"reason"` // a voice.Reason
	Error   string `json:"error,omitempty"`
	Resumes bool   `json:"resumes,omitempty"` // the call may go on with another stream
}

// encode returns a header or line as it is written. Neither can fail: what they hold are
// texts, numbers and messages that were checked.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return b.Bytes()
}

var (
	mediaEvent = []byte(`"event":"media"`)
	payloadKey = []byte(`"payload":"`)
)

// findPayload returns where in a message its audio is, if it is a media message in the form
// in which Twilio writes them, and valid JSON on one line. Others are read at leisure.
func findPayload(message []byte) (from, to int, ok bool) {
	if !bytes.HasPrefix(message, []byte(`{"event":"media",`)) || bytes.Count(message, mediaEvent) != 1 || bytes.Count(message, payloadKey) != 1 {
		return 0, 0, false
	}
	from = bytes.Index(message, payloadKey) + len(payloadKey)
	n := bytes.IndexByte(message[from:], '"')
	if n < 0 || bytes.IndexByte(message, '\\') >= 0 || bytes.IndexByte(message, '\n') >= 0 || bytes.IndexByte(message, '\r') >= 0 || !json.Valid(message) {
		return 0, 0, false
	}
	return from, from + n, true
}

// decodedLen returns how many bytes base64 stands for.
func decodedLen(payload []byte) int {
	n := len(bytes.TrimRight(payload, "="))
	return base64.RawStdEncoding.DecodedLen(n)
}
