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

// EventType says what an [Event] tells.
type EventType uint8

// The events of a session.
const (
	Unknown     EventType = iota // a message of a type this package does not know
	Setup                        // the session begins; first, and perhaps again after a reconnection
	Prompt                       // the caller said something
	DTMF                         // the caller pressed a key
	Interrupt                    // the caller interrupted what was being said
	Failure                      // Twilio did not take a message, or something failed there: "error" on the wire
	Information                  // one of the messages that the TwiML subscribes to: "info" on the wire
)

// names of the types on the wire, in order.
var names = [...]string{"", "setup", "prompt", "dtmf", "interrupt", "error", "info"}

// String returns the type's name as Twilio writes it.
func (t EventType) String() string {
	if t == Unknown || int(t) >= len(names) {
		return "unknown"
	}
	return names[t]
}

// Event is one message of Twilio.
type Event struct {
	Type         EventType
	Name         string       // the type on the wire, for Unknown only: at most 64 bytes of it
	Session      *Session     // for Setup only
	Speech       Speech       // for Prompt only
	Digit        string       // for DTMF only: one of 0-9, * and # from Twilio, not checked to be so
	Interruption Interruption // for Interrupt only
	Problem      string       // for Failure only: Twilio's description, for people
	Info         Info         // for Information only
	// Raw is the message as it came, with whatever fields it has besides.
	Raw json.RawMessage
}

// Session describes the call of a session, as its Setup event brings it.
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

// Speech is what the caller said, as a Prompt event brings it.
type Speech struct {
	Text     string
	Language string // such as "en-US"
	Last     bool   // false: a partial transcript, which another replaces
}

// Interruption is how far the caller heard what he interrupted. It comes before the Prompt
// of the words that interrupted.
type Interruption struct {
	Heard string        // utteranceUntilInterrupt
	After time.Duration // durationUntilInterruptMs, of that utterance; 0 if absent
}

// Info is a message that the TwiML subscribes to, by its attributes debug and events.
type Info struct {
	Name  string // TokensPlayed, ...
	Value string // a string's content; of any other value its JSON
}

// Names of an [Info].
const (
	TokensPlayed   = "tokensPlayed"     // Value is the text that was spoken
	AgentSpeaking  = "agentSpeaking"    // "on" and "off"
	ClientSpeaking = "clientSpeaking"   // "on" and "off"
	RoundTrip      = "roundTripDelayMs" // a number of milliseconds
	ConfigUpdated  = "configUpdated"    // what of the session has changed, as a provider that took over
)
