package policy

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// DefaultLease is how long a place is held for a call after its webhook, until something
// more is heard of it: long enough for a challenge or a menu, and the stream's opening.
const DefaultLease = 3 * time.Minute

// RunningLease is how long a place is held after a report that the call is [OutcomeRunning].
// Reports come three times as often; the lease outlives a paused process.
const RunningLease = time.Minute

// ConcurrencyOptions configures [Concurrent].
type ConcurrencyOptions struct {
	// Reserved of the places are kept for calls for which Priority reports true.
	// Priority nil means that no call has priority.
	Reserved int
	Priority func(Call) bool

	// OnWarn is called when the number of calls reaches Warn (0 means 80 % of the
	// limit), and not again before it has fallen below. It must not block.
	Warn   int
	OnWarn func(inUse, limit int)

	// Store is where places are taken; nil is a memory of this limit's own. Limits in one
	// Store have the same places unless their Names differ.
	Store *Store
	Name  string
}

// Concurrency is a [Policy] that limits the number of calls at once. A call takes its place
// at its decision and keeps it while [OutcomeRunning] is reported, however long that is, until
// [OutcomeEnded]. When nothing is heard of it, because its instance died, the
// place frees itself: after a RunningLease, or before its stream has begun after
// DefaultLease (Call.Lease). Concurrent makes it; the zero value is not usable. All methods
// are safe for concurrent use.
type Concurrency struct {
	limit  int                // Unlimited, or at least 0
	o      ConcurrencyOptions // with defaults
	store  *Store
	warned atomic.Bool

	noticed func(Op) // how many places are taken; nil if nobody asks

	givenLimit int                // for Validate
	given      ConcurrencyOptions // without defaults, for Validate
	wrong      error
}

// Concurrent allows limit calls to be in progress at once. Twilio's limit is the account's,
// not the server's. 0 refuses every call, [Unlimited] none. At most one options is given.
// [Validate] returns what is wrong with the arguments.
func Concurrent(limit int, options ...ConcurrencyOptions) *Concurrency {
	o, err := onlyOne("concurrency", options)
	l := &Concurrency{limit: max(limit, Unlimited), o: o, store: InMemory(o.Store), givenLimit: limit, given: o, wrong: err}
	if o.Warn <= 0 {
		l.o.Warn = int(math.Ceil(float64(l.limit) * 0.8))
	}
	if o.OnWarn != nil {
		l.noticed = func(op Op) { l.warn(int(op.Total)) }
	}
	return l
}

// Decide takes a place for the call or refuses it with the reason [ReasonCapacity]. A
// call that holds a place already keeps it, its lease renewed. A call without a
// CallSid could never give its place back and is refused.
func (l *Concurrency) Decide(ctx context.Context, c Call) Decision {
	if l.store.Shared() {
		return DecideStored(ctx, l, c)
	}
	var room [1]Op
	ops := l.Ask(c, room[:0])
	l.store.local.Do(ctx, ops)
	return l.Judge(c, ops)
}

// Store returns where places are taken.
func (l *Concurrency) Store() *Store { return l.store }

// Ask asks for a place.
func (l *Concurrency) Ask(c Call, ops []Op) []Op {
	if c.SID == "" {
		return ops
	}
	limit := l.limit
	if limit > 0 && l.o.Reserved > 0 && (l.o.Priority == nil || !l.o.Priority(c)) {
		limit = max(limit-l.o.Reserved, 0)
	}
	lease := c.Lease
	if lease <= 0 {
		lease = DefaultLease
	}
	return append(ops, l.op(OpHold, c.SID, lease, limit, c.At))
}

func (l *Concurrency) op(kind OpKind, sid string, lease time.Duration, limit int, at time.Time) Op {
	return Op{Kind: kind, Space: "places", Name: l.o.Name, ID: sid, Keep: lease, Limit: int64(limit), At: at}
}

// Judge refuses a call that got no place.
func (l *Concurrency) Judge(_ Call, answers []Op) Decision {
	switch {
	case len(answers) == 0:
		return Decision{Verdict: Reject, Reason: ReasonCapacity, Busy: true, Detail: "no CallSid"}
	case !answers[0].OK:
		return Decision{Verdict: Reject, Reason: ReasonCapacity, Busy: true}
	}
	l.warn(int(answers[0].Total))
	return Decision{Verdict: Allow}
}

// warn calls OnWarn once when Warn places are taken, until fewer are.
func (l *Concurrency) warn(inUse int) {
	if l.o.OnWarn == nil || l.limit < 0 {
		return
	}
	if reached := inUse >= l.o.Warn; l.warned.Swap(reached) != reached && reached {
		l.o.OnWarn(inUse, l.limit)
	}
}

// Observe gives the place of a call back that was refused or has ended, and keeps that of
// one that is running, even if its lease has run out meanwhile: the call is there.
func (l *Concurrency) Observe(ctx context.Context, c Call, o Outcome) {
	switch o.Kind {
	case OutcomeRefused, OutcomeEnded:
		if c.SID != "" {
			l.store.send(ctx, l.noticed, l.op(OpFree, c.SID, 0, 0, time.Time{}))
		}
	case OutcomeRunning:
		l.store.Send(ctx, l.op(OpHold, c.SID, max(c.Lease, RunningLease), Unlimited, time.Time{}))
	}
}

// InUse returns how many calls hold a place. The error is [ErrAway] if these are only
// those that this instance knows of.
func (l *Concurrency) InUse(ctx context.Context) (int, error) {
	ops := []Op{l.op(OpHold, "", 0, 0, time.Time{})}
	l.store.Do(ctx, ops)
	if ops[0].Alone {
		return int(ops[0].Total), ErrAway
	}
	return int(ops[0].Total), nil
}

// Limit returns how many calls may be in progress at once, or [Unlimited].
func (l *Concurrency) Limit() int { return l.limit }
