package policy

import (
	"context"
	"math"
	"sync"
	"time"
)

// DefaultLease is how long a place is held for a call of which nothing more is
// heard: the usual longest call of five minutes, and two for a challenge before it.
const DefaultLease = 7 * time.Minute

// ConcurrencyOptions configures [NewConcurrency].
type ConcurrencyOptions struct {
	// Limit is how many calls may be in progress at once. Twilio's limit is the
	// account's, not the server's. 0 refuses every call, Unlimited refuses none.
	Limit int

	// Lease is how long a place is held at most when Release never comes. It must
	// be longer than the longest call with what comes before it. 0 means
	// DefaultLease.
	Lease time.Duration

	// Reserved of the places are kept for calls for which Priority reports true.
	// Priority nil means that no call has priority.
	Reserved int
	Priority func(Call) bool

	// OnWarn is called when the number of calls reaches Warn (0 means 80 % of the
	// limit), and not again before it has fallen below. It must not block.
	Warn   int
	OnWarn func(inUse, limit int)
}

// Concurrency is a [Policy] that allows so many calls at once. A call takes its
// place when it is decided on and keeps it until [Release] or until its lease
// runs out, whichever comes first. All methods are safe for concurrent use.
type Concurrency struct {
	o        ConcurrencyOptions // with defaults
	given    ConcurrencyOptions // without, for Validate
	mu       sync.Mutex
	leases   map[string]time.Time // CallSid to expiry
	earliest time.Time            // no lease expires before
	warned   bool
}

// Concurrent allows limit calls at once, with the other options at their defaults.
func Concurrent(limit int) *Concurrency {
	return NewConcurrency(ConcurrencyOptions{Limit: limit})
}

// NewConcurrency makes a limit of calls at once. [Validate] tells what is wrong with
// the options.
func NewConcurrency(o ConcurrencyOptions) *Concurrency {
	given := o
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	if o.Limit < 0 {
		o.Limit = math.MaxInt
	}
	if o.Warn <= 0 {
		o.Warn = int(math.Ceil(float64(o.Limit) * 0.8))
	}
	return &Concurrency{o: o, given: given, leases: make(map[string]time.Time)}
}

// Decide takes a place for the call or refuses it with the reason [Capacity]. A
// call that holds a place already keeps it, its lease renewed. A call without a
// CallSid could never give its place back and is refused.
func (l *Concurrency) Decide(_ context.Context, c Call) Decision {
	limit := l.o.Limit
	if l.o.Reserved > 0 && (l.o.Priority == nil || !l.o.Priority(c)) {
		limit -= l.o.Reserved
	}
	now := c.At
	if now.IsZero() {
		now = time.Now()
	}
	full := Decision{Verdict: Reject, Reason: Capacity, Busy: true}
	if c.SID == "" {
		full.Detail = "no CallSid"
		return full
	}
	ok, inUse, warn := l.take(c.SID, limit, now)
	if warn && l.o.OnWarn != nil {
		l.o.OnWarn(inUse, l.o.Limit)
	}
	if !ok {
		return full
	}
	return Decision{Verdict: Allow}
}

func (l *Concurrency) take(sid string, limit int, now time.Time) (ok bool, inUse int, warn bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire(now)
	expiry := now.Add(l.o.Lease)
	if _, held := l.leases[sid]; !held {
		if len(l.leases) >= limit {
			return false, len(l.leases), false
		}
		if len(l.leases) == 0 || expiry.Before(l.earliest) {
			l.earliest = expiry
		}
	}
	l.leases[sid] = expiry
	inUse = len(l.leases)
	warn = inUse >= l.o.Warn && !l.warned
	l.warned = l.warned || warn
	return true, inUse, warn
}

// Release gives the call's place back.
func (l *Concurrency) Release(callSID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.leases, callSID)
	l.rearm()
}

// InUse returns how many calls hold a place.
func (l *Concurrency) InUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire(time.Now())
	return len(l.leases)
}

// Limit returns how many calls may be in progress at once, or [Unlimited].
func (l *Concurrency) Limit() int {
	if l.o.Limit == math.MaxInt {
		return Unlimited
	}
	return l.o.Limit
}

// expire ends the leases that have run out.
func (l *Concurrency) expire(now time.Time) {
	if len(l.leases) == 0 || now.Before(l.earliest) {
		return
	}
	l.earliest = now.Add(l.o.Lease)
	for sid, expiry := range l.leases {
		if !now.Before(expiry) {
			delete(l.leases, sid)
		} else if expiry.Before(l.earliest) {
			l.earliest = expiry
		}
	}
	l.rearm()
}

func (l *Concurrency) rearm() {
	if len(l.leases) < l.o.Warn {
		l.warned = false
	}
}
