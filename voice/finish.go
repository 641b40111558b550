package voice

import (
	"context"
	"time"

	"agentos.dev/dialtone/policy"
)

const (
	// atOnceTold is how often a store that is slow is asked before the end waits.
	atOnceTold = 3
	// claimWait is how long an instance that is about to tell the end takes, at first.
	claimWait = 5 * time.Millisecond
	// countAlone is how long the instance that had the stream asks a store that is slow or
	// away before it counts the call by itself: another may have counted it meanwhile.
	countAlone = 5 * time.Second
)

// stillRunning tells the policies which calls are up, all at once, and again in a while as
// long as there are any.
func (s *Server) stillRunning() {
	defer s.exit()
	s.beating <- struct{}{}
	defer func() { <-s.beating }()
	up := s.beatAgain()
	calls := make([]policy.Call, len(up))
	for i, call := range up {
		calls[i] = call.Info.Call
	}
	s.touchAll() // another instance may have taken a call unnoticed
	if len(calls) > 0 {
		s.tell(policy.OutcomeRunning, calls...)
	}
}

// touchAll has the legs of all calls written, soon.
func (s *Server) touchAll() {
	for _, call := range s.all() {
		call.owner.touch()
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
	return s.finishNoted(&untold{info: info, outcome: o, over: how == over, wasHere: wasHere}, s.noteEnd(info, ending{told: true, how: how}))
}

// finishNoted is finish for an end that has been noted, of which that was known before.
func (s *Server) finishNoted(e *untold, before ending) (news bool) {
	if before.told {
		s.giveBack(e.info, e.outcome)
		return false
	}
	e.counted, e.since = before.counted, time.Now()
	if !s.tellAtOnce(e) && !s.retell(e) {
		s.tellLast(e)
	}
	return true
}

// tellAtOnce tells an end, asking a store that is slow, or an instance that is about to tell
// it, several times, and reports whether it is settled.
func (s *Server) tellAtOnce(e *untold) bool {
	for try := 1; ; try++ {
		switch err := s.tellEnd(e, false); {
		case err == nil:
			return true
		case try == atOnceTold:
			return false
		case err == policy.ErrClaimed:
			time.Sleep(claimWait << try)
		}
	}
}

// finishCut is finish for a call that neither side ended: it counts as failed.
func (s *Server) finishCut(info Info, o policy.Outcome, how certainty, wasHere bool, why Reason) {
	o.Kind, o.Status = policy.OutcomeEnded, "failed"
	s.finishNoted(&untold{info: info, outcome: o, over: how == over, wasHere: wasHere, cut: why}, s.noteEnd(info, ending{told: true, how: how}))
}

// leaves tells the policies of a call that goes on without a stream: it keeps its place
// for as long as calls may last, unless it has ended meanwhile.
func (s *Server) leaves(ctx context.Context, info Info) {
	call := info.Call
	call.Lease = s.config.MaxDuration
	s.beating <- struct{}{} // what is said of it as one that is up does not come later
	s.tell(policy.OutcomeRunning, call)
	<-s.beating
	if s.finished.get(idOf(info.SID), time.Now()).told || s.endedElsewhere(ctx, info.SID, "ringing") {
		s.giveBack(info, policy.Outcome{Kind: policy.OutcomeEnded, Duration: -1})
	}
}

// giveBack has the policies give back what a call holds that has been told to have ended.
func (s *Server) giveBack(info Info, o policy.Outcome) {
	defer contain(s.config.Logger.With("call_sid", info.SID))
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	policy.GiveBack(ctx, o, s.config.Policy, s.config.Observers, info.Call)
}

// tellEnd tells the end of a call and counts it, unless another instance has. The error is why
// that is not settled, of package policy. last says that there is no other time: it is told
// then although the store is away.
func (s *Server) tellEnd(e *untold, last bool) (unsettled error) {
	defer func() {
		if unsettled == nil || e.counted {
			s.ends.settle(e.info.SID)
		}
	}()
	defer contain(s.config.Logger.With("call_sid", e.info.SID))
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	var more []policy.Op
	shared := s.config.Store.Shared()
	if e.over && shared {
		more = append(more, overMark(e.info.SID))
	}
	if e.mine {
		s.countOnce(e)
		policy.TellFirst(ctx, s.config.Store, e.outcome, s.config.Policy, s.config.Observers, e.info.Call, more...)
		s.toldEnds.note(e) // mine is never without a store
		return nil
	}
	observers := append([]policy.Observer{policy.ObserverFunc(func(context.Context, policy.Call, policy.Outcome) { s.countOnce(e) })}, s.config.Observers...)
	told, err := policy.TellOnce(ctx, s.config.Store, s.id, e.outcome, s.config.Policy, observers, e.info.Call, more...)
	if err == policy.ErrAway && last {
		policy.Tell(ctx, e.outcome, s.config.Policy, observers, e.info.Call)
		told, err = true, nil
	}
	if told && shared {
		s.toldEnds.note(e)
	}
	if err == policy.ErrAway && e.wasHere && time.Since(e.since) >= countAlone {
		s.countOnce(e)
	}
	return err
}

// countOnce counts a call, unless it was counted before its end could be told.
func (s *Server) countOnce(e *untold) {
	if !e.counted {
		e.counted = true
		s.count(e)
	}
}

// count counts a call.
func (s *Server) count(e *untold) {
	log := s.config.Logger.With("call_sid", e.info.SID)
	if e.cut != "" {
		logFailure(log, "call cut", e.info.SID, "call_cut", "reason", string(e.cut), "leg", e.info.Leg)
		s.config.Trace.CallCut(e.info, e.cut)
	}
	log.Info("call counted", "status", e.outcome.Status, "leg", e.info.Leg)
	s.config.Journal.Known(e.info.SID).Finished(e.outcome.Status)
	s.config.Trace.CallFinished(e.info, e.outcome.Status)
}

// outcome returns what the call came to here.
func (c *liveCall) outcome() policy.Outcome {
	o := policy.Outcome{Kind: policy.OutcomeEnded, Status: c.status(), Duration: c.whole()}
	if c.reason == ReasonTransfer { // it was to go on elsewhere
		o.Duration = -1
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.said >= 0 {
		o.Duration, o.Billed = c.said, true
	}
	return o
}

// told returns the end of the call as it is to be told.
func (c *liveCall) told() *untold {
	e := &untold{info: c.Info, outcome: c.outcome(), over: c.certainty() == over, wasHere: true}
	if c.reason.cut() {
		e.cut = c.reason
	}
	return e
}

// certainty says how sure it is that a call whose stream has ended is over.
func (c *liveCall) certainty() certainty {
	if c.reason == ReasonHungUp || c.reason == ReasonTransfer {
		return streamed
	}
	return over
}

// status is Twilio's CallStatus for what the call came to here.
func (c *liveCall) status() string {
	if c.reason.failed() {
		return "failed"
	}
	return "completed"
}

// whole returns how long the call has lasted, in all its streams.
func (c *liveCall) whole() time.Duration { return c.lasted + max(0, c.began.Sub(c.Started)) }
