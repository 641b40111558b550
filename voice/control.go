package voice

import (
	"context"
	"errors"
	"time"
)

// CallControl ends calls by REST. The client of package twiliorest implements it, and
// [Updater] as well.
type CallControl interface {
	// HangUp ends the call. It returns nil if the call is over already.
	HangUp(ctx context.Context, callSID string) error
}

// Updater is a [CallControl] that can also give a live call other TwiML, which
// [Call.Transfer] needs.
type Updater interface {
	// Update makes the call run the TwiML instead of what it runs now. For a call that is
	// over it returns an error with a method CallEnded() bool that reports true.
	Update(ctx context.Context, callSID, twiml string) error
}

// restTimeout is how long a request to the REST API may take.
const restTimeout = 10 * time.Second

// saysEnded reports whether an error of an [Updater] or [CallControl] says that the call is
// over.
func saysEnded(err error) bool {
	var says interface{ CallEnded() bool }
	return errors.As(err, &says) && says.CallEnded()
}
