package redisstore

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"agentos.dev/dialtone/policy"
)

// CallerLimit is a [policy.Policy] that allows a caller so many calls in any window
// of time on all instances together. It is as exact as [policy.CallerLimit], to a
// millisecond of Redis' clock.
type CallerLimit struct {
	store  *Store
	whole  *policy.CallerLimit // knows the limits and counts nothing
	local  *policy.CallerLimit // counts what this instance may allow by itself
	window time.Duration
	alone  atomic.Pointer[time.Time] // when it last decided by itself
}

// maxWindow is half of how far apart two times modulo 2^32 milliseconds can be told:
// a call stays in a log for up to two windows.
const maxWindow = 24 * 24 * time.Hour

// PerCaller allows each caller limit calls in any window of time; 0 means an hour.
func (s *Store) PerCaller(limit int, window time.Duration) *CallerLimit {
	window = min(window, maxWindow)
	return s.callerLimit(policy.PerCaller(limit, window), policy.PerCaller(s.share(limit), window), window)
}

// NewCallerLimit makes a limit with overrides. MaxCallers bounds only what the
// instance keeps for itself. Windows longer than 24 days are cut to that.
func (s *Store) NewCallerLimit(o policy.CallerLimitOptions) (*CallerLimit, error) {
	o.Window = min(o.Window, maxWindow)
	whole, err := policy.NewCallerLimit(o)
	if err != nil {
		return nil, err
	}
	divided := o
	divided.Limits = s.divided(o.Limits)
	local, err := policy.NewCallerLimit(divided)
	if err != nil {
		return nil, err
	}
	return s.callerLimit(whole, local, o.Window), nil
}

func (s *Store) callerLimit(whole, local *policy.CallerLimit, window time.Duration) *CallerLimit {
	if window <= 0 {
		window = time.Hour
	}
	return &CallerLimit{store: s, whole: whole, local: local, window: window}
}

// Validate returns what is wrong with the options of the limit or of its store.
func (l *CallerLimit) Validate(longest time.Duration) error {
	return errors.Join(l.store.wrong, policy.Validate(l.whole, longest))
}

// divided returns an instance's share of the limits.
func (s *Store) divided(limits policy.Limits) policy.Limits {
	share := policy.Limits{Default: s.share(limits.Default), HostFactor: limits.HostFactor, Overrides: make(map[string]int, len(limits.Overrides))}
	for entry, limit := range limits.Overrides {
		share.Overrides[entry] = s.share(limit)
	}
	return share
}

// SetLimits puts other limits in force on this instance; each instance has to be
// told. Calls already counted stay counted.
func (l *CallerLimit) SetLimits(limits policy.Limits) error {
	if err := l.whole.SetLimits(limits); err != nil {
		return err
	}
	return l.local.SetLimits(l.store.divided(limits))
}

// Decide counts the call, or refuses it with the reason RateLimit. The instance
// counts the calls that it allows for itself too, up to its share, to go by when
// Redis is away. For a window after that it still goes by them if its share is the
// whole limit, because Redis does not know of all of them. Placed calls have no
// caller to count. Callers with a SIP host take a second round trip, for that.
func (l *CallerLimit) Decide(ctx context.Context, c policy.Call) policy.Decision {
	if c.At.IsZero() {
		c.At = time.Now()
	}
	of := l.whole.Tallies(c)
	if len(of) == 0 {
		return policy.Decision{Verdict: policy.Allow}
	}
	allowed, err := l.count(ctx, of, c.SID)
	if err == nil && !allowed {
		return policy.Decision{Verdict: policy.Reject, Reason: policy.RateLimit, Busy: true}
	}
	local := l.local.Decide(ctx, c)
	if err != nil {
		now := time.Now()
		l.alone.Store(&now)
		d := l.store.withoutRedis(local, policy.RateLimit, err)
		if !d.Allowed() {
			l.local.Cancel(ctx, c)
		}
		return d
	}
	if at := l.alone.Load(); at == nil || time.Since(*at) >= l.window || l.shared(of) || local.Allowed() {
		return policy.Decision{Verdict: policy.Allow}
	}
	l.Cancel(ctx, c)
	return local
}

// count asks Redis for room in every tally, and gives back what it has taken if one
// has none.
func (l *CallerLimit) count(ctx context.Context, of []policy.Tally, sid string) (allowed bool, err error) {
	for i, t := range of {
		n, err := l.store.run(ctx, limitScript, l.name(t.Key), milliseconds(l.window), t.Limit, sidMark(sid))
		if err != nil || n == 0 {
			l.takeBack(ctx, of[:i], sid)
			return false, err
		}
	}
	return true, nil
}

// shared reports whether the instance's share of a limit is less than all of it.
func (l *CallerLimit) shared(of []policy.Tally) bool {
	return slices.ContainsFunc(of, func(t policy.Tally) bool { return l.store.share(t.Limit) < t.Limit })
}

// Cancel takes back a call that Decide allowed.
func (l *CallerLimit) Cancel(ctx context.Context, c policy.Call) {
	l.local.Cancel(ctx, c)
	l.takeBack(ctx, l.whole.Tallies(c), c.SID)
}

// takeBack drops the call from the tallies. If Redis does not hear of it, it stays
// counted for its window; so does one without a CallSid, which nothing can find.
func (l *CallerLimit) takeBack(ctx context.Context, of []policy.Tally, sid string) {
	if sid == "" {
		return
	}
	for _, t := range of {
		_, _ = l.store.run(ctx, cancelScript, l.name(t.Key), sidMark(sid))
	}
}

// name returns the key of a tally's log, which lives in one slot of a cluster.
func (l *CallerLimit) name(tally string) string { return l.store.o.Prefix + "calls:" + tally }

// sidMark returns four bytes by which the last calls of one caller can be told
// apart, or nothing for a call without a CallSid.
func sidMark(sid string) []byte {
	if sid == "" {
		return []byte{}
	}
	h := fnv.New32a()
	h.Write([]byte(sid))
	return h.Sum(nil)
}

// A caller's log is a string of eight bytes for each call allowed, the oldest
// first: the time in milliseconds modulo 2^32, and the mark of its CallSid. The key
// expires a window after the last of them, so no time in it is older than two: what
// seems so lies in the future, because Redis' clock was set back, and counts as now.
const readLog = `
local t = redis.call('TIME')
local now = (t[1] * 1000 + math.floor(t[2] / 1000)) % 4294967296
local log = redis.call('GET', KEYS[1]) or ''
`

var limitScript = redis.NewScript(readLog + `
local window, sid = tonumber(ARGV[1]), ARGV[3]
local from, last = 1, #log
while from < last do
  local age = (now - struct.unpack('>I4', log, from)) % 4294967296
  if age < window or age >= 2 * window then break end
  from = from + 8
end
if sid == '' then
  sid = '\0\0\0\0'
else
  local at = string.find(log, sid, from + 4, true)
  while at do
    if at % 8 == 5 then return 1 end
    at = string.find(log, sid, at + 1, true)
  end
end
if last - from + 1 >= 8 * ARGV[2] then return 0 end
if from > 1 then log = string.sub(log, from) end
redis.call('PSETEX', KEYS[1], window, log .. struct.pack('>I4', now) .. sid)
return 1
`)

var cancelScript = redis.NewScript(readLog + `
for i = #log - 7, 1, -8 do
  if string.sub(log, i + 4, i + 7) == ARGV[1] then
    redis.call('SET', KEYS[1], string.sub(log, 1, i - 1) .. string.sub(log, i + 8), 'KEEPTTL')
    return 1
  end
end
return 0
`)
