package mediastream

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// Connected makes the first message of every stream. All others are numbered
// in the order in which they are made.
func (c *Carrier) Connected() Message {
	return Message{Data: []byte(`{"event":"connected","protocol":"Call","version":"1.0.0"}`)}
}

// Start makes the second message, which describes the stream.
func (c *Carrier) Start() Message {
	s := c.stream
	return text(`{"event":"start","sequenceNumber":"%d","start":{"accountSid":%s,"streamSid":%s,"callSid":%s,"tracks":%s,`+
		`"mediaFormat":{"encoding":%s,"sampleRate":%d,"channels":%d},"customParameters":%s},"streamSid":%s}`,
		c.next(), quote(s.AccountSID), quote(s.StreamSID), quote(s.CallSID), quote(s.Tracks),
		quote(s.Format.Encoding), s.Format.SampleRate, s.Format.Channels, quote(s.Parameters), quote(s.StreamSID))
}

// Media makes a message of a track from raw audio. Its timestamp is the end of the track's audio
// so far.
func (c *Carrier) Media(track Track, audio []byte) Message {
	c.chunk++
	ms := c.sent[track] * 1000 / int64(c.stream.Format.bytesPerSecond())
	c.sent[track] += int64(len(audio))
	m := make([]byte, 0, 192+base64.StdEncoding.EncodedLen(len(audio)))
	m = append(m, `{"event":"media","sequenceNumber":"`...)
	m = strconv.AppendUint(m, c.next(), 10)
	m = append(m, `","media":{"track":`...)
	m = appendString(m, string(track))
	m = append(m, `,"chunk":"`...)
	m = strconv.AppendUint(m, c.chunk, 10)
	m = append(m, `","timestamp":"`...)
	m = strconv.AppendInt(m, ms, 10)
	m = append(m, `","payload":"`...)
	m = appendBase64(m, audio)
	m = append(m, `"},"streamSid":`...)
	m = appendString(m, c.stream.StreamSID)
	return Message{Data: append(m, '}')}
}

// DTMF makes a pressed key: one of 0-9, * and #.
func (c *Carrier) DTMF(digit string) Message {
	return text(`{"event":"dtmf","streamSid":%s,"sequenceNumber":"%d","dtmf":{"track":"inbound_track","digit":%s}}`,
		quote(c.stream.StreamSID), c.next(), quote(digit))
}

// Mark makes the answer to the server's mark of that name.
func (c *Carrier) Mark(name string) Message {
	return text(`{"event":"mark","sequenceNumber":"%d","streamSid":%s,"mark":{"name":%s}}`,
		c.next(), quote(c.stream.StreamSID), quote(name))
}

// Stop makes the last message of a stream.
func (c *Carrier) Stop() Message {
	return text(`{"event":"stop","sequenceNumber":"%d","streamSid":%s,"stop":{"accountSid":%s,"callSid":%s}}`,
		c.next(), quote(c.stream.StreamSID), quote(c.stream.AccountSID), quote(c.stream.CallSID))
}

func (c *Carrier) next() uint64 {
	c.sequence++
	return c.sequence
}

func text(format string, args ...any) Message {
	return Message{Data: fmt.Appendf(nil, format, args...)}
}

// quote encodes strings, and lists and maps of them, which cannot fail.
func quote(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}
