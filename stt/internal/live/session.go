package live

import (
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
)

// Message is one WebSocket message. A nil Data is none.
type Message = wire.Message

// Text returns a text message.
func Text(s string) Message { return Message{Data: []byte(s)} }

// Session speaks a service's language on one connection. Its methods are not
// called at the same time.
type Session interface {
	// Hello returns the client's first message, if there is one.
	Hello() Message
	// Audio puts audio in the call's format into a message.
	Audio(audio []byte) Message
	// Flush asks the service to finish the audio so far; Reply.Flushed is set when it has.
	Flush() Message
	// KeepAlive is sent when no audio was for Service.KeepAlive.
	KeepAlive() Message
	// Bye ends the conversation.
	Bye() Message
	// Handle takes a message of the service.
	Handle(data []byte) Reply
}

// Expecter is a Session whose service takes an Expectation in mid-call.
type Expecter interface {
	Expect(stt.Expectation) Message
}

// Settler is a Session whose service has a FlushWait.
type Settler interface {
	// Settle is called when the service was silent for FlushWait after a flush. If
	// it has no more to say, the Reply is Flushed.
	Settle() Reply
}

// Expirer is a Session that waits for messages that may never come.
type Expirer interface {
	// Due is when the first of them is given up; zero = none is waited for.
	Due() time.Time
	// Expire gives up those that are due. The rest goes on.
	Expire(now time.Time) Reply
}

// Bounds of the wait for a message. Patience is shorter than the connection that
// failover takes for a steady one, so that it leaves a service without answers.
// AnswerPatience and FlushPatience are shorter than failover's wait for any text, so
// that an utterance without an answer costs itself and not the connection.
const (
	Patience       = 4 * time.Second         // for the answer to a flush, and for readiness
	AnswerPatience = 3500 * time.Millisecond // for an utterance's text, after its end
	FlushPatience  = 1500 * time.Millisecond // for the same, after a flush
)

// Reply is the result of a message of the service.
type Reply struct {
	Events  []stt.Event
	Send    Message // what to answer
	Ready   bool    // audio can be sent from now on
	Flushed int     // how many of the oldest flushes are done
	Failed  error   // the oldest flush that is left ended with it
	// Unclear is the error of a message that is not as documented. It is reported,
	// and the conversation goes on until there are too many of them in a row.
	Unclear error
	Err     error // the connection is of no more use
}

// Complaint handles an error, a warning or a message without a type. An error of the
// account or of the session's age ends the connection; any other is a warning, after
// which the service may still close it.
func Complaint(engine string, data []byte, r *Reply) {
	fault, ok := answer.ReadFault(data)
	if !ok {
		r.Unclear = failure.Missing(engine, "read", "type")
		return
	}
	r.Complain(failure.Of(fault, engine, "read"))
}

// Complain handles an error of the service as Complaint does.
func (r *Reply) Complain(e *stt.Error) {
	if failure.Final(e) {
		r.Err = e
		return
	}
	e.Warning = true
	r.Events = append(r.Events, Degraded(e))
}

// Degraded returns an event for an error that the stream survived.
func Degraded(err error) stt.Event { return stt.Event{Kind: stt.Degraded, Err: err} }
