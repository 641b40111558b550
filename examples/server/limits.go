package main

import (
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
)

// limits are the configured policies, and what the server needs of them.
type limits struct {
	policy  policy.Policy // of inbound calls, and of placed ones that were picked up
	gate    *outbound.Gate
	store   *policy.Store
	blocked *policy.Setting // the block list, as its entries
	history *policy.History // what was decided, of this instance; nil if nothing is remembered
	forgets *forgetting     // nil without a history
	callers *policy.Setting // the limits of single callers, as ParseLimits reads them

	concurrency *policy.Concurrency // of all instances; nil without a limit
}

// newLimits puts the configured policies together.
func newLimits(c config, store *policy.Store) (*limits, error) {
	l := &limits{store: store}
	var err error
	if l.gate, err = newGate(c, store); err != nil {
		return nil, err
	}
	score, err := fraud.NewScore(fraud.ScoreOptions{Hours: c.hours, Store: store})
	if err != nil {
		return nil, err
	}
	everybody := c.callsPerHr
	if everybody == 0 {
		everybody = policy.Unlimited
	}
	perCaller := policy.PerCaller(everybody, time.Hour, policy.CallerLimitOptions{Overrides: c.callerLimits, Store: store})
	blocked := policy.Blocked(c.blocked)
	l.blocked = store.Setting("blocked", entriesOf(c.blocked), func(text []byte) error {
		numbers, err := policy.ParseNumbers(string(text))
		if err == nil {
			blocked.Set(numbers)
		}
		return err
	})
	l.callers = store.Setting("limits", []byte(policy.FormatLimits(c.callerLimits)), func(text []byte) error {
		overrides, err := policy.ParseLimits(string(text))
		if err == nil {
			err = perCaller.SetLimits(everybody, overrides)
		}
		return err
	})
	all := []policy.Policy{blocked}
	if c.hours != nil {
		all = append(all, c.hours)
	}
	all = append(all, fraud.NewPasses(score, fraud.PassesOptions{Store: store}), perCaller)
	if c.maxCalls > 0 {
		l.concurrency = policy.Concurrent(c.maxCalls, policy.ConcurrencyOptions{Store: store})
		all = append(all, l.concurrency)
	}
	l.policy = policy.All(all...)
	if c.historyDays > 0 {
		l.history = policy.NewHistory(l.policy, policy.HistoryOptions{Retention: time.Duration(c.historyDays) * 24 * time.Hour})
		l.forgets = newForgetting(l.history, store)
	}
	return l, nil
}

// trace remembers what was decided.
func (l *limits) trace() *voice.Trace {
	if l.history == nil {
		return nil
	}
	return &voice.Trace{Decision: func(i voice.Info, d policy.Decision) { l.history.Remember(i.Call, d) }}
}

// entriesOf returns a list as its entries, one a line, in order.
func entriesOf(numbers *policy.Numbers) []byte {
	var text []byte
	for _, entry := range slices.Sorted(numbers.All()) {
		text = append(append(text, entry...), '\n')
	}
	return text
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
		"stt", c.stt, "rest", off(c.apiKey != "", "on"), "caller_limits", len(c.callerLimits), "history_days", off(c.historyDays > 0, c.historyDays), "store", either(c.redisURL != "", "redis", either(c.natsURL != "", "nats", "memory")), "instances", c.instances,
		"admin", off(len(c.adminTokens) > 0, len(c.adminTokens)), "metrics", shownAddress(c.metricsAddr), "journal", off(c.journal.Dir != "", "on"), "account", off(c.accountSID != "", c.accountSID), "session_keys", either(len(c.sessionKeys) > 0, len(c.sessionKeys), "derived"),
	}
}

func (c *config) dollars() float64 {
	if c.budget == nil {
		return 0
	}
	return c.budget.Limit()
}

// newGate guards whatever the server dials.
func newGate(c config, store *policy.Store) (*outbound.Gate, error) {
	if c.budget != nil {
		c.budget.Join(store)
	}
	options := outbound.DestinationsOptions{Countries: c.outboundTo}
	if c.number != "" {
		options.Own = []string{c.number}
	}
	where, err := outbound.NewDestinations(options)
	if err != nil {
		return nil, err
	}
	return outbound.NewGate(outbound.GateOptions{
		Destinations: where, Caps: c.caps, Pacer: outbound.NewPacer(float64(c.outboundCPS)), Budget: c.budget, TimeLimit: c.maxDuration, Store: store,
	})
}
