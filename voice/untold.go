package voice

import (
	"context"
	"time"

	"agentos.dev/dialtone/policy"
)

// othersFirst is how much longer an instance waits that did not have the stream, so that
// the one that had it tells the end.
const othersFirst = 4 * time.Second

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

// markSpace is where each instance leaves a mark in the store: one that has lost it has lost
// everything, as a Redis that was restarted without its file.
const markSpace = "instance"

// watchStore has what the store has lost noted again, within about a second: which calls this
// instance has, and which it has told to have ended.
func (s *Server) watchStore() {
	if !s.config.Store.Shared() {
		return
	}
	mark := policy.Op{Kind: policy.OpRead, Space: markSpace, Name: s.id}
	s.config.Store.Watch(func() policy.Op { return mark }, func(found policy.Op) {
		if found.OK {
			return
		}
		ops := append(s.toldEnds.ops(), policy.Op{Kind: policy.OpWrite, Space: markSpace, Name: s.id, Keep: rememberFinished})
		s.config.Store.Do(context.Background(), ops)
		s.touchAll()
	})
}
