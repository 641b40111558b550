package voice

import (
	"context"
	"slices"
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
	if !s.ends.telling.TryLock() { // tellRest tells all of them
		return
	}
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

// tellGrace is how long a server that shuts down waits for a store that is away.
const tellGrace = 5 * time.Second

// tellRest has every end told before the server stops. However little time Shutdown has, it
// waits for the instances that had the streams.
func (s *Server) tellRest() {
	for until := time.Now().Add(tellGrace); len(s.ends.all()) > 0 && !s.config.Store.Up() && time.Now().Before(until); {
		time.Sleep(retellEvery / 10)
	}
	s.ends.telling.Lock()
	defer s.ends.telling.Unlock()
	left := s.ends.take()
	if len(left) > 0 && !s.config.Store.Up() {
		s.config.Logger.Warn("shut down while the store is away: other instances may report the ends of calls too", "calls", len(left))
	}
	s.tellLast(left...)
}

// lastTold bounds how long tellLast waits for others.
const lastTold = othersFirst + 4*time.Second

// tellLast tells ends for which there is no other time, as soon as they are due and no other
// instance is about to. While the store is away they are told at once.
func (s *Server) tellLast(ends ...*untold) {
	until := time.Now().Add(lastTold)
	for try := 1; len(ends) > 0; try++ {
		away := try > atOnceTold && !s.config.Store.Up()
		over := time.Now().After(until)
		ends = slices.DeleteFunc(ends, func(e *untold) bool {
			if away && s.tellEnd(e, true) == nil || s.retellOne(e) || over {
				s.ends.settle(e.info.SID)
				return true
			}
			return false
		})
		if len(ends) > 0 {
			time.Sleep(min(claimWait<<try, retellEvery/10))
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
