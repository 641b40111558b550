package voice

import (
	"context"
	"time"

	"agentos.dev/dialtone/policy"
)

// lookForBroken is how often it is asked meanwhile whether it has gone on: a store may forget
// that later.
const lookForBroken = 5 * time.Second

// broke waits for a call whose stream has broken to go on, which it does elsewhere
// unnoticed, or to be over.
func (s *Server) broke(c *liveCall) {
	b := &brokenCall{info: c.Info, chain: c.owner.leg.chain, outcome: c.outcome(), reason: c.reason}
	s.mu.Lock()
	waits := s.broken != nil && len(s.broken) < maxUntold
	if waits {
		s.await(b)
	}
	s.mu.Unlock()
	if !waits {
		s.drop(b)
	}
}

// await waits for the call for a while. The caller holds the lock.
func (s *Server) await(b *brokenCall) {
	if s.calls[callKey{sid: b.info.SID}] != nil { // it goes on here
		return
	}
	if old := s.broken[b.info.SID]; old != nil {
		old.timer.Stop()
	}
	s.broken[b.info.SID] = b
	b.until = time.Now().Add(breakLease)
	wait := lookForBroken
	if s.finished.get(idOf(b.info.SID), time.Now()).how == over { // while the last stream was put away
		wait = 0
	}
	b.timer = time.AfterFunc(wait, func() { s.cut(b) })
}

// cut counts a call that has not gone on in time.
func (s *Server) cut(b *brokenCall) {
	defer contain(s.config.Logger.With("call_sid", b.info.SID))
	s.mu.Lock()
	waits := s.broken[b.info.SID] == b
	if waits {
		s.running++
	}
	s.mu.Unlock()
	if !waits {
		return
	}
	defer s.exit()
	last, err := s.lastLeg(context.Background(), b.info.SID)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken[b.info.SID] != b:
		return
	case err != nil && err != errOver:
		b.timer = time.AfterFunc(retellEvery, func() { s.cut(b) })
		return
	}
	moved := last.phase != isNone && (last.chain != b.chain || last.info.Leg > b.info.Leg)
	alone := !s.config.Store.Shared() && s.config.Resume != ResumeAlone
	said := s.finished.get(idOf(b.info.SID), time.Now()).how == over
	if left := time.Until(b.until); left > 0 && !moved && !said && err == nil {
		b.timer = time.AfterFunc(min(left, lookForBroken), func() { s.cut(b) })
		return
	}
	if delete(s.broken, b.info.SID); (moved || alone) && !said {
		return // the instance that has it counts it, or the one that hears of its end
	}
	s.running++
	go func() {
		defer s.exit()
		if moved {
			s.overHere(b.info, b.outcome)
			return
		}
		s.finishCut(b.info, b.outcome, over, true, b.reason)
	}()
}

// dropBroken forgets the calls that other instances may have, when this one stops, and
// counts those that none can have.
func (s *Server) dropBroken() {
	s.mu.Lock()
	left := s.broken
	s.broken = nil // none waits any more
	s.mu.Unlock()
	for _, b := range left {
		b.timer.Stop()
		s.drop(b)
	}
}

// drop counts a broken call if no other instance can, or will: Twilio has said here that
// it is over.
func (s *Server) drop(b *brokenCall) {
	switch said := s.finished.get(idOf(b.info.SID), time.Now()).how == over; {
	case said:
		s.finishCut(b.info, b.outcome, over, true, b.reason)
	case s.config.Resume == ResumeAlone && !s.config.Store.Shared():
		s.finishCut(b.info, b.outcome, streamed, true, b.reason)
	}
}

// overHere takes note that a call is over whose stream was not here, or has broken: by what
// the instances know of its last stream it was cut, or ended as Twilio says.
func (s *Server) overHere(info Info, o policy.Outcome) {
	log := s.config.Logger.With("call_sid", info.SID, "status", o.Status)
	if !s.config.resumes() {
		if s.finish(info, o, over, false) {
			log.Info("call finished without a stream here")
		}
		return
	}
	last, err := s.lastLeg(context.Background(), info.SID)
	unknown := err != nil && err != errOver
	s.mu.Lock()
	b := s.broken[info.SID]
	s.goesOn(info.SID)
	s.mu.Unlock()
	info.Leg = last.info.Leg
	switch {
	case b != nil && !unknown && (last.phase == isNone || last.chain == b.chain && last.info.Leg <= b.info.Leg):
		b.outcome.Duration, b.outcome.Billed = o.Duration, o.Billed
		s.finishCut(b.info, b.outcome, over, true, b.reason)
	case !unknown && (last.phase == isNone || last.owner == s.id):
		if s.finish(info, o, over, false) {
			log.Info("call finished without a stream here")
		}
	case last.phase == hasBroke:
		s.finishCut(info, o, over, false, last.cause)
	default: // perhaps another instance has its stream, or had its last, and tells its end, unless it has gone
		e := &untold{info: info, outcome: o, over: true}
		if err == nil && last.phase == isUp {
			e.cut, e.said, e.outcome.Status = ReasonCrash, o.Status, "failed"
		}
		before := s.noteEnd(info, ending{told: true, how: over})
		if before.told {
			s.giveBack(info, o)
			return
		}
		e.counted, e.since = before.counted, time.Now()
		if !s.retell(e) {
			s.tellLast(e)
		}
	}
}
