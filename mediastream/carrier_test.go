package mediastream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testCarrier() *Carrier {
	return &Carrier{sent: map[Track]int64{}, stream: Stream{
		StreamSID:  testSID,
		AccountSID: "AC00000000000000000000000000000002",
		CallSID:    "CA00000000000000000000000000000003",
		Tracks:     []Track{TrackInbound},
		Parameters: map[string]string{"FirstName": "Jane", "LastName": "Doe", "RemoteParty": "Bob"},
		Format:     Mulaw(),
	}}
}

// TestTheCarrierWritesAsTwilio holds what a Carrier makes against the published
// messages, byte for byte.
func TestTheCarrierWritesAsTwilio(t *testing.T) {
	published := messages(t)
	for _, c := range []struct {
		message  int // in testdata
		sequence uint64
		make     func(*Carrier) Message
	}{
		{0, 0, (*Carrier).Connected},
		{6, 1, (*Carrier).Start},
		{2, 2, func(c *Carrier) Message {
			c.sent[TrackInbound] = 155 * 8
			return c.Media(TrackInbound, payload(t, published[2]))
		}},
		{3, 74, func(c *Carrier) Message {
			c.chunk, c.sent[TrackInbound] = 72, 1593*8
			return c.Media(TrackInbound, payload(t, published[3]))
		}},
		{10, 5, func(c *Carrier) Message { return c.DTMF("1") }},
		{11, 4, func(c *Carrier) Message { return c.Mark("my label") }},
		{4, 378, (*Carrier).Stop},
	} {
		tw := testCarrier()
		tw.sequence = max(1, c.sequence) - 1
		var want bytes.Buffer
		require.NoError(t, json.Compact(&want, []byte(published[c.message])))
		require.Equal(t, Message{Data: want.Bytes()}, c.make(tw))
		require.Equal(t, c.sequence, tw.sequence)
	}
}

// payload returns the audio of a published message, decoded by others.
func payload(t *testing.T, message string) []byte {
	var m struct{ Media struct{ Payload []byte } }
	require.NoError(t, json.Unmarshal([]byte(message), &m))
	return m.Media.Payload
}

func TestTracksShareACounterAndHaveClocks(t *testing.T) {
	tw := testCarrier()
	var got []string
	for _, track := range []Track{TrackInbound, TrackOutbound, TrackInbound, TrackOutbound} {
		var e Event
		require.Nil(t, begun().parse(&e, tw.Media(track, make([]byte, 160)).Data))
		require.Equal(t, e.Sequence, e.Media.Chunk)
		got = append(got, string(e.Media.Track)+" "+e.Media.Timestamp.String())
	}
	require.Equal(t, []string{"inbound 0s", "outbound 0s", "inbound 20ms", "outbound 20ms"}, got)
}

// FuzzCarrier checks that the server reads what the carrier was told to say.
func FuzzCarrier(f *testing.F) {
	f.Add(testSID, "a \"quoted\" \u00e9", "#", []byte{0, 0x7f, 0xff})
	f.Add("", "\x00\x1f\n\xff\u2028<&>", "", []byte(nil))
	f.Fuzz(func(t *testing.T, sid, text, digit string, audio []byte) {
		for _, s := range []*string{&sid, &text, &digit} {
			*s = strings.ToValidUTF8(*s, "\ufffd")
		}
		tw := testCarrier()
		tw.stream.StreamSID, tw.stream.CallSID = sid, text
		tw.stream.Parameters = map[string]string{text: text, digit: digit}
		for n, m := range []Message{tw.Start(), tw.Media(Track(digit), audio), tw.DTMF(digit), tw.Mark(text), tw.Stop()} {
			require.False(t, m.Binary)
			var e Event
			if err := parseJSON(&e, m.Data); err != nil {
				t.Fatalf("%v\n%q", err, m.Data)
			}
			require.Equal(t, EventStart+EventType(n), e.Type)
			require.EqualValues(t, n+1, e.Sequence)
			require.Equal(t, sid, e.StreamSID)
			switch e.Type {
			case EventStart:
				require.Equal(t, &tw.stream, e.Start)
			case EventMedia:
				require.Equal(t, base64.StdEncoding.EncodeToString(audio), string(e.Media.Payload))
			case EventDTMF:
				require.Equal(t, digit, e.Digit)
			case EventMark:
				require.Equal(t, text, e.Mark)
			}
		}
	})
}
