// Package relay speaks Twilio's ConversationRelay: the WebSocket over which Twilio, which
// does the speech both ways, sends a server what the caller said and says what the server
// sends back, in text.
//
// The server's side is [Accept], which upgrades a request, [Conn.Events], which yields what
// Twilio says, and [Conn.Send], which takes a [Message]. Twilio's side, for tests and tools,
// is [Dial], [Event.AppendJSON] and [ParseMessage].
//
// What Twilio sends and this package has no name for is kept: an [Event] holds its message
// as it came. What Twilio takes and nobody has documented the form of, as the
// messages config and hints, is sent as it is given, as [Raw].
//
// The wire format is that of
// https://www.twilio.com/docs/voice/conversationrelay/websocket-messages.
package relay

import (
	"encoding/json"
	"time"
)

// EventType is the kind of an [Event].
type EventType uint8

// The events of a session.
const (
	EventUnknown   EventType = iota // a message of a type this package does not know
	EventSetup                      // the session begins; first, and perhaps again after a reconnection
	EventPrompt                     // the caller said something
	EventDTMF                       // the caller pressed a key
	EventInterrupt                  // the caller interrupted what was being said
	EventError                      // Twilio did not take a message, or something failed there: "error" on the wire
	EventInfo                       // one of the messages that the TwiML subscribes to: "info" on the wire
)

// names of the types on the wire, in order.
var names = [...]string{"", "setup", "prompt", "dtmf", "interrupt", "error", "info"}

// String returns the type's name as Twilio writes it.
func (t EventType) String() string {
	if t == EventUnknown || int(t) >= len(names) {
		return "unknown"
	}
	return names[t]
}

// Event is one message of Twilio.
type Event struct {
	Type         EventType
	Name         string       // the type on the wire, for EventUnknown only: at most 64 bytes of it
	Session      *Session     // for EventSetup only
	Speech       Speech       // for EventPrompt only
	Digit        string       // for EventDTMF only: one of 0-9, * and # from Twilio, not checked to be so
	Interruption Interruption // for EventInterrupt only
	Problem      string       // for EventError only: Twilio's description, for people
	Info         Info         // for EventInfo only
	// Raw is the message as it came, with whatever fields it has besides.
	Raw json.RawMessage
}

// Session describes the call of a session, as its EventSetup brings it.
type Session struct {
	SessionID     string // "VX..."
	AccountSID    string // "AC..."
	CallSID       string // "CA..."
	ParentCallSID string // of a call that another one dialled
	From, To      string
	ForwardedFrom string
	CallType      string // "PSTN"
	CallerName    string
	Direction     string            // "inbound", ...
	CallStatus    string            // in upper case: "RINGING"
	Parameters    map[string]string // what the TwiML gave as <Parameter>
}

// Speech is what the caller said, as an EventPrompt brings it.
type Speech struct {
	Text     string
	Language string // such as "en-US"
	Last     bool   // false: a partial transcript, which another replaces
}

// Interruption is how far the caller heard what he interrupted. It comes before the EventPrompt
// of the words that interrupted.
type Interruption struct {
	Heard string        // utteranceUntilInterrupt
	After time.Duration // durationUntilInterruptMs, of that utterance; 0 if absent
}

// Info is a message that the TwiML subscribes to, by its attributes debug and events.
type Info struct {
	Name  string // InfoTokensPlayed, ...
	Value string // a string's content; of any other value its JSON
}

// Names of an [Info].
const (
	InfoTokensPlayed   = "tokensPlayed"     // Value is the text that was spoken
	InfoAgentSpeaking  = "agentSpeaking"    // "on" and "off"
	InfoClientSpeaking = "clientSpeaking"   // "on" and "off"
	InfoRoundTrip      = "roundTripDelayMs" // a number of milliseconds
	InfoConfigUpdated  = "configUpdated"    // what of the session has changed, as a provider that took over
)
