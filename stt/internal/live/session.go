package live

import "agentos.dev/dialtone/stt"

// Message is one WebSocket message. A nil Data is none.
type Message struct {
	Binary bool
	Data   []byte
}

// Text returns a text message.
func Text(s string) Message { return Message{Data: []byte(s)} }

// Session speaks a service's language on one connection. Its methods are not
// called at the same time.
type Session interface {
	// Hello is what the client says first, if it does.
	Hello() Message
	// Audio puts audio in the call's format into a message.
	Audio(audio []byte) Message
	// Flush asks the service to finish what it was sent; Reply.Flushed tells that
	// it has.
	Flush() Message
	// KeepAlive is sent when no audio was for Service.KeepAlive.
	KeepAlive() Message
	// Bye ends the conversation.
	Bye() Message
	// Handle takes a message of the service.
	Handle(data []byte) Reply
}

// Settler is a Session whose service has a FlushWait.
type Settler interface {
	// Settle is called when the service was silent for FlushWait after a flush. If
	// it has no more to say, the Reply is Flushed.
	Settle() Reply
}

// Reply is what a message of the service leads to.
type Reply struct {
	Events  []stt.Event
	Send    Message // what to answer
	Ready   bool    // audio can be sent from now on
	Flushed int     // so many flushes are done, the oldest
	Err     error   // the connection is of no more use
}
