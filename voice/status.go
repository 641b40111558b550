package voice

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"agentos.dev/dialtone/policy"
)

// serveStatus takes a status callback. Callbacks come in any order, several
// times, and to any instance; only the first terminal state of a call counts. It is
// answered when the call is counted, so that a load balancer sends it on should this
// instance be killed meanwhile.
func (s *Server) serveStatus(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	if !ok {
		return
	}
	r, end := s.step(r, info, StepStatus)
	defer end()
	s.config.Trace.StatusCallback(r.Context(), info, r.PostForm)
	if status := r.PostForm.Get("CallStatus"); terminal(status) {
		duration := lasted(status, r.PostForm.Get("CallDuration"))
		ctx, cancel := context.WithTimeout(r.Context(), holdStatus)
		defer cancel()
		await(ctx, s.over(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: status, Duration: duration, Billed: duration >= 0}))
		await(ctx, s.ends.settled(info.SID))
	}
	w.WriteHeader(http.StatusNoContent)
}

// await waits for a channel to be closed, if there is one.
func await(ctx context.Context, done <-chan struct{}) {
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// holdStatus is how long the answer to a status callback waits, of the 15 s that Twilio
// gives it.
const holdStatus = othersFirst + 5*retellEvery

// streamFirst is how long a call whose stream is still here has to end by that: a stream that
// broke may be overtaken by the status callback.
const streamFirst = time.Second

// lasted reads how many seconds a call has lasted; < 0 if that should be there and is not.
func lasted(status, seconds string) time.Duration {
	n, err := strconv.ParseUint(seconds, 10, 31)
	if err != nil && status == "completed" {
		return -1
	}
	return time.Duration(n) * time.Second
}

// over handles a call's terminal status. A stream that is still here is ended, and decides
// how the call is counted: the channel is closed when it has.
func (s *Server) over(info Info, o policy.Outcome) (buried <-chan struct{}) {
	s.mu.Lock()
	before := s.noteEnd(info, ending{how: over})
	call := s.calls[callKey{sid: info.SID}]
	if call != nil {
		s.running++
		call.said = o.Duration
	}
	heard := s.calls[callKey{sid: info.SID, unidirectional: true}]
	if heard != nil {
		s.running++
	}
	s.mu.Unlock()
	if heard != nil {
		go func() {
			defer s.exit()
			heard.end(ReasonHungUp, nil)
		}()
	}
	switch {
	case call != nil:
		s.config.Store.Later(overMark(info.SID))
		done := make(chan struct{})
		go func() {
			defer s.exit()
			defer close(done)
			select {
			case <-call.buried:
			case <-time.After(streamFirst):
				call.end(ReasonHungUp, nil)
			}
			if call.reason == ReasonTransfer { // which that does not tell
				s.finish(info, o, over, true)
			}
			if <-call.settled; call.goesOn { // it would have
				s.overHere(info, o)
			}
		}()
		return done
	case before.told:
		if before.how != over {
			s.config.Store.Later(overMark(info.SID))
		}
		if info.Outbound() { // Twilio knows better how long it has lasted
			s.giveBack(info, o)
		}
	default:
		s.overHere(info, o)
	}
	return nil
}
