package redisstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"agentos.dev/dialtone/policy"
)

// Concurrency is a [policy.Policy] that allows so many calls at once on all
// instances together. A place is a lease: when an instance dies without releasing
// its calls' places, they free themselves.
type Concurrency struct {
	store *Store
	o     policy.ConcurrencyOptions // with defaults
	given policy.ConcurrencyOptions // without, for Validate
	local mirror

	mu     sync.Mutex
	late   []string // places that Redis could not be told are free
	warned bool
}

// maxLate bounds what is kept for Redis' return, and lateAtOnce what it is told in
// one question. The leases of the rest run out.
const (
	maxLate    = 10_000
	lateAtOnce = 500
)

// Concurrent allows limit calls at once, with the other options at their defaults.
func (s *Store) Concurrent(limit int) *Concurrency {
	return s.NewConcurrency(policy.ConcurrencyOptions{Limit: limit})
}

// NewConcurrency makes a limit of calls at once. All instances must have the same
// options.
func (s *Store) NewConcurrency(o policy.ConcurrencyOptions) *Concurrency {
	given := o
	if o.Lease <= 0 {
		o.Lease = policy.DefaultLease
	}
	if o.Warn <= 0 {
		o.Warn = int(math.Ceil(float64(o.Limit) * 0.8))
	}
	return &Concurrency{store: s, o: o, given: given}
}

// Validate returns what is wrong with the options of the limit or of its store.
func (l *Concurrency) Validate(longest time.Duration) error {
	return errors.Join(l.store.wrong, l.given.Validate(longest))
}

// Decide takes a place for the call or refuses it with the reason Capacity. A call
// that holds a place already keeps it, its lease renewed.
func (l *Concurrency) Decide(ctx context.Context, c policy.Call) policy.Decision {
	limit := l.o.Limit
	if limit < 0 {
		return policy.Decision{Verdict: policy.Allow}
	}
	refused := policy.Decision{Verdict: policy.Reject, Reason: policy.Capacity, Busy: true}
	if c.SID == "" {
		refused.Detail = "no CallSid"
		return refused
	}
	if l.o.Reserved > 0 && (l.o.Priority == nil || !l.o.Priority(c)) {
		limit -= l.o.Reserved
	}
	now := time.Now()
	until := now.Add(l.o.Lease)
	late := l.takeLate(c.SID)
	args := make([]any, 0, 3+len(late))
	args = append(args, c.SID, limit, milliseconds(l.o.Lease))
	for _, sid := range late {
		args = append(args, sid)
	}
	n, err := l.store.run(ctx, leaseScript, l.name(), args...)
	switch {
	case err != nil:
		l.keepLate(late...)
		alone := refused
		if l.local.take(c.SID, l.store.share(limit), now, until) {
			alone = policy.Decision{Verdict: policy.Allow}
		}
		d := l.store.withoutRedis(alone, policy.Capacity, err)
		if !d.Allowed() && err != errGivenUp {
			l.keepLate(c.SID) // Redis may have given it a place, too late to say so
		}
		return d
	case n < 0:
		l.local.release(c.SID)
		return refused
	}
	l.local.take(c.SID, math.MaxInt, now, until)
	l.local.trim(int(n))
	l.warn(int(n))
	return policy.Decision{Verdict: policy.Allow}
}

// Release gives the call's place back, at the latest when Redis is back.
func (l *Concurrency) Release(callSID string) {
	l.local.release(callSID)
	if l.o.Limit < 0 || callSID == "" {
		return
	}
	n, err := l.store.run(context.Background(), releaseScript, l.name(), callSID)
	if err != nil {
		l.keepLate(callSID)
		return
	}
	l.local.trim(int(n))
	l.rearm(int(n))
}

// InUse returns how many calls hold a place on all instances.
func (l *Concurrency) InUse(ctx context.Context) (int, error) {
	n, err := l.store.run(ctx, countScript, l.name())
	return int(n), err
}

func (l *Concurrency) name() string { return l.store.o.Prefix + "places" }

// takeLate returns places to be given back now that a call asks for its own, which
// must not be among them any more.
func (l *Concurrency) takeLate(callSID string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = slices.DeleteFunc(l.late, func(sid string) bool { return sid == callSID })
	n := min(len(l.late), lateAtOnce)
	late := append([]string(nil), l.late[:n]...)
	l.late = l.late[n:]
	return late
}

func (l *Concurrency) keepLate(sids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.late)+len(sids) <= maxLate {
		l.late = append(l.late, sids...)
	}
}

func (l *Concurrency) warn(inUse int) {
	l.mu.Lock()
	warn := inUse >= l.o.Warn && !l.warned
	l.warned = l.warned && inUse >= l.o.Warn || warn
	l.mu.Unlock()
	if warn && l.o.OnWarn != nil {
		l.o.OnWarn(inUse, l.o.Limit)
	}
}

func (l *Concurrency) rearm(inUse int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warned = l.warned && inUse >= l.o.Warn
}

// The places are a sorted set of CallSids by when their leases end, in
// milliseconds.
const readPlaces = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
`

var leaseScript = redis.NewScript(readPlaces + `
for i = 4, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
local n = redis.call('ZCARD', KEYS[1])
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  if n >= tonumber(ARGV[2]) then return -1 end
  n = n + 1
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return n
`)

var releaseScript = redis.NewScript(readPlaces + `
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('ZCARD', KEYS[1])
`)

var countScript = redis.NewScript(readPlaces + `
return redis.call('ZCARD', KEYS[1])
`)
