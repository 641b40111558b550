package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Unlimited is a limit that never refuses.
const Unlimited = -1

// DefaultMaxCallers is how many callers a [CallerLimit] remembers by default.
const DefaultMaxCallers = 100_000

// DefaultHostFactor is how many times a caller's limit a SIP host has: enough for the
// telephones of an office, too little for a caller who keeps inventing names.
const DefaultHostFactor = 3

// CallerLimitOptions configures [PerCaller].
type CallerLimitOptions struct {
	// Overrides maps entries as [ParseNumbers] describes them to limits of their own. The
	// whole number or address beats the SIP host, which beats the longest prefix, which
	// beats the limit of PerCaller.
	Overrides map[string]int

	// HostFactor bounds the callers of one SIP host together, to that many times the calls
	// of each of them (the limit, or the override of "sip:*"). An override of
	// "sip:*@host" is the limit of each caller of that host and of all together. A caller
	// whose whole address has an override does not count at its host. 0 means
	// [DefaultHostFactor], Unlimited no limit.
	HostFactor int

	// Store is where calls are counted; nil is a memory of this limit's own, which is
	// bounded by MaxCallers (see [MemoryOptions]).
	Store      *Store
	MaxCallers int

	// Name tells apart the limits in one Store that have the same Window.
	Name string

	// Attested reports whether the caller's carrier vouches for the number; nil means
	// [StandingAttested]. Attested calls of a number have a count of their own,
	// which no other calls can use up, and so have those whose attestation failed.
	Attested func(Call) bool

	// Key returns the name under which a call is counted, in place of its [Identity]: SIP
	// host and attestation do not count then. nil means by Identity. Keys are normalised as
	// Call.Caller normalises From, so case does not count. A constant key makes one limit for
	// everybody. All deliveries of a call's webhook must get the same key.
	Key func(Call) string
}

// CallerLimit is a [Policy] that limits the calls of a caller in any window of time. It
// keeps the times of the calls it allowed, so the limit is exact: to a billionth of the
// window in memory and to a millisecond in a shared [Store]. Refused calls do not count.
// Callers who withhold their number share one limit. All callers of a SIP host share another one besides their own
// (CallerLimitOptions.HostFactor): the names there are the caller's choice. A number can be forged,
// so its calls are counted by their [Standing]: whoever forges it uses up nothing of its
// owner's calls where these are attested.
//
// PerCaller makes it; the zero value is not usable. All methods are safe for concurrent use.
type CallerLimit struct {
	key        func(Call) string // nil: the caller
	attested   func(Call) bool   // nil: by the standing
	rules      atomic.Pointer[limitRules]
	store      *Store
	window     time.Duration
	hostFactor int
	spaces     [StandingForged + 1]string // of the store, by standing
	hosts      string
	wrong      error // what Validate returns
}

// PerCaller allows each caller limit calls in any window of time. A limit of 0 refuses
// every call and [Unlimited] none; a window of 0 means an hour. At most one options is
// given. [Validate] returns everything that is wrong with the arguments, including each
// invalid override. With a wrong limit or override it refuses every call.
func PerCaller(limit int, window time.Duration, options ...CallerLimitOptions) *CallerLimit {
	o, wrong := onlyOne("caller limit", options)
	wrong = errors.Join(wrong, o.validate(window))
	if window <= 0 {
		window = time.Hour
	}
	if o.HostFactor == 0 {
		o.HostFactor = DefaultHostFactor
	}
	l := &CallerLimit{key: o.Key, attested: o.Attested, window: window, hostFactor: o.HostFactor, store: inMemory(o.Store, MemoryOptions{o.MaxCallers})}
	space := "calls:" + window.String() + ":" + o.Name
	for standing := range l.spaces {
		l.spaces[standing] = space + Standing(standing).suffix()
	}
	l.hosts = space + "@"
	l.rules.Store(&limitRules{})
	l.wrong = errors.Join(wrong, l.SetLimits(limit, o.Overrides))
	return l
}

// SetLimits puts another limit and other overrides in force. Calls already counted stay
// counted. On an error the limits in force stay.
func (l *CallerLimit) SetLimits(limit int, overrides map[string]int) error {
	next := &limitRules{fallback: limit, factor: l.hostFactor}
	var errs mistakes
	if limit < Unlimited {
		errs.add(fmt.Errorf("policy: caller limit is negative: %d", limit))
	}
	for _, entry := range slices.Sorted(maps.Keys(overrides)) {
		if overrides[entry] < Unlimited {
			errs.add(fmt.Errorf("policy: caller limit of %q is negative: %d", entry, overrides[entry]))
		}
		errs.add(next.rules.add(entry, overrides[entry]))
	}
	if err := errs.join(); err != nil {
		return err
	}
	next.rules.sort()
	l.rules.Store(next)
	return nil
}

// Decide counts the call, or refuses it with the reason [ReasonRateLimit]. Outbound calls
// have no caller to count.
func (l *CallerLimit) Decide(ctx context.Context, c Call) Decision {
	if l.store.Shared() {
		return DecideStored(ctx, l, c)
	}
	var room [2]Op
	ops := l.Ask(c, room[:0])
	l.store.local.Do(ctx, ops)
	d := l.Judge(c, ops)
	if d.Verdict == Reject && took(ops) {
		l.Observe(ctx, c, Outcome{Kind: OutcomeRefused})
	}
	return d
}

// Store returns where calls are counted.
func (l *CallerLimit) Store() *Store { return l.store }

// Ask asks for room for the call: at its SIP host, if it has one, and for its caller.
func (l *CallerLimit) Ask(c Call, ops []Op) []Op {
	if c.Outbound() {
		return ops
	}
	var i Identity
	limit, hosted := l.judge(&c, &i)
	if limit < 0 {
		return ops
	}
	if hosted {
		if of := l.rules.Load().host(i.Host); of >= 0 {
			ops = append(ops, l.op(OpCount, l.hosts, i.Host, of, &c))
		}
	}
	return append(ops, l.op(OpCount, l.spaces[i.Standing], i.Caller, limit, &c))
}

func (l *CallerLimit) op(kind OpKind, space, name string, limit int, c *Call) Op {
	return Op{Kind: kind, Space: space, Name: name, ID: c.SID, Limit: int64(limit), Keep: l.window, At: c.At}
}

// Judge refuses a call for which there was not room everywhere.
func (l *CallerLimit) Judge(_ Call, answers []Op) Decision {
	for i := range answers {
		if !answers[i].OK {
			d := Decision{Verdict: Reject, Reason: ReasonRateLimit, Busy: true}
			if i < len(answers)-1 {
				d.Detail = "of the SIP host"
			}
			return d
		}
	}
	return Decision{Verdict: Allow}
}

// Observe removes a call that was refused after all from the count. One without a CallSid
// stays counted, as it cannot be identified.
func (l *CallerLimit) Observe(ctx context.Context, c Call, o Outcome) {
	if o.Kind != OutcomeRefused || c.SID == "" {
		return
	}
	ops := l.Ask(c, nil)
	for i := range ops {
		ops[i].Kind = OpUncount
	}
	l.store.Send(ctx, ops...)
}

// Used returns how many calls of the caller count at the moment, and its limit: of a
// number those of the [Standing] that has most. "sip:*@host" asks for all callers of a
// SIP host. The error is [ErrAway] if only other instances may know.
func (l *CallerLimit) Used(ctx context.Context, caller string) (calls, limit int, err error) {
	var ops []Op
	if host, ok := hostOf(caller); ok && l.key == nil {
		ops = append(ops, l.op(OpCount, l.hosts, host, 0, new(Call)))
	} else {
		i := identify(caller)
		for _, space := range l.spaces {
			ops = append(ops, l.op(OpCount, space, i.Caller, 0, new(Call)))
		}
	}
	l.store.Do(ctx, ops)
	for i := range ops {
		if ops[i].Alone {
			err = ErrAway
		}
		calls = max(calls, int(ops[i].Total))
	}
	return calls, l.Limit(caller), err
}

// Limit returns the caller's limit, or for "sip:*@host" that of all callers of a SIP
// host together.
func (l *CallerLimit) Limit(caller string) int {
	rules := l.rules.Load()
	if host, ok := hostOf(caller); ok && l.key == nil {
		return rules.host(host)
	}
	i := identify(caller)
	limit, _ := rules.limit(&i)
	return limit
}

// Evicted returns how many callers this instance forgot before their time; see
// [Memory.Evicted].
func (l *CallerLimit) Evicted() int64 { return l.store.local.Evicted() }
