// Package mediastream speaks Twilio Media Streams: the WebSocket over which Twilio sends a call's
// audio to a server and plays what the server sends back.
//
// The server's side is [Accept], which upgrades a request, [Conn.Events], which yields the
// carrier's messages, the sends [Conn.SendMedia], [Conn.Flush], [Conn.SendMark] and [Conn.Clear],
// and [Conn.Pause] and [Conn.Resume]. The carrier's side, for tests and tools, is [Dial].
//
// The package knows nothing of audio: payloads are bytes, base64 on the way in and raw on the way
// out. A frame costs no allocation, in or out.
//
// The wire format is that of https://www.twilio.com/docs/voice/media-streams/websocket-messages.
// Events are carrier-neutral.
package mediastream

import "time"

// EventType is the kind of an [Event].
type EventType uint8

// The events of a stream, in the order in which a call brings them.
const (
	EventUnknown   EventType = iota // an event of a name this package does not know
	EventConnected                  // the WebSocket is up: the first event, which a stream may lack
	EventStart                      // the stream begins: once, before the events below
	EventMedia                      // audio of one track
	EventDTMF                       // the caller pressed a key
	EventMark                       // all audio sent before this mark was played or cleared
	EventStop                       // the stream or the call has ended; always last
)

// String returns the event's name as Twilio writes it.
func (t EventType) String() string {
	switch t {
	case EventConnected:
		return "connected"
	case EventStart:
		return "start"
	case EventMedia:
		return "media"
	case EventDTMF:
		return "dtmf"
	case EventMark:
		return "mark"
	case EventStop:
		return "stop"
	}
	return "unknown"
}

// Event is one message of the carrier.
type Event struct {
	Type      EventType
	Name      string  // the name on the wire, for EventUnknown only
	Sequence  uint64  // counts all messages after connected from 1; 0 if absent
	StreamSID string  // empty on EventConnected
	Start     *Stream // for EventStart only: the stream that begins
	Media     Frame   // for EventMedia only
	Digit     string  // for EventDTMF only: one of 0-9, * and # from Twilio, not checked to be so
	Mark      string  // for EventMark only: the name given to SendMark
}

// Track is one direction of a call.
type Track string

// The tracks of a call, as seen from the carrier.
const (
	TrackInbound  Track = "inbound"  // what the caller says
	TrackOutbound Track = "outbound" // what the caller hears
)

// Frame is 20 ms of one track, as an [EventMedia] carries it.
type Frame struct {
	Track     Track
	Chunk     uint64        // counts the frames of all tracks from 1; 0 if absent
	Timestamp time.Duration // since the start of the stream
	Gap       time.Duration // silence to put before this frame in a recording: for lost audio, or since the stream's start
	Payload   []byte        // base64, not checked to be so; valid until the next iteration
}

// Stream describes the stream that an [EventStart] begins.
type Stream struct {
	StreamSID  string // "MZ..."
	AccountSID string // "AC..."
	CallSID    string // "CA..."
	Tracks     []Track
	Parameters map[string]string // the <Parameter> elements of the TwiML
	Format     MediaFormat
}

// MediaFormat describes the audio of a stream. Twilio documents one:
// audio/x-mulaw, 8000, 1. The zero value stands for it.
type MediaFormat struct {
	Encoding   string // a MIME type
	SampleRate int    // samples per second
	Channels   int
}

// Mulaw is the format of every Twilio stream.
func Mulaw() MediaFormat {
	return MediaFormat{Encoding: "audio/x-mulaw", SampleRate: 8000, Channels: 1}
}

// bytesPerSecond returns how many raw bytes one second of audio takes.
func (f MediaFormat) bytesPerSecond() int {
	width := 1
	if f.Encoding == "audio/l16" || f.Encoding == "audio/x-l16" {
		width = 2
	}
	if n := width * f.SampleRate * f.Channels; n > 0 && n <= maxByteRate {
		return n
	}
	return 8000
}

// maxByteRate is 48 kHz stereo of 16 bits: more than any carrier sends.
const maxByteRate = 2 * 48000 * 2
