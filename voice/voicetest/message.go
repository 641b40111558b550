package voicetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Fields that faults replace in messages made by this package.
var (
	streamSidField = regexp.MustCompile(`"streamSid":"[^"]*"`)
	payloadField   = regexp.MustCompile(`"payload":"[^"]*"`)
)

// The messages of Media Streams from Twilio to the host, written out here
// instead of with package mediastream so that the two check each other.
// https://www.twilio.com/docs/voice/media-streams/websocket-messages

type header struct {
	Event          string `json:"event"`
	SequenceNumber string `json:"sequenceNumber,omitempty"`
}

type startMessage struct {
	header
	Start     startBody `json:"start"`
	StreamSid string    `json:"streamSid"`
}

type startBody struct {
	AccountSid       string            `json:"accountSid"`
	StreamSid        string            `json:"streamSid"`
	CallSid          string            `json:"callSid"`
	Tracks           []string          `json:"tracks"`
	MediaFormat      mediaFormat       `json:"mediaFormat"`
	CustomParameters map[string]string `json:"customParameters"`
}

type mediaFormat struct {
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sampleRate"`
	Channels   int    `json:"channels"`
}

type markMessage struct {
	header
	StreamSid string   `json:"streamSid"`
	Mark      markBody `json:"mark"`
}

type markBody struct {
	Name string `json:"name"`
}

type dtmfMessage struct {
	Event          string   `json:"event"`
	StreamSid      string   `json:"streamSid"`
	SequenceNumber string   `json:"sequenceNumber"`
	DTMF           dtmfBody `json:"dtmf"`
}

type dtmfBody struct {
	Track string `json:"track"`
	Digit string `json:"digit"`
}

type stopMessage struct {
	header
	StreamSid string   `json:"streamSid"`
	Stop      stopBody `json:"stop"`
}

type stopBody struct {
	AccountSid string `json:"accountSid"`
	CallSid    string `json:"callSid"`
}

const connectedMessage = `{"event":"connected","protocol":"Call","version":"1.0.0"}`

// marshal encodes one of the messages above, which cannot fail.
func marshal(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}

// mediaMessage is appended by hand: there are fifty a second of each call.
func mediaMessage(streamSid string, sequence, chunk int, track string, ms int64, frame []byte) []byte {
	b := make([]byte, 0, 200+base64.StdEncoding.EncodedLen(len(frame)))
	b = append(b, `{"event":"media","sequenceNumber":"`...)
	b = strconv.AppendInt(b, int64(sequence), 10)
	b = append(b, `","media":{"track":"`...)
	b = append(b, track...)
	b = append(b, `","chunk":"`...)
	b = strconv.AppendInt(b, int64(chunk), 10)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, ms, 10)
	b = append(b, `","payload":"`...)
	b = base64.StdEncoding.AppendEncode(b, frame)
	b = append(b, `"},"streamSid":"`...)
	b = append(b, streamSid...)
	return append(b, `"}`...)
}

// command is a message from the host: media, mark or clear.
type command struct {
	event   string
	payload []byte // media
	name    string // mark
}

// parseCommand reads a message of the host as strictly as Twilio does
// (error 31951): exactly the documented fields, of the right type, for the
// right stream.
func parseCommand(data []byte, streamSid string) (command, error) {
	var fields map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&fields); err != nil {
		return command{}, fmt.Errorf("not a JSON object: %v", err)
	}
	if dec.More() {
		return command{}, fmt.Errorf("more than one JSON value")
	}
	event, err := text(fields, "event")
	if err != nil {
		return command{}, err
	}
	body := map[string]string{"media": "payload", "mark": "name", "clear": ""}
	inner, known := body[event]
	if !known {
		return command{}, fmt.Errorf("unknown event %q", event)
	}
	want := []string{"event", "streamSid"}
	if inner != "" {
		want = append(want, event)
	}
	if err := exactly(fields, want...); err != nil {
		return command{}, fmt.Errorf("%s: %v", event, err)
	}
	switch sid, err := text(fields, "streamSid"); {
	case err != nil:
		return command{}, fmt.Errorf("%s: %v", event, err)
	case sid != streamSid:
		return command{}, fmt.Errorf("%s: streamSid %q, this stream is %q", event, sid, streamSid)
	}
	c := command{event: event}
	if inner == "" {
		return c, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(fields[event], &object); err != nil || object == nil {
		return command{}, fmt.Errorf("%s is not an object", event)
	}
	if err := exactly(object, inner); err != nil {
		return command{}, fmt.Errorf("%s: %v", event, err)
	}
	value, err := text(object, inner)
	if err != nil {
		return command{}, fmt.Errorf("%s: %v", event, err)
	}
	if event == "mark" {
		c.name = value
		return c, nil
	}
	if c.payload, err = base64.StdEncoding.Strict().DecodeString(value); err != nil {
		return command{}, fmt.Errorf("media: payload: %v", err)
	}
	return c, nil
}

// text returns the string field name.
func text(fields map[string]json.RawMessage, name string) (string, error) {
	var s *string
	if err := json.Unmarshal(fields[name], &s); err != nil || s == nil {
		return "", fmt.Errorf("field %q is missing or no string", name)
	}
	return *s, nil
}

// exactly checks that fields are the wanted ones.
func exactly(fields map[string]json.RawMessage, want ...string) error {
	for _, name := range want {
		if _, ok := fields[name]; !ok {
			return fmt.Errorf("field %q is missing", name)
		}
	}
	for name := range fields {
		if !slices.Contains(want, name) {
			return fmt.Errorf("unknown field %q", name)
		}
	}
	return nil
}
