package voice

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
)

// callID is the number in a CallSid.
type callID [16]byte

func idOf(callSID string) (id callID) {
	hex.Decode(id[:], []byte(callSID[len("CA"):])) // the form of the CallSid has been checked
	return id
}

// ending is what is known of the end of a call.
type ending struct {
	told    bool // or being told
	counted bool // before it was told
	how     certainty
	chain   int64 // the last series of streams that has ended; 0: none
}

// of reports whether a call does not go on from a ticket, as far as is known here.
func (e *ending) of(t *ticket) bool {
	return e.how == over || e.how == streamed && t.chain <= e.chain
}

// certainty says how sure it is that a call is over.
type certainty uint8

const (
	up       certainty = iota
	refused            // the answer to its webhook ends it
	streamed           // its stream has ended by a stop message, which also comes when REST takes the call elsewhere
	over               // Twilio said so, or its TwiML hangs up
)

// noteEnd notes how a call ends, and returns what was known of that before. An end that is to
// be told, and was not before, is then for finishNoted.
func (s *Server) noteEnd(info Info, more ending) (before ending) {
	return s.finished.note(idOf(info.SID), time.Now(), func(e ending) ending {
		if more.told && !e.told {
			s.ends.begin(info.SID)
		}
		return ending{e.told || more.told, e.counted || more.counted, max(e.how, more.how), max(e.chain, more.chain)}
	})
}

// overSpace is where the instances note in the store, by CallSid, that Twilio said that a
// call is over.
const overSpace = "over"

func overMark(callSID string) policy.Op {
	return policy.Op{Kind: policy.OpWrite, Space: overSpace, Name: callSID, Generation: policy.AnyGeneration, Keep: rememberFinished}
}

// markOver notes for all instances that a call is over, and reports whether they know.
func (s *Server) markOver(callSID string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	ops := []policy.Op{overMark(callSID)}
	s.config.Store.Do(ctx, ops)
	return ops[0].OK && ops[0].Err == nil && !ops[0].Alone
}

// known returns the question whether an instance knows that a call is over whose webhook
// has this CallStatus. A call that has not been answered yet cannot have had a stream; one
// that has may come back from elsewhere.
func known(callSID, status string) (op policy.Op, enough certainty) {
	if notAnswered(status) {
		return policy.ReadEnd(callSID), streamed
	}
	return policy.Op{Kind: policy.OpRead, Space: overSpace, Name: callSID}, over
}

func notAnswered(status string) bool {
	return status == "queued" || status == "initiated" || status == "ringing"
}

// endedHere reports whether this instance knows that a webhook comes after the end of its
// call.
func (s *Server) endedHere(callSID, status string) bool {
	_, enough := known(callSID, status)
	return terminal(status) || s.finished.get(idOf(callSID), time.Now()).how >= enough
}

// endedElsewhere reports whether another instance knows it.
func (s *Server) endedElsewhere(ctx context.Context, callSID, status string) bool {
	if !s.config.Store.Shared() {
		return false
	}
	op, _ := known(callSID, status)
	ops := []policy.Op{op}
	s.config.Store.Do(ctx, ops)
	return ops[0].OK
}

// refuseEnded answers the webhook of a call that is over, which somebody has recorded
// and sends again: it gets no place and no token. It reports false for any other.
func (s *Server) refuseEnded(w http.ResponseWriter, r *http.Request, info Info) bool {
	if !s.endedHere(info.SID, r.PostForm.Get("CallStatus")) {
		return false
	}
	s.reply(w, s.once(r.Context(), overSpace+info.SID, func() answer { return s.answerEnded(info) })) // one line a minute
	return true
}

func (s *Server) answerEnded(info Info) answer {
	s.recorded.Warn("webhook refused: the call has ended, it may be a recorded one", "call_sid", info.SID)
	return hangUp()
}

// terminal reports whether a call is over that has this CallStatus.
func terminal(status string) bool {
	switch status {
	case "completed", "failed", "busy", "no-answer", "canceled":
		return true
	}
	return false
}

// standing is what is known of a call when its webhook comes.
type standing uint8

const (
	isNewCall  standing = iota
	isAdmitted          // by the policy, for another webhook
	isOver              // it has ended
)

// knownCall is a policy before the host's that refuses calls that have ended on another
// instance, and finds out whether one has admitted the call. It asks the store along with
// the host's first, whom it does no harm to be asked twice about a call.
type knownCall struct {
	server   *Server
	status   string
	standing standing
}

func (p *knownCall) Store() *policy.Store { return p.server.config.Store }

func (p *knownCall) Decide(ctx context.Context, c policy.Call) policy.Decision {
	return policy.DecideStored(ctx, p, c)
}

func (p *knownCall) Ask(c policy.Call, ops []policy.Op) []policy.Op {
	ended, _ := known(c.SID, p.status)
	return append(ops, ended, policy.Op{Kind: policy.OpRead, Space: admittedSpace, Name: c.SID})
}

func (p *knownCall) Judge(_ policy.Call, answers []policy.Op) policy.Decision {
	switch {
	case answers[0].OK:
		p.standing = isOver
		return policy.Decision{}
	case answers[1].OK:
		p.standing = isAdmitted
	}
	return policy.Decision{Verdict: policy.Allow}
}
