package redisstore

import (
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
)

// TestOptionsThatCannotWork are refused by Connect, and told by the policies of a store
// whose constructor returns no error.
func TestOptionsThatCannotWork(t *testing.T) {
	wrong := Options{Budget: -1, RetryEvery: -1, Instances: -1, Fallback: 9, Logger: &slog.Logger{}}
	_, err := Connect("redis://127.0.0.1:1", wrong)
	for _, want := range []string{"Budget", "RetryEvery", "Instances", "Fallback 9", "Logger has no handler"} {
		require.ErrorContains(t, err, want)
	}
	_, err = Connect("redis://127.0.0.1:1", Options{Budget: 50})
	require.ErrorContains(t, err, "without a unit")

	for name, client := range map[string]redis.UniversalClient{"nil": nil, "nil pointer": (*redis.Client)(nil)} {
		require.ErrorContains(t, policy.Validate(New(client, Options{}).PerCaller(1, 0), 0), "client is nil", name)
	}
	s, err := Connect("redis://127.0.0.1:1", Options{})
	require.NoError(t, err)
	defer s.Close()
	allow := s.PerCaller(1, 0)
	for name, p := range map[string]policy.Policy{
		"limit":      s.PerCaller(-2, 0),
		"window":     s.PerCaller(1, -time.Hour),
		"lease":      s.NewConcurrency(policy.ConcurrencyOptions{Limit: 1, Lease: time.Minute}),
		"of a store": New(nil, Options{}).Concurrent(1),
		"nil":        s.NewPasses(nil, fraud.PassesOptions{}),
		"keep":       s.NewPasses(allow, fraud.PassesOptions{Keep: -1}),
	} {
		require.Error(t, policy.Validate(p, 5*time.Minute), name)
	}
	require.NoError(t, policy.Validate(policy.All(allow, s.Concurrent(100), s.NewPasses(allow, fraud.PassesOptions{})), 5*time.Minute))
}
