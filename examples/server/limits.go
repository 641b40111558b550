package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/policy/redisstore"
	"agentos.dev/dialtone/voice"
)

// limits are the configured policies, and what the server needs of them.
type limits struct {
	policy  policy.Policy // of inbound calls, and of placed ones that were picked up
	gate    *outbound.Gate
	blocked *policy.BlockList
	store   *redisstore.Store // nil when the limits are in memory
}

// newLimits puts the configured policies together.
func newLimits(c config, log *slog.Logger) (*limits, error) {
	l := &limits{blocked: policy.Blocked(c.blocked)}
	var err error
	if c.redisURL != "" {
		logging.Disable() // the client's own lines are not of the log's format; the store tells what there is to know
		if l.store, err = redisstore.Connect(c.redisURL, redisstore.Options{Logger: log, Instances: c.instances}); err != nil {
			return nil, err
		}
	}
	if l.gate, err = newGate(c); err != nil {
		return nil, err
	}
	score, err := fraud.New(fraud.Options{})
	if err != nil {
		return nil, err
	}
	all := []policy.Policy{l.blocked}
	if c.hours != nil {
		all = append(all, c.hours)
	}
	all = append(all, l.passes(score))
	if c.callsPerHr > 0 {
		all = append(all, l.perCaller(c.callsPerHr))
	}
	all = append(all, ended{l.gate})
	if c.maxCalls > 0 {
		// A place outlives the longest call and a challenge before it, should its end
		// get lost.
		all = append(all, l.concurrent(policy.ConcurrencyOptions{Limit: c.maxCalls, Lease: c.maxDuration + 2*time.Minute}))
	}
	l.policy = policy.All(all...)
	return l, nil
}

// inForce returns which limits hold, and what is off, for the log.
func (c *config) inForce() []any {
	either := func(on bool, value, otherwise any) any {
		if on {
			return value
		}
		return otherwise
	}
	off := func(on bool, value any) any { return either(on, value, "off") }
	return []any{
		"calls_per_hour", off(c.callsPerHr > 0, c.callsPerHr), "concurrent_calls", off(c.maxCalls > 0, c.maxCalls), "call_duration", c.maxDuration.String(),
		"streams", voice.DefaultMaxStreams, "blocked", c.blocked.Len(), "hours", either(c.hours != nil, c.hoursText, "always"), "recording", off(c.record, "on"),
		"outbound", off(len(c.outboundTo) > 0, strings.Join(c.outboundTo, ",")), "budget", off(c.budget != nil, c.dollars()),
		"stt", c.stt, "rest", off(c.apiKey != "", "on"), "redis", off(c.redisURL != "", "on"), "instances", c.instances,
		"admin", off(len(c.adminTokens) > 0, len(c.adminTokens)), "metrics", shownAddress(c.metricsAddr), "account", off(c.accountSID != "", c.accountSID), "session_keys", either(len(c.sessionKeys) > 0, len(c.sessionKeys), "derived"),
	}
}

func (c *config) dollars() float64 {
	if c.budget == nil {
		return 0
	}
	return c.budget.Limit()
}

// newGate guards whatever the server dials.
func newGate(c config) (*outbound.Gate, error) {
	options := outbound.Options{Countries: c.outboundTo}
	if c.number != "" {
		options.Own = []string{c.number}
	}
	where, err := outbound.New(options)
	if err != nil {
		return nil, err
	}
	return outbound.NewGate(outbound.GateOptions{
		Destinations: where, Caps: c.caps, Pacer: outbound.NewPacer(float64(c.outboundCPS)), Budget: c.budget, TimeLimit: c.maxDuration,
	})
}

// ended allows every call, and tells the gate which have ended.
type ended struct{ gate *outbound.Gate }

func (ended) Decide(context.Context, policy.Call) policy.Decision {
	return policy.Decision{Verdict: policy.Allow}
}
func (e ended) Release(callSID string) { e.gate.Release(callSID) }

func (l *limits) perCaller(limit int) policy.Policy {
	if l.store != nil {
		return l.store.PerCaller(limit, time.Hour)
	}
	return policy.PerCaller(limit, time.Hour)
}

// passes keeps p from challenging callers again who passed within a day.
func (l *limits) passes(p policy.Policy) policy.Policy {
	if l.store != nil {
		return l.store.NewPasses(p, fraud.PassesOptions{})
	}
	return fraud.NewPasses(p, fraud.PassesOptions{})
}

func (l *limits) concurrent(o policy.ConcurrencyOptions) policy.Policy {
	if l.store != nil {
		return l.store.NewConcurrency(o)
	}
	return policy.NewConcurrency(o)
}

// close lets go of the store.
func (l *limits) close() {
	if l.store != nil {
		l.store.Close()
	}
}
