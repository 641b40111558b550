package voice

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// callID is the number in a CallSid.
type callID [16]byte

func idOf(callSID string) (id callID) {
	hex.Decode(id[:], []byte(callSID[len("CA"):])) // the form of the CallSid has been checked
	return id
}

// ending is what is known of the end of a call.
type ending struct {
	counted bool
	how     certainty
}

// certainty says how sure it is that a call is over.
type certainty uint8

const (
	up       certainty = iota
	refused            // the answer to its webhook ends it
	streamed           // its stream has ended by a stop message, which also comes when REST takes the call elsewhere
	over               // Twilio said so, or its TwiML hangs up
)

// count counts a call at its terminal state, once as far as is remembered, and
// reports whether it did.
func (s *Server) count(info Info, status string, how certainty) (first bool) {
	if s.noteEnd(info, true, how).counted {
		return false
	}
	first = !s.elsewhere(context.Background(), info.SID, countedName+info.SID, rememberFinished)
	if first {
		s.config.Trace.CallFinished(info, status)
	}
	return first
}

// noteEnd notes how a call ends, and returns what was known of that before.
func (s *Server) noteEnd(info Info, counted bool, how certainty) ending {
	return s.finished.note(idOf(info.SID), time.Now(), func(e ending) ending {
		return ending{e.counted || counted, max(e.how, how)}
	})
}

// The names under which instances claim what has become of a call.
const (
	countedName = "call:"
	overName    = "ended:"
)

// isOver notes for all instances that Twilio said that a call is over.
func (s *Server) isOver(info Info) {
	s.noteEnd(info, false, over)
	if _, ok := s.config.Claims.(ClaimsReader); ok {
		s.elsewhere(context.Background(), info.SID, overName+info.SID, rememberFinished)
	}
}

// refuseEnded answers the webhook of a call that is over, which somebody has recorded
// and sends again: it gets no place and no token. It reports false for any other.
func (s *Server) refuseEnded(w http.ResponseWriter, r *http.Request, info Info) bool {
	if !s.ended(r.Context(), info.SID, r.PostForm.Get("CallStatus")) {
		return false
	}
	s.reply(w, s.once(r.Context(), overName+info.SID, func() answer { // one line a minute
		s.recorded.Warn("webhook refused: the call has ended, it may be a recorded one", "call_sid", info.SID)
		return hangUp()
	}))
	return true
}

// ended reports whether a webhook comes after the end of its call. A call that has not
// been answered yet cannot have had a stream; one that has may come back from elsewhere.
func (s *Server) ended(ctx context.Context, callSID, status string) bool {
	enough, name := over, overName
	switch status {
	case "queued", "initiated", "ringing":
		enough, name = streamed, countedName
	default:
		if terminal(status) {
			return true
		}
	}
	return s.finished.get(idOf(callSID), time.Now()).how >= enough || s.claimed(ctx, callSID, name+callSID)
}

// terminal reports whether a call is over that has this CallStatus.
func terminal(status string) bool {
	switch status {
	case "completed", "failed", "busy", "no-answer", "canceled":
		return true
	}
	return false
}

// claimed reports whether an instance has claimed the name, if the claims can tell.
func (s *Server) claimed(ctx context.Context, callSID, name string) (taken bool) {
	reader, ok := s.config.Claims.(ClaimsReader)
	if !ok {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("voice: Claims panicked: %v", p)
			}
		}()
		taken, err = reader.Claimed(ctx, name)
		return err
	}()
	if err != nil {
		s.config.Logger.Warn("claims not read, this instance decides alone", "call_sid", callSID, "error", err)
		return false
	}
	return taken
}
