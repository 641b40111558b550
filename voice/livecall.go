package voice

import (
	"context"
	"sync"
	"time"
)

// liveCall is the server's side of a call: what the handler must not touch.
//
// Two goroutines serve it, beside those of the recogniser. The reader (Server.read)
// decodes audio and hands it to the recogniser, which puts what it hears into the
// inbox; the handler does what the host wants. The reader ends the call; the handler
// may outlive it, if it does not heed its context.
type liveCall struct {
	*Call
	server *Server
	stream *stream
	cancel context.CancelCauseFunc
	timer  *time.Timer // MaxDuration

	ended   sync.Once
	reason  Reason        // valid once ended
	err     error         // valid once ended
	lasted  time.Duration // valid once ended
	goesOn  bool          // valid once ended: another stream may go on with the call
	hungUp  bool          // valid once ended: by REST
	began   time.Time     // of this stream
	passing bool          // it came while the server handed its calls over
	buried  chan struct{} // closed when another stream may have the call
	settled chan struct{} // closed when its end has been told, or waits for the store
	said    time.Duration // how long the call has lasted, as Twilio says; < 0 = it has not. Server.mu guards it

	audioBegan time.Time     // when audio of timestamp 0 came at the earliest; the reader's
	heardUntil time.Duration // timestamp of the last audio; the reader's

	listeners []listener // of the caller, or of each track
	judge     *judge     // nil where nothing is said, or Twilio judges

	// listensFirst waits until it is known whether Twilio was sent a text, by another leg; nil
	// if that is known.
	listensFirst func(ctx context.Context, text string) (sent bool)
}
