// Package redisstore holds the limits of package policy for several instances of a
// service in one Redis: so many calls per caller, and so many calls at once, however
// many instances there are.
//
// A decision costs one round trip, the caller limit of a SIP address two. When Redis
// does not answer within the budget, the instance decides by what it has counted
// itself; then at most the limit times the number of instances is accepted, or the
// limit itself if the store knows that number (see Options.Instances). It finds back
// to Redis without a restart; places that were taken meanwhile Redis does not count.
// Redis must be 6.0 or later.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/policy"
)

// Fallback says how to decide without Redis.
type Fallback uint8

// The fallbacks.
const (
	Local  Fallback = iota // by what this instance has counted itself
	Open                   // allow every call
	Closed                 // refuse every call
)

// Options configures [Connect] and [New]. The zero value has useful defaults.
type Options struct {
	Prefix   string        // of all keys; "" means "dialtone:"
	Budget   time.Duration // how long a decision may wait for Redis; 0 means 50 ms
	Fallback Fallback

	// Instances is how many share Redis. With it, an instance that has to decide by
	// itself allows only its share, the limit divided by Instances and rounded down:
	// of the calls decided without Redis, at most the limit is accepted in all. A
	// limit below Instances then refuses everybody. 0 or 1 leaves each instance the
	// whole limit, which refuses nobody for Redis' sake.
	Instances int

	// After three failures in a row Redis is left alone, and asked again with one
	// call each RetryEvery. 0 means a second.
	RetryEvery time.Duration

	// Logger gets one WARNING when Redis is given up and one INFO when it is back.
	// nil discards them.
	Logger *slog.Logger

	// OnState is called with false when Redis is given up and with true when it is
	// back: for a metric. It must not block.
	OnState func(up bool)
}

// Store is a connection to the Redis that instances share. All methods are safe for
// concurrent use.
type Store struct {
	client  redis.UniversalClient
	owned   bool
	o       Options
	wrong   error // with the options; what Validate of its policies tells
	breaker breaker
}

// Connect makes a store from a URL such as redis://:password@host:6379/0 (rediss://
// for TLS). It does not wait for Redis, which may come later. The client prints
// failures to connect to the standard error; redis.SetLogger changes that for the
// whole program.
func Connect(url string, o Options) (*Store, error) {
	opt, err := redis.ParseURL(url)
	if err != nil {
		return nil, errURL // which err would repeat, with the password in it
	}
	s := newStore(o)
	if s.wrong != nil {
		return nil, s.wrong
	}
	opt.ContextTimeoutEnabled = true // or the budget would be ignored
	opt.MaxRetries = -1
	opt.DialerRetries = 1
	opt.DialTimeout = s.o.Budget
	opt.PoolTimeout = s.o.Budget
	opt.DisableIdentity = true // a round trip less for each connection
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	s.client, s.owned = redis.NewClient(opt), true
	return s, nil
}

var errURL = errors.New("redisstore: URL: want redis://[[user]:password@]host[:port][/db], what is special in the password as %2F")

// New makes a store from a client of the host's own, which may be one for a
// cluster or a failover group; the host closes it. Its options must have
// ContextTimeoutEnabled set, MaxRetries -1 and timeouts no longer than the budget,
// or decisions wait for longer than that. What is wrong with the options its policies
// tell, by [policy.Validate].
func New(client redis.UniversalClient, o Options) *Store {
	s := newStore(o)
	if option.Nil(client) {
		s.wrong = errors.Join(errors.New("redisstore: client is nil"), s.wrong)
	}
	s.client = client
	return s
}

// check returns what is wrong with the options.
func (o *Options) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("redisstore: "+format, args...)) }
	switch {
	case o.Budget < 0:
		wrong("Budget is negative: %v", o.Budget)
	case o.Budget > 0 && o.Budget < time.Microsecond:
		wrong("Budget is %v: a number without a unit counts nanoseconds", o.Budget)
	}
	if o.RetryEvery < 0 {
		wrong("RetryEvery is negative: %v", o.RetryEvery)
	}
	if o.Instances < 0 {
		wrong("Instances is negative: %d", o.Instances)
	}
	if o.Fallback > Closed {
		wrong("there is no Fallback %d", o.Fallback)
	}
	return errors.Join(append(errs, option.Logger("redisstore: Logger", o.Logger))...)
}

// newStore makes a store that has no client yet.
func newStore(o Options) *Store {
	wrong := o.check()
	if o.Prefix == "" {
		o.Prefix = "dialtone:"
	}
	if o.Budget <= 0 {
		o.Budget = 50 * time.Millisecond
	}
	if o.RetryEvery <= 0 {
		o.RetryEvery = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnState == nil {
		o.OnState = func(bool) {}
	}
	return &Store{o: o, wrong: wrong}
}

// Up reports whether Redis is in use: false from when it was given up until it is
// back.
func (s *Store) Up() bool { return !s.breaker.isOpen() }

// Ping asks Redis for a sign of life, whatever the state.
func (s *Store) Ping(ctx context.Context) error { return s.client.Ping(ctx).Err() }

// Close ends the connections, if the store made them.
func (s *Store) Close() error {
	if s.owned {
		return s.client.Close()
	}
	return nil
}

// errGivenUp stands for a question that was not asked.
var errGivenUp = errors.New("redisstore: Redis does not answer")

// run asks Redis within the budget, unless it has been given up.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) (int64, error) {
	if !s.breaker.ask(time.Now()) {
		return 0, errGivenUp
	}
	limited, cancel := context.WithTimeout(ctx, s.o.Budget)
	defer cancel()
	n, err := script.Run(limited, s.client, []string{key}, args...).Int64()
	if err != nil && ctx.Err() != nil {
		s.breaker.unanswered() // our caller gave up: that says nothing about Redis
		return 0, err
	}
	switch s.breaker.answered(err, time.Now().Add(s.o.RetryEvery)) {
	case opened:
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "Redis given up, limits are those of this instance", slog.Any("error", err))
		s.o.OnState(false)
	case closed:
		s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "Redis is back, limits are common again")
		s.o.OnState(true)
	}
	return n, err
}

// milliseconds returns a time as Redis takes it, which is at least one.
func milliseconds(d time.Duration) int64 { return max(d.Milliseconds(), 1) }

// share is what of a limit an instance may allow by itself.
func (s *Store) share(limit int) int {
	if limit < 0 {
		return limit // unlimited
	}
	return limit / max(1, s.o.Instances)
}

// withoutRedis decides when Redis did not: local is what this instance alone says.
func (s *Store) withoutRedis(local policy.Decision, reason policy.Reason, err error) policy.Decision {
	switch s.o.Fallback {
	case Open:
		return policy.Decision{Verdict: policy.Allow}
	case Closed:
		return policy.Decision{Verdict: policy.Reject, Reason: reason, Busy: true, Detail: err.Error()}
	}
	return local
}
