package mediastream

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTheDocumentedCommandsAreObeyed(t *testing.T) {
	for text, want := range map[string]Command{
		`{"event":"media","streamSid":"SID","media":{"payload":"//8="}}`:  {Type: CommandMedia, Audio: []byte{255, 255}},
		`{"event":"media","streamSid":"SID","media":{"payload":"////"}}`:  {Type: CommandMedia, Audio: []byte{255, 255, 255}},
		`{"media":{"payload":""},"streamSid":"SID","event":"media"}`:      {Type: CommandMedia, Audio: []byte{}},
		`{"event":"mark","streamSid":"SID","mark":{"name":"greeting ü"}}`: {Type: CommandMark, Mark: "greeting ü"},
		`{"event":"mark","streamSid":"SID","mark":{"name":""}}`:           {Type: CommandMark},
		` {"event":"clear","streamSid":"SID"} `:                           {Type: CommandClear},
		`{"\u0065vent":"clear","streamSid":"SID"}`:                        {Type: CommandClear},
	} {
		got, err := testCarrier().Parse(Message{Data: []byte(strings.ReplaceAll(text, "SID", testSID))})
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestWhatTwilioWarnsOf(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      "unexpected end of JSON input",
		`nonsense`:                              "invalid character",
		`[]`:                                    "is not an object",
		`null`:                                  "is not an object",
		`{}`:                                    "event is missing",
		`{"event":7}`:                           "event is not a string",
		`{"event":"clear"}`:                     "streamSid is missing",
		`{"event":"clear","streamSid":"SID"}{}`: "invalid character '{' after top-level value",
		`{"event":"clear","streamSid":"SID","sequenceNumber":"4"}`:                         "sequenceNumber is not a documented field",
		`{"event":"clear","streamSid":"MZother"}`:                                          "at byte 29: streamSid names another stream",
		`{"event":"clear","streamSid":null}`:                                               "streamSid is missing",
		`{"event":"stop","streamSid":"SID"}`:                                               "in stop at byte 9: event is neither",
		`{"event":"Media","streamSid":"SID","media":{"payload":"//8="}}`:                   "in Media at byte 9: event is neither",
		`{"event":"media","streamSid":"SID"}`:                                              "media is missing",
		`{"event":"media","streamSid":"SID","media":null}`:                                 "media is missing",
		`{"event":"media","streamSid":"SID","media":"//8="}`:                               "media is not an object",
		`{"event":"media","streamSid":"SID","media":{}}`:                                   "media.payload is missing",
		`{"event":"media","streamSid":"SID","media":{"payload":"//8=","track":"inbound"}}`: "at byte 100: media.track is not a documented field",
		`{"event":"media","streamSid":"SID","media":{"payload":"//8"}}`:                    "media.payload illegal base64",
		`{"event":"media","streamSid":"SID","media":{"payload":"_-8="}}`:                   "media.payload illegal base64",
		`{"event":"media","streamSid":"SID","media":{"payload":"//9="}}`:                   "media.payload illegal base64",
		`{"event":"mark","streamSid":"SID","mark":{"name":1}}`:                             "mark.name is not a string",
		`{"event":"mark","streamSid":"SID","mark":{"name":"a","id":1}}`:                    "mark.id is not a documented field",
		`{"event":"mark","streamSid":"SID","mark":{"name":"a"},"media":{"payload":""}}`:    "media is not a documented field",
	} {
		got, err := testCarrier().Parse(Message{Data: []byte(strings.ReplaceAll(text, "SID", testSID))})
		require.ErrorContains(t, err, want, text)
		require.Equal(t, ErrorProtocol, err.(*Error).Type)
		require.Equal(t, Command{}, got)
	}
	_, err := testCarrier().Parse(Message{Binary: true, Data: []byte(`{"event":"clear","streamSid":"` + testSID + `"}`)})
	require.ErrorIs(t, err, errBinary)
}

// FuzzCommand checks that whatever a host sends is JSON with exactly the
// documented fields, and says what the host said.
func FuzzCommand(f *testing.F) {
	f.Add(testSID, "greeting \"1\"", []byte{0, 0x7f, 0xff})
	f.Add("", "\x00\x1f\n\xff\u2028", []byte(nil))
	f.Fuzz(func(t *testing.T, sid, name string, audio []byte) {
		sid, name = strings.ToValidUTF8(sid, "\ufffd"), strings.ToValidUTF8(name, "\ufffd")
		tw := &twilio{}
		tw.begin(sid)
		for _, c := range []struct {
			message []byte
			want    Command
		}{
			{tw.appendMedia(nil, audio), Command{Type: CommandMedia, Audio: audio}},
			{tw.appendMark(nil, name), Command{Type: CommandMark, Mark: name}},
			{tw.appendClear(nil), Command{Type: CommandClear}},
		} {
			got, err := parseCommand(c.message, sid)
			if err != nil {
				t.Fatalf("%v\n%q", err, c.message)
			}
			if got.Type != c.want.Type || got.Mark != c.want.Mark || string(got.Audio) != string(c.want.Audio) {
				t.Fatalf("%+v\n%+v\n%q", got, c.want, c.message)
			}
		}
	})
}

// FuzzReceived checks that whatever is obeyed is what the documented form
// of the command says.
func FuzzReceived(f *testing.F) {
	f.Add([]byte(`{"event":"media","streamSid":"` + testSID + `","media":{"payload":"//8="}}`))
	f.Add([]byte(`{"event":"mark","streamSid":"` + testSID + `","mark":{"name":"a"}}`))
	f.Add([]byte(`{"event":"clear","streamSid":"` + testSID + `"}`))
	f.Add([]byte(`{"event":"clear","streamSid":"` + testSID + `","event":"mark"}`))
	f.Fuzz(func(t *testing.T, msg []byte) {
		c, err := parseCommand(msg, testSID)
		if err != nil {
			require.Equal(t, Command{}, c)
			return
		}
		documented := map[string]any{"event": c.Type, "streamSid": testSID}
		switch c.Type {
		case CommandMedia:
			documented["media"] = map[string]string{"payload": base64.StdEncoding.EncodeToString(c.Audio)}
		case CommandMark:
			documented["mark"] = map[string]string{"name": c.Mark}
		}
		msg, err = json.Marshal(documented)
		require.NoError(t, err)
		again, err := parseCommand(msg, testSID)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
