package voice

import (
	"context"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// untold is the end of a call of which nobody knows whether another instance told it.
type untold struct {
	info    Info
	outcome policy.Outcome
	over    bool   // Twilio said so
	wasHere bool   // its stream
	mine    bool   // the other instances wait for this one to tell it
	cut     Reason // why neither side ended it; or ""
	said    string // Twilio's status of a call that seems to be cut by a crash
	counted bool
	since   time.Time // when it was to be told first
	due     time.Time // when to tell it, unless another instance has
}

const (
	// atOnceTold is how often a store that is slow is asked before the end waits.
	atOnceTold  = 3
	retellEvery = time.Second
	// claimWait is how long an instance that is about to tell the end takes, at first.
	claimWait = 5 * time.Millisecond
	// othersFirst is how much longer an instance waits that did not have the stream, so that
	// the one that had it tells the end.
	othersFirst = 4 * time.Second
	// countAlone is how long the instance that had the stream asks a store that is slow or
	// away before it counts the call by itself: another may have counted it meanwhile.
	countAlone = 5 * time.Second
	// maxUntold bounds what waits for a store that is away for long: further ends are told
	// at once, on each instance that learns of them.
	maxUntold = 10_000
)

// ends are those of calls that wait for the store. They have a lock of their own.
type ends struct {
	telling sync.Mutex // held while they are told, before mu

	mu      sync.Mutex
	open    map[string]chan struct{} // by CallSid; closed when the end is settled, or counted
	waiting []*untold
	retry   *time.Timer // tells them
	silent  bool        // Shutdown has told them: nothing waits any more
}

// begin notes that an end is to be told.
func (e *ends) begin(callSID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = make(map[string]chan struct{})
	}
	e.open[callSID] = make(chan struct{})
}

// settle ends the wait for an end.
func (e *ends) settle(callSID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if settled := e.open[callSID]; settled != nil {
		close(settled)
		delete(e.open, callSID)
	}
}

// settled returns a channel that is closed when the end of a call is settled, or counted; nil
// if it does not wait for that.
func (e *ends) settled(callSID string) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[callSID]
}

// add adds an end that tell will tell. It reports false when there is no other time.
func (e *ends) add(end *untold, tell func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.silent || len(e.waiting) >= maxUntold {
		return false
	}
	if e.waiting = append(e.waiting, end); len(e.waiting) == 1 {
		e.retry = time.AfterFunc(retellEvery, tell)
	}
	return true
}

// all returns what waits.
func (e *ends) all() []*untold {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.waiting)
}

// remove drops those that are settled, and has tell tell the rest.
func (e *ends) remove(settled map[*untold]bool, tell func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = slices.DeleteFunc(e.waiting, func(end *untold) bool { return settled[end] })
	if len(e.waiting) > 0 {
		e.retry = time.AfterFunc(retellEvery, tell)
	}
}

// take returns what waits, and has nothing wait any more.
func (e *ends) take() []*untold {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := e.waiting
	if e.waiting, e.silent = nil, true; e.retry != nil {
		e.retry.Stop()
	}
	return left
}

// retell tries again in a while. It reports false when there is no other time: the server
// has shut down, or too many ends wait already.
func (s *Server) retell(e *untold) bool {
	e.due = time.Now()
	if !e.wasHere {
		e.due = e.due.Add(othersFirst)
	}
	return s.ends.add(e, s.retellAll)
}

// retellOne tells an end if it is due, or finds out that another instance has told it, and
// reports whether it is settled. The time in which the store was away does not count for the
// instance that waits for another: that one may have counted the call by itself.
func (s *Server) retellOne(e *untold) (settled bool) {
	var err error
	if !time.Now().Before(e.due) {
		s.doubtCrash(e)
		err = s.tellEnd(e, false)
		settled = err == nil
	} else {
		ops := []policy.Op{policy.ReadEnd(e.info.SID)}
		s.config.Store.Do(context.Background(), ops)
		err, settled = ops[0].Err, policy.EndReported(&ops[0])
		if settled && e.over {
			s.config.Store.Later(overMark(e.info.SID))
		}
		if settled {
			s.giveBack(e.info, e.outcome)
		}
	}
	if err == policy.ErrAway && !e.wasHere {
		e.due = time.Now().Add(othersFirst)
	}
	return settled
}

// doubtCrash finds out that the stream of a call that seems to be cut by a crash never
// began: it ended after its handshake.
func (s *Server) doubtCrash(e *untold) {
	if e.cut != ReasonCrash || e.counted {
		return
	}
	last, err := s.lastLeg(context.Background(), e.info.SID)
	if (err == nil || err == errOver) && last.phase == isNone {
		e.cut, e.outcome.Status = "", e.said
	}
}

// retellAll tells the ends that wait, if the store is back.
func (s *Server) retellAll() {
	s.ends.telling.Lock()
	defer s.ends.telling.Unlock()
	settled := make(map[*untold]bool)
	for _, e := range s.ends.all() {
		if s.retellOne(e) {
			settled[e] = true
			s.ends.settle(e.info.SID)
		}
	}
	s.ends.remove(settled, s.retellAll)
}

const (
	// tellGrace is how long a server that shuts down waits for a store that is away.
	tellGrace = 5 * time.Second
	// ownerGrace is how long it waits for the instance that had the stream, which tells the end
	// then or not at all.
	ownerGrace = mineWithin + retellEvery
)

// tellRest waits until every end has been told, and tells those that are left when it must
// stop.
func (s *Server) tellRest(ctx context.Context) {
	grace := tellGrace
	if s.config.Store.Up() {
		grace = ownerGrace
	}
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for len(s.ends.all()) > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(retellEvery / 10):
		}
	}
	s.ends.telling.Lock()
	defer s.ends.telling.Unlock()
	left := s.ends.take()
	if len(left) > 0 && !s.config.Store.Up() {
		s.config.Logger.Warn("shut down while the store is away: other instances may report the ends of calls too", "calls", len(left))
	}
	for _, e := range left {
		if !s.tellAtOnce(e) {
			_ = s.tellEnd(e, true)
		}
	}
}
