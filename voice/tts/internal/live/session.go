package live

import (
	"time"

	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
)

// Message is one WebSocket message.
type Message = wire.Message

// Session speaks a service's language for one utterance. Its methods are not called at
// the same time.
type Session interface {
	// Say returns the messages that say a piece, with the space behind it where the
	// service wants one; the first piece begins the utterance.
	Say(piece string) []Message
	// End returns the messages that end the text.
	End() []Message
	// Stop returns the messages that end the service's work in mid-utterance, and whether
	// the connection can take another utterance at once: otherwise it can when Reply.Stopped
	// or Reply.Done has told so.
	Stop() (messages []Message, clean bool)
	// Handle takes a message of the service, also after Stop.
	Handle(m Message) Reply
}

// Reply is the result of a message of the service.
type Reply struct {
	Audio   []byte     // mu-law at 8000 Hz
	Words   []tts.Word // whose times are known now
	Done    bool       // all of the utterance has come
	Stopped bool       // nothing more of it comes after Stop
	// Warning is told by the error that ends the utterance, if one does.
	Warning *tts.Error
	// Unclear is the error of a message that is not as documented. The utterance goes on
	// until there are too many of them in a row.
	Unclear error
	Err     error // the utterance and its connection are of no more use
}

// Bounds of a service's messages.
const (
	maxUnclear  = 3           // messages in a row that are not as documented
	maxWarnings = 20          // in an utterance
	maxQueue    = 1 << 20     // bytes of audio that wait for the loop: two minutes
	maxIdle     = 1 << 20     // bytes that are sent to nobody
	stopTime    = time.Second // for the answer to Stop
	byeTime     = 500 * time.Millisecond
	maxMessage  = 4 << 20 // bytes: half a minute of audio in base64, with the times of its characters
)
