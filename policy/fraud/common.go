package fraud

import (
	"strconv"
	"time"

	"agentos.dev/dialtone/policy"
)

// The logs of what all instances know, each of the last hour.
const (
	attemptLog   = "fraud:attempts"   // calls of a caller, and of a SIP host
	targetLog    = "fraud:targets"    // numbers that a caller called
	neighbourLog = "fraud:neighbours" // numbers of a hundred that called
	endedLog     = "fraud:ended"      // calls of a caller that have ended
	shortLog     = "fraud:short"      // those of them that were short
)

// maxEnded is how many of a caller's calls are looked at for their length.
const maxEnded = 50

// Store returns where the other instances' memories are, or nil.
func (s *Score) Store() *policy.Store {
	if s.o.Store.Shared() {
		return s.o.Store
	}
	return nil
}

// Ask notes the attempt for all instances and asks what they know of the caller. All who
// withhold their number share one history, which is nobody's.
func (s *Score) Ask(c policy.Call, ops []policy.Op) []policy.Op {
	if c.Outbound() {
		return ops
	}
	who := c.Identity()
	note := func(space, name, id string, limit int) {
		ops = append(ops, policy.Op{Kind: policy.OpCount, Attempt: true, Space: space, Name: name, ID: id, Limit: int64(limit), Keep: time.Hour, At: c.At})
	}
	if who.Host != "" && s.o.HostFactor > 0 {
		note(attemptLog, "@"+who.Host, c.SID, s.o.AttemptsPerHour*s.o.HostFactor)
	}
	if who.IsWithheld() {
		return ops
	}
	name := who.String()
	note(attemptLog, name, c.SID, s.o.AttemptsPerHour)
	note(targetLog, name, c.To, s.o.Targets)
	if hundred, unit, number := split(&who); number {
		note(neighbourLog, hundred, strconv.Itoa(unit), s.o.Neighbours)
	}
	for _, space := range []string{endedLog, shortLog} {
		ops = append(ops, policy.Op{Kind: policy.OpCount, Space: space, Name: name, Keep: time.Hour, At: c.At})
	}
	return ops
}

// lengths is what there is to note of a call that has ended.
func (s *Score) lengths(c policy.Call, lasted time.Duration) []policy.Op {
	op := policy.Op{Kind: policy.OpCount, Attempt: true, Space: endedLog, Name: c.Identity().String(), ID: c.SID, Limit: maxEnded, Keep: time.Hour}
	if lasted >= s.o.ShortCall {
		return []policy.Op{op}
	}
	short := op
	short.Space = shortLog
	return []policy.Op{op, short}
}

// add adds what all instances know, as far as the store answered.
func (h *history) add(answers []policy.Op) {
	for i := range answers {
		op := &answers[i]
		if op.Err != nil || op.Alone {
			continue
		}
		n := float64(op.Total)
		switch {
		case op.Space == attemptLog && op.Name[0] == '@':
			h.hostAttempts = max(h.hostAttempts, n)
		case op.Space == attemptLog:
			h.attempts = max(h.attempts, n)
		case op.Space == targetLog:
			h.targets = max(h.targets, int(n))
		case op.Space == neighbourLog:
			h.neighbours = max(h.neighbours, int(n))
		case op.Space == endedLog:
			h.ended = max(h.ended, n)
		case op.Space == shortLog:
			h.short = max(h.short, n)
		}
	}
}
