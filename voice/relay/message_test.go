package relay

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

const setup = `{"type":"setup","sessionId":"VX00000000000000000000000000000001","accountSid":"AC00000000000000000000000000000002","parentCallSid":"",` +
	`"callSid":"CA00000000000000000000000000000003","from":"+14155550100","to":"+14155550199","forwardedFrom":"+14155550111","callType":"PSTN",` +
	`"callerName":"Ann","direction":"inbound","callStatus":"RINGING","customParameters":{"order":"42","empty":""}}`

// events are messages of Twilio in its own spelling.
var events = []struct {
	wire string
	want Event
}{
	{setup, Event{Type: EventSetup, Session: &Session{SessionID: "VX00000000000000000000000000000001", AccountSID: "AC00000000000000000000000000000002",
		CallSID: "CA00000000000000000000000000000003", From: "+14155550100", To: "+14155550199", ForwardedFrom: "+14155550111", CallType: "PSTN",
		CallerName: "Ann", Direction: "inbound", CallStatus: "RINGING", Parameters: map[string]string{"order": "42", "empty": ""}}}},
	{`{"type":"prompt","voicePrompt":"book a room","lang":"en-US","last":true}`, Event{Type: EventPrompt, Speech: Speech{"book a room", "en-US", true}}},
	{`{"type":"prompt","voicePrompt":"book","lang":"en","last":false}`, Event{Type: EventPrompt, Speech: Speech{"book", "en", false}}},
	{`{"type":"prompt","voicePrompt":"","lang":"","last":true}`, Event{Type: EventPrompt, Speech: Speech{"", "", true}}},
	{`{"type":"dtmf","digit":"#"}`, Event{Type: EventDTMF, Digit: "#"}},
	{`{"type":"interrupt","utteranceUntilInterrupt":"Your table","durationUntilInterruptMs":460}`, Event{Type: EventInterrupt, Interruption: Interruption{"Your table", 460 * time.Millisecond}}},
	{`{"type":"error","description":"Invalid message"}`, Event{Type: EventError, Problem: "Invalid message"}},
	{`{"type":"info","name":"tokensPlayed","value":"Your table is"}`, Event{Type: EventInfo, Info: Info{InfoTokensPlayed, "Your table is"}}},
}

// TestEvents: both ends agree on Twilio's spelling.
func TestEvents(t *testing.T) {
	for _, test := range events {
		got, err := ParseEvent([]byte(test.wire))
		require.NoError(t, err, test.wire)
		require.Equal(t, test.wire, string(got.Raw))
		got.Raw = nil
		require.Equal(t, test.want, got)
		require.JSONEq(t, test.wire, string(got.AppendJSON(nil)))
	}
}

// TestEventsAsTheyAreSeen: what others than the documentation write.
func TestEventsAsTheyAreSeen(t *testing.T) {
	for wire, want := range map[string]Event{
		`{"type":"interrupt","utteranceUntilInterrupt":"Hi","durationUntilInterruptMs":"460"}`: {Type: EventInterrupt, Interruption: Interruption{"Hi", 460 * time.Millisecond}},
		`{"type":"interrupt","utteranceUntilInterrupt":"Hi","durationUntilInterruptMs":""}`:    {Type: EventInterrupt, Interruption: Interruption{"Hi", 0}},
		`{"type":"interrupt","utteranceUntilInterrupt":""}`:                                    {Type: EventInterrupt},
		`{"type":"dtmf","digit":5}`:                                               {Type: EventDTMF, Digit: "5"},
		`{"type":"info","name":"roundTripDelayMs","value":31}`:                    {Type: EventInfo, Info: Info{InfoRoundTrip, "31"}},
		`{"type":"info","name":"configUpdated","value":{"ttsProvider":"Google"}}`: {Type: EventInfo, Info: Info{InfoConfigUpdated, `{"ttsProvider":"Google"}`}},
		`{"type":"error"}`: {Type: EventError},
		"\ufeff" + `{"last":true,"voicePrompt":"a","voicePrompt":"b\ud800","type":"prompt","agentSpeaking":"x","x":[{}]}`: {Type: EventPrompt, Speech: Speech{"b\ufffd", "", true}},
		`{"type":"sentiment","value":1}`:              {Name: "sentiment"},
		`{"type":"` + strings.Repeat("x", 100) + `"}`: {Name: strings.Repeat("x", 64)},
		strings.Replace(setup, `"customParameters":{"order":"42","empty":""}`, `"customParameters":null,"applicationSid":"AP1"`, 1): {Type: EventSetup, Session: func() *Session {
			s := *events[0].want.Session
			s.Parameters = nil
			return &s
		}()},
	} {
		got, err := ParseEvent([]byte(wire))
		require.NoError(t, err, wire)
		require.JSONEq(t, strings.TrimPrefix(wire, "\ufeff"), string(got.Raw), "what is not documented is kept")
		got.Raw = nil
		require.Equal(t, want, got, wire)
	}
}

// TestNoEvents: what is missing or of another kind is an error that says where.
func TestNoEvents(t *testing.T) {
	deep := `{"type":"x","a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`
	for wire, want := range map[string]string{
		``:                                    "relay: protocol at byte 0: unexpected end of JSON input",
		`{`:                                   "relay: protocol at byte 1: unexpected end of JSON input",
		`{"type":"dtmf",`:                     "relay: protocol at byte 15: unexpected end of JSON input",
		`{"type":dtmf}`:                       "relay: protocol at byte 8: invalid character 'd' looking for beginning of value",
		`[]`:                                  "relay: protocol at byte 0: is not an object",
		`null`:                                "relay: protocol at byte 0: is not an object",
		`{}`:                                  "relay: protocol at byte 0: type is missing",
		`{"type":null}`:                       "relay: protocol at byte 8: type is missing",
		`{"type":1}`:                          "relay: protocol at byte 8: type is not a string",
		`{"type":"dtmf"}`:                     "relay: protocol in dtmf at byte 0: digit is missing",
		`{"type":"dtmf"} {}`:                  "relay: protocol at byte 16: invalid character '{' after top-level value",
		"{\"type\":\"\xff\"}":                 "relay: protocol at byte 9: text that is not UTF-8",
		deep:                                  "relay: protocol at byte 47: nested too deeply",
		`{"type":"prompt","voicePrompt":"a"}`: "relay: protocol in prompt at byte 0: last is missing",
		`{"type":"prompt","voicePrompt":"a","last":"true"}`:                                     "relay: protocol in prompt at byte 42: last is neither true nor false",
		`{"type":"prompt","last":true}`:                                                         "relay: protocol in prompt at byte 0: voicePrompt is missing",
		`{"type":"prompt","voicePrompt":["a"],"last":true}`:                                     "relay: protocol in prompt at byte 31: voicePrompt is not a string",
		`{"type":"interrupt"}`:                                                                  "relay: protocol in interrupt at byte 0: utteranceUntilInterrupt is missing",
		`{"type":"interrupt","utteranceUntilInterrupt":"","durationUntilInterruptMs":-1}`:       "relay: protocol in interrupt at byte 76: durationUntilInterruptMs is not a number within its limits",
		`{"type":"interrupt","utteranceUntilInterrupt":"","durationUntilInterruptMs":1e300}`:    "relay: protocol in interrupt at byte 76: durationUntilInterruptMs is not a number within its limits",
		`{"type":"interrupt","utteranceUntilInterrupt":"","durationUntilInterruptMs":"soon"}`:   "relay: protocol in interrupt at byte 76: durationUntilInterruptMs is not a number within its limits",
		`{"type":"info","value":"on"}`:                                                          "relay: protocol in info at byte 0: name is missing",
		`{"type":"setup","accountSid":"AC1","callSid":"CA1"}`:                                   "relay: protocol in setup at byte 0: sessionId is missing",
		`{"type":"setup","sessionId":"","accountSid":"AC1","callSid":"CA1"}`:                    "relay: protocol in setup at byte 28: sessionId is empty",
		`{"type":"setup","sessionId":"VX","accountSid":"AC1"}`:                                  "relay: protocol in setup at byte 0: callSid is missing",
		`{"type":"setup","sessionId":"V","accountSid":"A","callSid":"C","customParameters":[]}`: "relay: protocol in setup at byte 82: customParameters is not an object",
	} {
		_, err := ParseEvent([]byte(wire))
		require.EqualError(t, err, want, wire)
		var e *Error
		require.True(t, errors.As(err, &e))
		require.Equal(t, mediastream.ErrorProtocol, e.Type)
	}
}

// messages are those of a server.
var messages = []struct {
	message Message
	wire    string
}{
	{Text{Token: "Hello", Last: true}, `{"type":"text","token":"Hello","last":true}`},
	{Text{}, `{"type":"text","token":"","last":false}`},
	{Text{Token: "Guten \"Tag\"\n<b>", Language: "de-DE", Interruptible: new(false), Preemptible: new(true)},
		`{"type":"text","token":"Guten \"Tag\"\n<b>","last":false,"lang":"de-DE","interruptible":false,"preemptible":true}`},
	{Play{Source: "https://h.example/a.wav"}, `{"type":"play","source":"https://h.example/a.wav"}`},
	{Play{Source: "https://h.example/a.wav", Loop: LoopEndless, Interruptible: new(true)}, `{"type":"play","source":"https://h.example/a.wav","loop":0,"interruptible":true}`},
	{Play{Source: "http://h/a", Loop: 3, Preemptible: new(false)}, `{"type":"play","source":"http://h/a","loop":3,"preemptible":false}`},
	{Digits{"1w2#*"}, `{"type":"sendDigits","digits":"1w2#*"}`},
	{Language{TTS: "sv-SE"}, `{"type":"language","ttsLanguage":"sv-SE"}`},
	{Language{Transcription: "sv-SE"}, `{"type":"language","transcriptionLanguage":"sv-SE"}`},
	{End{}, `{"type":"end"}`},
	{End{`{"reason":"agent"}`}, `{"type":"end","handoffData":"{\"reason\":\"agent\"}"}`},
	{Raw(`{"type":"config","interruptible":"speech"}`), `{"type":"config","interruptible":"speech"}`},
}

func TestMessages(t *testing.T) {
	for _, test := range messages {
		require.NoError(t, test.message.check())
		wire := test.message.append(nil)
		require.JSONEq(t, test.wire, string(wire))
		back, err := ParseMessage(wire)
		require.NoError(t, err)
		require.Equal(t, test.message, back)
	}
}

// TestNoMessages: what Twilio does not take is not sent, and its end says why.
func TestNoMessages(t *testing.T) {
	for _, test := range []struct {
		message Message
		want    string
	}{
		{Play{}, "relay: protocol in play: source is not an absolute http or https URL"},
		{Play{Source: "/a.wav"}, "relay: protocol in play: source is not an absolute http or https URL"},
		{Play{Source: "ftp://h/a.wav"}, "relay: protocol in play: source is not an absolute http or https URL"},
		{Play{Source: "https://h/a.wav", Loop: 1001}, "relay: protocol in play: loop is not a number within its limits"},
		{Play{Source: "https://h/a.wav", Loop: -2}, "relay: protocol in play: loop is not a number within its limits"},
		{Digits{}, "relay: protocol in sendDigits: digits is empty"},
		{Digits{"1a2"}, "relay: protocol in sendDigits: digits is not made of 0-9, w, # and *"},
		{Language{}, "relay: protocol in language: ttsLanguage and transcriptionLanguage is missing"},
		{Raw(`{}`), "relay: protocol at byte 0: type is missing"},
		{Raw(`"config"`), "relay: protocol at byte 0: is not an object"},
	} {
		require.EqualError(t, test.message.check(), test.want)
	}
	for wire, want := range map[string]string{
		`{"type":"text"}`:                                 "relay: protocol in text at byte 0: token is missing",
		`{"type":"text","token":"a","voice":"x"}`:         "relay: protocol in text at byte 35: voice is not a documented field",
		`{"type":"text","token":"a","last":1}`:            "relay: protocol in text at byte 34: last is neither true nor false",
		`{"type":"play","source":"https://h","loop":2.5}`: "relay: protocol in play at byte 43: loop is not a number within its limits",
		`{"type":"sendDigits","digits":"x"}`:              "relay: protocol in sendDigits: digits is not made of 0-9, w, # and *",
		`{"type":"end","handoffData":{}}`:                 "relay: protocol in end at byte 28: handoffData is not a string",
		`{"type":"shout","token":"a"}`:                    "relay: protocol in shout at byte 8: type is not a type of message",
		`{"error":"Bad gateway"}`:                         "relay: protocol at byte 0: type is missing",
	} {
		_, err := ParseMessage([]byte(wire))
		require.EqualError(t, err, want, wire)
	}
}

// FuzzParseEvent: whatever comes, an event is what its Raw says, and an error says where.
func FuzzParseEvent(f *testing.F) {
	for _, test := range events {
		f.Add([]byte(test.wire))
	}
	f.Add([]byte(`{"type":"sentiment","value":[1,{"a":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvent(data)
		if err != nil {
			at := err.(*Error).Offset
			if at < 0 || at > len(data) {
				t.Fatalf("offset %d of %d bytes", at, len(data))
			}
			return
		}
		if !utf8.Valid(data) || !json.Valid(e.Raw) {
			t.Fatalf("taken: %q", data)
		}
		raw := e.Raw
		e.Raw = nil
		if e.Type == EventUnknown {
			return
		}
		again, err := ParseEvent(e.AppendJSON(nil))
		if err != nil {
			t.Fatalf("%s, made of %s: %v", e.AppendJSON(nil), raw, err)
		}
		if again.Raw = nil; e.Type == EventPrompt && again.Speech != e.Speech {
			t.Fatalf("%+v became %+v", e, again)
		}
	})
}

// FuzzParseMessage: what is taken can be sent, and is taken again.
func FuzzParseMessage(f *testing.F) {
	for _, test := range messages {
		f.Add([]byte(test.wire))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMessage(data)
		if err != nil {
			return
		}
		if err := m.check(); err != nil {
			t.Fatal(err)
		}
		again, err := ParseMessage(m.append(nil))
		if err != nil {
			t.Fatalf("%s, made of %s: %v", m.append(nil), data, err)
		}
		if string(again.append(nil)) != string(m.append(nil)) {
			t.Fatalf("%s became %s", m.append(nil), again.append(nil))
		}
	})
}
