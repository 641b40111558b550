package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

// Passes is a [policy.Policy] as [fraud.Passes] is, whose callers pass a challenge on
// one instance and are known on all. Each instance also remembers those who passed
// on it, and goes by that alone when Redis is away, whatever the Fallback: at worst a
// person presses four digits more than once.
type Passes struct {
	*fraud.Passes // those of this instance
	store         *Store
	keep          time.Duration
}

// NewPasses remembers who passed the challenges of p. MaxCallers bounds only what
// the instance keeps for itself.
func (s *Store) NewPasses(p policy.Policy, o fraud.PassesOptions) *Passes {
	if o.Keep == 0 {
		o.Keep = fraud.DefaultKeep
	}
	return &Passes{Passes: fraud.NewPasses(p, o), store: s, keep: o.Keep}
}

// Validate returns what is wrong with the options, the inner policy or the store.
func (l *Passes) Validate(longest time.Duration) error {
	return errors.Join(l.store.wrong, l.Passes.Validate(longest))
}

// Decide asks the inner policy, and Redis only about a caller that it would
// challenge.
func (l *Passes) Decide(ctx context.Context, c policy.Call) policy.Decision {
	d := l.Passes.Decide(ctx, c)
	if d.Verdict == policy.Challenge && l.Passed(ctx, c) {
		d.Verdict, d.Reason = policy.Allow, ""
	}
	return d
}

// Pass remembers the call's caller.
func (l *Passes) Pass(ctx context.Context, c policy.Call) {
	l.Passes.Pass(ctx, c)
	if key := fraud.PassKey(c); key != "" {
		// If Redis does not hear of it, this instance still knows.
		_, _ = l.store.run(ctx, passScript, l.name(key), milliseconds(l.keep))
	}
}

// Passed reports whether the call's caller passed a challenge not long ago.
func (l *Passes) Passed(ctx context.Context, c policy.Call) bool {
	if l.Passes.Passed(c) {
		return true
	}
	key := fraud.PassKey(c)
	if key == "" {
		return false
	}
	n, err := l.store.run(ctx, existsScript, l.name(key))
	return err == nil && n == 1
}

func (l *Passes) name(key string) string { return l.store.o.Prefix + "passed:" + key }

var passScript = redis.NewScript(`
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 1
`)
