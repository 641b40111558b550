package voice

import (
	"context"
	"slices"
	"time"

	"agentos.dev/dialtone/policy"
)

// runningEvery is how often the policies are told which calls are up: often enough that a
// process that was paused is not too late with the next time.
const runningEvery = policy.RunningLease / 3

// stillRunning tells the policies which calls are up, all at once, and again in a while as
// long as there are any.
func (s *Server) stillRunning() {
	defer s.exit()
	s.mu.Lock()
	calls := make([]policy.Call, 0, len(s.calls))
	for _, call := range s.calls {
		calls = append(calls, call.policyCall())
	}
	if len(calls) > 0 {
		s.running++
		s.pulse = time.AfterFunc(runningEvery, s.stillRunning)
	} else {
		s.pulse = nil
	}
	s.mu.Unlock()
	if len(calls) > 0 {
		s.tell(policy.Running, calls...)
	}
}

// beat begins to say which calls are up. The caller holds the lock.
func (s *Server) beat() {
	if s.pulse == nil {
		s.running++
		s.pulse = time.AfterFunc(runningEvery, s.stillRunning)
	}
}

// rest stops saying it when there are no calls. The caller holds the lock.
func (s *Server) rest() {
	if len(s.calls) == 0 && s.pulse != nil && s.pulse.Stop() {
		s.pulse = nil
		s.running--
		s.settle()
	}
}

// tell tells the policies what became of calls.
func (s *Server) tell(kind policy.OutcomeKind, calls ...policy.Call) {
	defer contain(s.config.Logger)
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	policy.Tell(ctx, policy.Outcome{Kind: kind}, s.config.Policy, s.config.Observers, calls...)
}

// finish tells that a call has ended, once, as far as the instances can agree on it, and
// counts it. It reports whether it was news to this instance. wasHere says that the
// stream was here: while the store is away, the call is counted here then.
func (s *Server) finish(info Info, o policy.Outcome, how certainty, wasHere bool) (news bool) {
	before := s.noteEnd(info, ending{told: true, how: how})
	return s.finishNoted(info, o, how, wasHere, before)
}

// finishNoted is finish for an end that has been noted, of which that was known before.
func (s *Server) finishNoted(info Info, o policy.Outcome, how certainty, wasHere bool, before ending) (news bool) {
	if before.told {
		s.giveBack(info, o)
		return false
	}
	e := &untold{info: info, outcome: o, over: how == over, wasHere: wasHere, counted: before.counted}
	if !s.tellEnd(e, false) && !s.retell(e) {
		s.tellEnd(e, true)
	}
	return true
}

// leaves tells the policies of a call that goes on without a stream: it keeps its place
// for as long as calls may last, unless it has ended meanwhile.
func (s *Server) leaves(ctx context.Context, info Info) {
	call := info.policyCall()
	call.Lease = s.config.MaxDuration
	s.tell(policy.Running, call)
	if s.finished.get(idOf(info.SID), time.Now()).told || s.endedElsewhere(ctx, info.SID, "ringing") {
		s.giveBack(info, policy.Outcome{Kind: policy.Ended, Duration: -1})
	}
}

// giveBack has the policies give back what a call holds that has been told to have ended.
func (s *Server) giveBack(info Info, o policy.Outcome) {
	defer contain(s.config.Logger.With("call_sid", info.SID))
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	policy.GiveBack(ctx, o, s.config.Policy, s.config.Observers, info.policyCall())
}

// untold is the end of a call of which nobody knows whether another instance told it.
type untold struct {
	info    Info
	outcome policy.Outcome
	over    bool // Twilio said so
	wasHere bool // its stream
	counted bool
	after   time.Time // when to ask again
}

const (
	retellEvery = time.Second
	// othersFirst is how much longer an instance waits that did not have the stream, so that
	// the one that had it tells the end.
	othersFirst = 5 * time.Second
	// maxUntold bounds what waits for a store that is away for long: further ends are told
	// at once, on each instance that learns of them.
	maxUntold = 10_000
)

// tellEnd tells the end of a call, and reports whether that is settled. last says that
// there is no other time: it is told then unless another instance is known to have.
func (s *Server) tellEnd(e *untold, last bool) (settled bool) {
	defer contain(s.config.Logger.With("call_sid", e.info.SID))
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	var more []policy.Op
	if e.over && s.config.Store.Shared() {
		more = append(more, overMark(e.info.SID))
	}
	settled = true // whatever an observer does
	told, err := policy.TellOnce(ctx, s.config.Store, s.id, e.outcome, s.config.Policy, s.config.Observers, e.info.policyCall(), more...)
	if err != nil && last {
		policy.Tell(ctx, e.outcome, s.config.Policy, s.config.Observers, e.info.policyCall())
		told, err = true, nil
	}
	if (told || err != nil && e.wasHere) && !e.counted {
		e.counted = true
		s.config.Trace.CallFinished(e.info, e.outcome.Status)
	}
	return err == nil
}

// retell tries again in a while. It reports false when there is no other time: the server
// has shut down, or too many ends wait already.
func (s *Server) retell(e *untold) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent || len(s.untold) >= maxUntold {
		return false
	}
	e.after = time.Now()
	if !e.wasHere {
		e.after = e.after.Add(othersFirst)
	}
	if s.untold = append(s.untold, e); len(s.untold) == 1 {
		s.retry = time.AfterFunc(retellEvery, s.retellAll)
	}
	return true
}

// retellAll tells the ends that are due, if the store is back.
func (s *Server) retellAll() {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	due := s.untold
	s.mu.Unlock()
	settled := make(map[*untold]bool)
	for _, e := range due {
		if !time.Now().Before(e.after) && s.tellEnd(e, false) {
			settled[e] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untold = slices.DeleteFunc(s.untold, func(e *untold) bool { return settled[e] })
	if len(s.untold) > 0 {
		s.retry = time.AfterFunc(retellEvery, s.retellAll)
	}
}

// tellGrace is how long a server that shuts down waits for a store that is away.
const tellGrace = 10 * time.Second

// tellRest waits until every end has been told, and tells those that are left when it must
// stop.
func (s *Server) tellRest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tellGrace)
	defer cancel()
	waiting := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.untold)
	}
	for waiting() > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(retellEvery / 10):
		}
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	left := s.untold
	s.untold, s.silent = nil, true
	if s.retry != nil {
		s.retry.Stop()
	}
	s.mu.Unlock()
	if len(left) > 0 {
		s.config.Logger.Warn("shut down while the store is away: other instances may tell the ends of calls too", "calls", len(left))
	}
	for _, e := range left {
		s.tellEnd(e, true)
	}
}
