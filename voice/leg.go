package voice

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"agentos.dev/dialtone/policy"
)

// phase says what became of a leg, which is one stream of a call.
type phase byte

const (
	isNone   phase = iota // nothing is known of it
	isUp                  // its instance has not said otherwise
	hasBroke              // its connection broke, or its instance shut down
	isDone                // the call goes on in no other leg
)

// legEvery is the least time between the beginnings of two streams of a call.
const legEvery = time.Second

// leg is what the store knows of a call's last stream, so that another instance can go on
// with the call. Its instance alone writes it, until another has taken the call.
type leg struct {
	phase phase
	owner string // the instance
	info  Info   // SID and Leg alone
	began time.Time
	passage
}

// legSpace is where the legs are in the store, by CallSid.
const legSpace = "leg"

const legVersion = 3

func (l *leg) value(keys *sessionKeys, m *conversation) []byte {
	b := []byte{legVersion, byte(l.phase)}
	b = binary.AppendUvarint(b, uint64(l.info.Leg))
	b = appendTime(appendText(b, l.owner), l.began)
	p := l.passage
	p.leg, p.state = l.info.Leg, keys.sealConversation(m, l.info.SID, l.info.Leg)
	return appendPassage(b, p)
}

// readLeg returns what the store has of a call; phase is isNone if that is nothing.
func readLeg(op *policy.Op) leg {
	l := leg{info: Info{Call: policy.Call{SID: op.Name}}}
	if op.Generation == 0 || len(op.Value) < 2 || op.Value[0] != legVersion {
		return l
	}
	d := decoder{rest: op.Value[2:]}
	number, owner, began, p := int(d.number()), d.text(), d.time(), d.passage()
	if d.bad {
		return l
	}
	l.phase, l.info.Leg, l.owner, l.began, l.passage = phase(op.Value[1]), number, owner, began, p
	return l
}

// before reports whether the leg may be taken over by the next.
func (l *leg) before(next *leg) bool {
	return l.phase == isNone || l.phase == isDone || l.chain != next.chain || l.info.Leg < next.info.Leg
}

// passed reports whether a call does not go on from a ticket: its stream ended for good, or
// a later one has begun.
func (l *leg) passed(t *ticket) bool {
	return l.chain == t.chain && (l.phase == isDone || l.info.Leg > t.info.Leg)
}

// after returns what the next leg must know, of which the token knows the rest.
func (l *leg) after(token passage) passage {
	p := l.passage
	if age := time.Since(p.broke); l.phase != hasBroke || age < 0 || age > breakLease {
		p.broke, p.cause = token.broke, token.cause
	}
	if p.cause == "" {
		p.cause = ReasonDisconnect
	}
	return p
}

// errOver is what lastLeg returns for a call that is over.
var errOver = errors.New("voice: the call is over")

// lastLeg returns what the instances know of a call's last stream, and errOver besides if the
// call is over.
func (s *Server) lastLeg(ctx context.Context, callSID string) (leg, error) {
	ops := []policy.Op{
		{Kind: policy.OpRead, Space: legSpace, Name: callSID},
		{Kind: policy.OpRead, Space: overSpace, Name: callSID},
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), decideTimeout)
	defer cancel()
	s.config.Store.Do(ctx, ops)
	switch {
	case ops[0].Err != nil:
		return leg{}, ops[0].Err
	case ops[1].OK:
		return readLeg(&ops[0]), errOver
	}
	return readLeg(&ops[0]), ops[1].Err
}

// lastLegWithin is lastLeg for a call that waits for the answer: a store that is slow or away
// for a moment is asked again.
func (s *Server) lastLegWithin(ctx context.Context, callSID string, patience time.Duration) (last leg, err error) {
	for until := time.Now().Add(patience); ; time.Sleep(askAgainEvery) {
		if last, err = s.lastLeg(ctx, callSID); err == nil || err == errOver || time.Now().After(until) {
			return last, err
		}
	}
}

const (
	askAgainFor   = 2 * time.Second
	askAgainEvery = 50 * time.Millisecond
)

// keepDone is how long the store knows that a leg was the last one.
const keepDone = time.Minute

// legWrite returns the question that writes a leg in the place of the one before.
func (s *Server) legWrite(l *leg, m *conversation, before uint64) policy.Op {
	op := policy.Op{Kind: policy.OpWrite, Space: legSpace, Name: l.info.SID, Generation: before, Keep: s.config.MaxDuration + 2*ticketGrace}
	if l.phase == isDone {
		op.Keep = keepDone
	}
	op.Value = l.value(s.keys.Load(), m)
	return op
}

// firstLeg returns the question that makes this instance the owner of a call before its
// first stream begins.
func (s *Server) firstLeg(session session) policy.Op {
	now := time.Now()
	l := leg{phase: isUp, owner: s.id, info: session.info, began: now, passage: passage{chain: session.chain, start: now}}
	return s.legWrite(&l, &conversation{}, 0)
}

// disown takes back what firstLeg has written, of which owned is the generation, for a
// stream that has not begun.
func (s *Server) disown(info Info, owned uint64) {
	if owned == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	s.write(ctx, policy.Op{Kind: policy.OpWrite, Space: legSpace, Name: info.SID, Generation: owned, Keep: keepDone})
}

// write asks the store at once, or when it is back.
func (s *Server) write(ctx context.Context, op policy.Op) {
	ops := []policy.Op{op}
	if s.config.Store.Do(ctx, ops); ops[0].Err != nil {
		s.config.Store.Later(ops[0])
	}
}
