package mediastream

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const testSID = "MZ00000000000000000000000000000001"

// messages returns the published messages in testdata.
func messages(tb testing.TB) []string {
	file, err := os.ReadFile("testdata/messages.txt")
	require.NoError(tb, err)
	var list []string
	for line := range strings.Lines(string(file)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

func begun() *twilio {
	t := &twilio{}
	t.begin(testSID)
	return t
}

func TestPublishedMessages(t *testing.T) {
	list := messages(t)
	tw := begun()
	events := make([]Event, len(list))
	for i, m := range list {
		if err := tw.parse(&events[i], []byte(m)); err != nil {
			t.Errorf("%s\n%v", m, err)
		}
		agree(t, tw, []byte(m))
	}
	start := events[6]
	require.Equal(t, EventStart, start.Type)
	require.Equal(t, &Stream{
		StreamSID:  testSID,
		AccountSID: "AC00000000000000000000000000000002",
		CallSID:    "CA00000000000000000000000000000003",
		Tracks:     []Track{TrackInbound},
		Parameters: map[string]string{"FirstName": "Jane", "LastName": "Doe", "RemoteParty": "Bob"},
		Format:     MediaFormat{Encoding: "audio/x-mulaw", SampleRate: 8000, Channels: 1},
	}, start.Start)

	logged := events[3]
	logged.Media.Payload = logged.Media.Payload[:4]
	require.Equal(t, Event{Type: EventMedia, Sequence: 74, StreamSID: testSID, Media: Frame{
		Track: TrackInbound, Chunk: 73, Timestamp: 1593 * time.Millisecond, Payload: []byte("/39/"),
	}}, logged)

	require.Equal(t, TrackOutbound, events[7].Media.Track)
	require.Equal(t, "1", events[10].Digit)
	require.Equal(t, "my label", events[11].Mark)
	require.Equal(t, events[12], events[13], "numbers may come unquoted")
	require.Equal(t, "//8=", string(events[14].Media.Payload), "escapes are undone")
	require.Equal(t, "171", events[16].Mark)
}

// TestFastPathsTakeWhatTwilioSends fails when a change sends Twilio's own
// messages down a slower path.
func TestFastPathsTakeWhatTwilioSends(t *testing.T) {
	var e Event
	tw := begun()
	for i, m := range messages(t) {
		inOrder := strings.HasPrefix(m, `{"event":"media","sequenceNumber":"`) && strings.HasSuffix(m, `"},"streamSid":"`+testSID+`"}`) && !strings.Contains(m, `\`)
		require.Equal(t, inOrder, tw.parseWireOrder(&e, []byte(m)), m)
		require.False(t, tw.parseWireOrder(&e, []byte(strings.Replace(m, `"track":"`, `"track":"x`, 1))) && strings.Contains(m, `"track"`), "of another track")
		slow := strings.Contains(m, `"start"`) || strings.Contains(m, `"connected"`) || strings.Contains(m, `\`) || strings.Contains(m, "171")
		require.Equal(t, !slow, tw.parseAnyOrder(&e, []byte(m)), "%d %s", i, m)
	}
}

func TestMalformed(t *testing.T) {
	media := func(fields string) string {
		return `{"event":"media","streamSid":"` + testSID + `","media":{` + fields + `}}`
	}
	deep := strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9)
	for _, c := range []struct {
		message, event string
		offset         int
		want           string
	}{
		{``, "", 0, "unexpected end of JSON input"},
		{`hello`, "", 1, "invalid character"},
		{`{"event":"media"`, "", 16, "unexpected end of JSON input"},
		{`{"event":"stop"} x`, "", 18, "invalid character"},
		{`null`, "", 0, "is not an object"},
		{`[]`, "", 0, "is not an object"},
		{`{}`, "", 0, "event is missing"},
		{`{"event":7}`, "", 9, "event is not a string"},
		{`{"event":"media"}`, "media", 0, "media is missing"},
		{`{"event":"media","media":7}`, "media", 25, "media is not an object"},
		{`{"event":"hold","sequenceNumber":-1}`, "hold", 33, "sequenceNumber is not a number"},
		{`{"event":"hold","sequenceNumber":"1.5"}`, "hold", 33, "sequenceNumber is not a number"},
		{`{"event":"hold","sequenceNumber":"1234567890123456789"}`, "hold", 33, "at most 18 digits"},
		{`{"event":"stop","streamSid":7}`, "stop", 28, "streamSid is not a string"},
		{media(``), "media", 74, "media.payload is missing"},
		{media(`"payload":null`), "media", 85, "media.payload is missing"},
		{media(`"payload":7`), "media", 85, "media.payload is not a string"},
		{`{"event":null}`, "", 9, "event is missing"},
		{`{"event":"start","start":null}`, "start", 25, "start is missing"},
		{`{"event":"mark","mark":{"name":null}}`, "mark", 31, "mark.name is missing"},
		{`{"event":"start","start":{"customParameters":7}}`, "start", 45, "customParameters is not an object"},
		{media(`"payload":"","timestamp":"86400001"`), "media", 100, "media.timestamp is too large"},
		{`{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"86400001","payload":""},"streamSid":"` + testSID + `"}`,
			"media", 89, "media.timestamp is too large"},
		{media(`"payload":"","chunk":"x"`), "media", 96, "media.chunk is not a number"},
		{`{"event":"start","start":[]}`, "start", 25, "start is not an object"},
		{`{"event":"start","start":""}`, "start", 25, "start is not an object"},
		{`{"event":"start","start":{"customParameters":["a"]}}`, "start", 45, "customParameters is not an object"},
		{`{"event":"start","start":{"customParameters":"a=b"}}`, "start", 45, "customParameters is not an object"},
		{`{"event":"start","start":{"mediaFormat":"audio/x-mulaw"}}`, "start", 40, "mediaFormat is not an object"},
		{`{"event":"start","start":{"mediaFormat":{"sampleRate":8000.5}}}`, "start", 54, "mediaFormat.sampleRate is not a number"},
		{`{"event":"start","start":{"mediaFormat":{"sampleRate":1e300}}}`, "start", 54, "mediaFormat.sampleRate is not a number"},
		{`{"event":"start","start":{"tracks":[7]}}`, "start", 35, "start.tracks"},
		{`{"event":"start","start":{"tracks":{"0":"inbound"}}}`, "start", 35, "start.tracks"},
		{`{"event":"start","start":{"callSid":7}}`, "start", 36, "start.callSid is not a string"},
		{`{"event":"hold","sequenceNumber":"2.0"}`, "hold", 33, "sequenceNumber is not a number"},
		{`{"event":"mark","mark":[]}`, "mark", 23, "mark is not an object"},
		{`{"event":"dtmf","dtmf":""}`, "dtmf", 23, "dtmf is not an object"},
		{media(`"payload":[]`), "media", 85, "media.payload is not a string"},
		{`{"event":"dtmf","dtmf":{}}`, "dtmf", 23, "dtmf.digit is missing"},
		{`{"event":"mark","mark":{"name":[]}}`, "mark", 31, "mark.name is not a string"},
		{`{"event":"start"}`, "start", 0, "start is missing"},
		{`{"event":"start","start":{"tracks":7}}`, "start", 35, "start.tracks"},
		{`{"event":"start","start":{"mediaFormat":{"encoding":"x","sampleRate":"a"}}}`, "start", 69, "mediaFormat.sampleRate is not a number"},
		{deep, "", 40, "is nested too deeply"},
	} {
		t.Run(c.message, func(t *testing.T) {
			var e Event
			err := begun().parse(&e, []byte(c.message))
			require.NotNil(t, err)
			require.Equal(t, ErrorProtocol, err.Type)
			require.Equal(t, c.event, err.Event)
			require.Equal(t, c.offset, err.Offset, err.Error())
			require.ErrorContains(t, err, c.want)
			require.Zero(t, err.Code)
		})
	}
}

// TestNullIsAbsent: what may be left out may be null as well, and a number may be an
// empty string.
func TestNullIsAbsent(t *testing.T) {
	plain := Event{Type: EventStart, StreamSID: testSID, Start: &Stream{StreamSID: testSID, CallSID: "CA1", Format: Mulaw()}}
	for message, want := range map[string]Event{
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1"}}`: plain,
		`{"event":"start","sequenceNumber":null,"streamSid":"S","start":{"accountSid":null,"streamSid":null,"callSid":"CA1","tracks":null,"mediaFormat":null,"customParameters":null}}`: plain,
		`{"event":"start","sequenceNumber":"","streamSid":null,"start":{"streamSid":"S","callSid":"CA1","mediaFormat":{"encoding":null,"sampleRate":null,"channels":null}}}`: {
			Type: EventStart, Start: plain.Start},
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","mediaFormat":{}}}`: plain,
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","mediaFormat":{"sampleRate":"16000","channels":"2"}}}`: {
			Type: EventStart, StreamSID: testSID, Start: &Stream{StreamSID: testSID, CallSID: "CA1", Format: MediaFormat{"audio/x-mulaw", 16000, 2}}},
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","tracks":"outbound","customParameters":{}}}`: {
			Type: EventStart, StreamSID: testSID, Start: &Stream{StreamSID: testSID, CallSID: "CA1", Format: Mulaw(), Tracks: []Track{TrackOutbound}, Parameters: map[string]string{}}},
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","customParameters":{"a":null,"b":7,"c":true,"d":{"e":[1]},"f":"g"}}}`: {
			Type: EventStart, StreamSID: testSID, Start: &Stream{StreamSID: testSID, CallSID: "CA1", Format: Mulaw(), Parameters: map[string]string{"a": "", "b": "7", "c": "true", "d": `{"e":[1]}`, "f": "g"}}},
		`{"event":"media","sequenceNumber":null,"streamSid":null,"media":{"track":null,"chunk":null,"timestamp":null,"payload":"AA=="}}`: {
			Type: EventMedia, Media: Frame{Track: TrackInbound, Payload: []byte("AA==")}},
		`{"event":"media","sequenceNumber":"","streamSid":"S","media":{"chunk":"","timestamp":"","payload":""}}`: {
			Type: EventMedia, StreamSID: testSID, Media: Frame{Track: TrackInbound, Payload: []byte{}}},
		`{"event":"dtmf","streamSid":"S","dtmf":{"track":null,"digit":5}}`: {Type: EventDTMF, StreamSID: testSID, Digit: "5"},
		// An empty object is a list in languages that do not tell them apart.
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","customParameters":[],"mediaFormat":[],"tracks":[]}}`:                                            plain,
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","customParameters":[ ],"mediaFormat":"","tracks":{ }}}`:                                          plain,
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","customParameters":"","tracks":"","mediaFormat":{"encoding":"","sampleRate":"","channels":""}}}`: plain,
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","tracks":[null],"mediaFormat":{"sampleRate":8000.0,"channels":1e0}}}`:                            plain,
		`{"event":"start","streamSid":"S","start":{"callSid":"CA1","tracks":["inbound",null,"","outbound"]}}`: {
			Type: EventStart, StreamSID: testSID, Start: &Stream{StreamSID: testSID, CallSID: "CA1", Format: Mulaw(), Tracks: []Track{TrackInbound, TrackOutbound}}},
		`{"event":"media","sequenceNumber":2.0,"streamSid":"S","media":{"chunk":10e0,"timestamp":-0,"payload":"AA=="}}`: {
			Type: EventMedia, StreamSID: testSID, Sequence: 2, Media: Frame{Track: TrackInbound, Chunk: 10, Payload: []byte("AA==")}},
		`{"event":"mark","streamSid":"S","mark":{"name":""}}`: {Type: EventMark, StreamSID: testSID},
	} {
		message = strings.ReplaceAll(message, `"S"`, `"`+testSID+`"`)
		var e Event
		tw := begun()
		require.Nil(t, tw.parse(&e, []byte(message)), message)
		require.Equal(t, want, e, message)
		agree(t, tw, []byte(message))
	}
}

// TestByteOrderMark may stand before any message, and counts in offsets.
func TestByteOrderMark(t *testing.T) {
	for i, m := range messages(t) {
		var with, without Event
		tw := begun()
		require.Nil(t, tw.parse(&without, []byte(m)))
		require.Nil(t, tw.parse(&with, []byte("\ufeff"+m)))
		require.Equal(t, without, with, "%d %s", i, m)
	}
	var e Event
	tw := begun()
	require.Equal(t, 12, tw.parse(&e, []byte("\ufeff"+`{"event":7}`)).Offset)
	require.NotNil(t, tw.parse(&e, []byte("\ufeff\ufeff"+`{"event":"stop"}`)))
	msg := []byte("\ufeff" + `{"event":"media","streamSid":"` + testSID + `","media":{"payload":"AA=="}}`)
	require.Zero(t, testing.AllocsPerRun(100, func() { tw.parse(&e, msg) }))
}

// TestStopIsAHangUp whatever else it says, and what it leaves out.
func TestStopIsAHangUp(t *testing.T) {
	for _, message := range []string{
		`{"event":"stop"}`, `{"event":"stop","streamSid":"S"}`, `{"event":"stop","streamSid":null,"stop":null}`, `{"event":"stop","sequenceNumber":null,"stop":{}}`,
		`{"event":"stop","sequenceNumber":"","stop":{"callSid":null}}`, `{"event":"stop","sequenceNumber":-1}`, `{"event":"stop","sequenceNumber":"x","streamSid":"S"}`,
		`{"event":"stop","sequenceNumber":[],"stop":7}`, `{"event":"stop","sequenceNumber":"12345678901234567890"}`,
	} {
		message = strings.ReplaceAll(message, `"S"`, `"`+testSID+`"`)
		var e Event
		tw := begun()
		require.Nil(t, tw.parse(&e, []byte(message)), message)
		require.Equal(t, EventStop, e.Type)
		require.Zero(t, e.Sequence)
		agree(t, tw, []byte(message))
	}
}

func TestUnknownEventsAreNamed(t *testing.T) {
	var e Event
	require.Nil(t, begun().parse(&e, []byte(`{"event":"hold","streamSid":"`+testSID+`","hold":{}}`)))
	require.Equal(t, Event{Type: EventUnknown, Name: "hold", StreamSID: testSID}, e)
}

// agree checks that a parser which takes a message reads it as the parsers
// behind it do, and all as encoding/json does by itself.
func agree(tb testing.TB, tw *twilio, msg []byte) {
	var first, second, third Event
	inOrder := tw.parseWireOrder(&first, msg)
	anyOrder := tw.parseAnyOrder(&second, msg)
	err := parseJSON(&third, msg)
	if inOrder && !anyOrder || anyOrder && err != nil {
		tb.Fatalf("accepted by wire order %v, any order %v, encoding/json: %v\n%q", inOrder, anyOrder, err, msg)
	}
	if inOrder && !same(&first, &second) || anyOrder && !same(&second, &third) {
		tb.Fatalf("parsed differently\n%q\n%+v\n%+v\n%+v", msg, first, second, third)
	}
	if err != nil {
		return
	}
	var m map[string]any
	if err := json.Unmarshal(msg, &m); err != nil {
		tb.Fatalf("accepted, but %v\n%q", err, msg)
	}
	if want := m["event"]; third.Type != EventUnknown && third.Type.String() != want {
		tb.Fatalf("%v is %v\n%q", want, third.Type, msg)
	}
	if body, ok := m[third.Type.String()].(map[string]any); ok && third.Type != EventUnknown {
		check := func(key, got string) {
			if want, ok := body[key]; ok && fmt.Sprint(want) != got {
				if _, isNumber := want.(float64); !isNumber {
					tb.Fatalf("%s is %q, want %q\n%q", key, got, want, msg)
				}
			}
		}
		switch third.Type {
		case EventMedia:
			check("payload", string(third.Media.Payload))
		case EventMark:
			check("name", third.Mark)
		case EventDTMF:
			check("digit", third.Digit)
		}
	}
}

// same compares what the fast parsers can yield.
func same(a, b *Event) bool {
	return a.Type == b.Type && a.Sequence == b.Sequence && a.StreamSID == b.StreamSID &&
		a.Digit == b.Digit && a.Mark == b.Mark && a.Name == b.Name && a.Start == nil && b.Start == nil &&
		a.Media.Track == b.Media.Track && a.Media.Chunk == b.Media.Chunk && a.Media.Timestamp == b.Media.Timestamp &&
		string(a.Media.Payload) == string(b.Media.Payload)
}

// FuzzParse holds the three parsers against each other. The long run is
//
//	go test ./mediastream -run '^$' -fuzz FuzzParse -fuzztime 10000000x
func FuzzParse(f *testing.F) {
	for _, m := range messages(f) {
		f.Add([]byte(m))
	}
	tw := begun()
	f.Fuzz(func(t *testing.T, msg []byte) {
		agree(t, tw, msg)
	})
}
