package voice

import (
	"errors"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// ErrCallEnded is returned by methods that need the call to be up, once it is over. They
// return it rather than the error of a context that ended with the call.
var ErrCallEnded = errors.New("voice: call has ended")

// ended returns the error of a connection that has ended.
func ended(err error) error {
	if errors.Is(err, mediastream.ErrClosed) {
		return ErrCallEnded
	}
	return err
}

// Reason says why a call ended.
type Reason string

// Reasons, each of which is also the cause of the call's context.
const (
	ReasonHungUp     Reason = "hung_up"    // Twilio's stop message: the caller hung up, or the call was ended by REST
	ReasonReturned   Reason = "returned"   // the handler returned nil
	ReasonError      Reason = "error"      // the handler returned an error
	ReasonPanic      Reason = "panic"      // the handler panicked
	ReasonTransfer   Reason = "transfer"   // Call.Transfer took the call elsewhere
	ReasonTimeout    Reason = "timeout"    // the call lasted Config.MaxDuration
	ReasonShutdown   Reason = "shutdown"   // the server shut down
	ReasonDisconnect Reason = "disconnect" // the connection broke without a stop message
	ReasonProtocol   Reason = "protocol"   // Twilio's side broke the protocol
	ReasonMoved      Reason = "moved"      // another stream of the call has begun

	// Reasons of [Trace].CallCut alone.
	ReasonRefused Reason = "refused" // no instance took the call's stream
	ReasonCrash   Reason = "crash"   // the instance that had the stream has gone
)

// Error implements error, so that context.Cause can return a Reason.
func (r Reason) Error() string { return "voice: call ended: " + string(r) }

// failed reports whether a call that ends so counts as failed.
func (r Reason) failed() bool {
	return r == ReasonError || r == ReasonPanic || r == ReasonProtocol || r.cut()
}

// cut reports whether neither side ended a call whose stream ends so.
func (r Reason) cut() bool { return r == ReasonDisconnect || r == ReasonShutdown }

// End describes how a stream of a call ended.
type End struct {
	Reason   Reason
	Err      error         // the handler's or the connection's; may be nil
	Duration time.Duration // from the start message
	Call     time.Duration // from the start of the call's first stream
	Resumes  bool          // the call may go on with another stream
	Stream   mediastream.Stats
}
