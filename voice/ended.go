package voice

import (
	"context"
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
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
	s.reply(w, s.answers.once(r.Context(), overSpace+info.SID, func() answer { return s.answerEnded(info) })) // one line a minute
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
