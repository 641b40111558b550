package voicetest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sid = "MZ0123456789abcdef0123456789abcdef"

func TestOnlyTheDocumentedCommandsAreObeyed(t *testing.T) {
	for text, want := range map[string]command{
		`{"event":"media","streamSid":"SID","media":{"payload":"//8="}}`:                           {event: "media", payload: []byte{255, 255}},
		`{"media":{"payload":""},"streamSid":"SID","event":"media"}`:                               {event: "media", payload: []byte{}},
		`{"event":"mark","streamSid":"SID","mark":{"name":"greeting ü"}}`:                          {event: "mark", name: "greeting ü"},
		` {"event":"clear","streamSid":"SID"} `:                                                    {event: "clear"},
		`{"event":"mark","streamSid":"SID","mark":{"name":""}}`:                                    {event: "mark"},
		`{"\u0065vent":"clear","streamSid":"SID"}`:                                                 {event: "clear"},
		`{"event":"media","streamSid":"SID","media":{"payload":"` + strings.Repeat("/", 4) + `"}}`: {event: "media", payload: []byte{255, 255, 255}},
	} {
		got, err := parseCommand([]byte(strings.ReplaceAll(text, "SID", sid)), sid)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestWhatTwilioWarnsOf(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      "not a JSON object",
		`nonsense`:                              "not a JSON object",
		`[]`:                                    "not a JSON object",
		`null`:                                  "event",
		`{}`:                                    `"event" is missing`,
		`{"event":7}`:                           `"event" is missing or no string`,
		`{"event":"clear"}`:                     `"streamSid" is missing`,
		`{"event":"clear","streamSid":"SID"}{}`: "more than one JSON value",
		`{"event":"clear","streamSid":"SID","sequenceNumber":"4"}`:                         `unknown field "sequenceNumber"`,
		`{"event":"clear","streamSid":"MZother"}`:                                          `streamSid "MZother"`,
		`{"event":"clear","streamSid":null}`:                                               "streamSid",
		`{"event":"stop","streamSid":"SID"}`:                                               `unknown event "stop"`,
		`{"event":"Media","streamSid":"SID","media":{"payload":"//8="}}`:                   `unknown event "Media"`,
		`{"event":"media","streamSid":"SID"}`:                                              `"media" is missing`,
		`{"event":"media","streamSid":"SID","media":null}`:                                 "not an object",
		`{"event":"media","streamSid":"SID","media":"//8="}`:                               "not an object",
		`{"event":"media","streamSid":"SID","media":{}}`:                                   `"payload" is missing`,
		`{"event":"media","streamSid":"SID","media":{"payload":"//8=","track":"inbound"}}`: `unknown field "track"`,
		`{"event":"media","streamSid":"SID","media":{"payload":"//8"}}`:                    "base64",
		`{"event":"media","streamSid":"SID","media":{"payload":"_-8="}}`:                   "base64",
		`{"event":"media","streamSid":"SID","media":{"payload":"//9="}}`:                   "base64",
		`{"event":"mark","streamSid":"SID","mark":{"name":1}}`:                             `"name" is missing or no string`,
		`{"event":"mark","streamSid":"SID","mark":{"name":"a"},"media":{"payload":""}}`:    `unknown field "media"`,
	} {
		_, err := parseCommand([]byte(strings.ReplaceAll(text, "SID", sid)), sid)
		require.ErrorContains(t, err, want, text)
	}
}

// Whatever is obeyed is what the documented form of the command says.
func FuzzParseCommand(f *testing.F) {
	f.Add([]byte(`{"event":"media","streamSid":"` + sid + `","media":{"payload":"//8="}}`))
	f.Add([]byte(`{"event":"mark","streamSid":"` + sid + `","mark":{"name":"a"}}`))
	f.Add([]byte(`{"event":"clear","streamSid":"` + sid + `"}`))
	f.Add([]byte(`{"event":"clear","streamSid":"` + sid + `","event":"mark"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCommand(data, sid)
		if err != nil {
			require.Equal(t, command{}, c)
			return
		}
		message := map[string]any{"event": c.event, "streamSid": sid}
		switch c.event {
		case "media":
			message["media"] = map[string]string{"payload": base64.StdEncoding.EncodeToString(c.payload)}
		case "mark":
			message["mark"] = map[string]string{"name": c.name}
		}
		canonical, err := json.Marshal(message)
		require.NoError(t, err)
		again, err := parseCommand(canonical, sid)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}

// The hand-written media message says what encoding/json would.
func TestMediaMessage(t *testing.T) {
	var m struct {
		Event, SequenceNumber, StreamSid string
		Media                            struct{ Track, Chunk, Timestamp, Payload string }
	}
	d := json.NewDecoder(strings.NewReader(string(mediaMessage(sid, 7, 5, "outbound", 80, []byte{0, 255}))))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&m))
	require.Equal(t, "media", m.Event)
	require.Equal(t, "7", m.SequenceNumber)
	require.Equal(t, sid, m.StreamSid)
	require.Equal(t, struct{ Track, Chunk, Timestamp, Payload string }{"outbound", "5", "80", "AP8="}, m.Media)
}
