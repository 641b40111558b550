package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// trips returns how often Redis has read from its clients, by its own count: once for each
// pipeline. The question itself is one more. What opens a connection does not count.
func trips(t *testing.T, client *redis.Client) int {
	info, err := client.Info(t.Context(), "stats").Result()
	require.NoError(t, err)
	stat := func(name string) int {
		_, rest, _ := strings.Cut(info, name+":")
		n, err := strconv.Atoi(rest[:strings.IndexByte(rest, '\r')])
		require.NoError(t, err)
		return n
	}
	return stat("total_reads_processed") - stat("total_connections_received")
}

// everything returns the policies of the example server.
func everything(t *testing.T, s *policy.Store, places int) policy.Policy {
	blocked, err := policy.NewNumbers("+14155550666")
	require.NoError(t, err)
	always, err := policy.ParseHours("Daily 00:00-24:00", "UTC")
	require.NoError(t, err)
	score, err := fraud.NewScore(fraud.ScoreOptions{Store: s})
	require.NoError(t, err)
	return policy.All(policy.Blocked(blocked), always, fraud.NewPasses(score, fraud.PassesOptions{Store: s}), perCaller(s, 10, time.Hour), concurrent(s, places))
}

// TestRoundTrips: an ordinary call costs at most two round trips at its webhook and four in
// all, with all policies of the example server: the record with which another instance can go
// on with the call goes along with the claim of the stream's token. One that its handler ends
// costs five, as nobody may go on with it. One that a list refuses costs one, to find out that
// it is over already.
func TestRoundTrips(t *testing.T) {
	r := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: r.addr()})
	defer client.Close()
	s := connect(t, r.url(), policy.StoreOptions{Wait: roomy, RetryEvery: time.Hour})
	cost := func(f func()) int {
		before := trips(t, client)
		f()
		return trips(t, client) - before - 1
	}
	web := startInstance(t, everything(t, s, 100), s)
	web.call("1", "+14155550100") // Redis learns the scripts
	require.LessOrEqual(t, cost(func() { require.True(t, web.call("2", "+14155550101")) }), 2)
	require.LessOrEqual(t, cost(func() { require.False(t, web.call("3", "+14155550666")) }), 1)

	const calls = 10
	for name, test := range map[string]struct {
		handler voice.HandlerFunc
		hangsUp bool
		most    int
	}{
		"caller hangs up": {func(ctx context.Context, _ *voice.Call) error { <-ctx.Done(); return nil }, true, 4},
		"handler ends it": {func(context.Context, *voice.Call) error { return nil }, false, 5},
	} {
		var ended atomic.Int32
		srv, err := voice.New(voice.Config{
			AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Policy: everything(t, s, 100), Store: s, Handler: test.handler,
			Trace: &voice.Trace{StreamEnded: func(voice.Info, voice.End) { ended.Add(1) }},
		})
		require.NoError(t, err)
		run := func(calls int) {
			tw := voicetest.New(t, srv)
			for i := range calls {
				ended.Store(0)
				call := tw.Dial(fmt.Sprintf("+1415555020%d", i), "+14155550199")
				if test.hangsUp {
					require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, roomy, time.Millisecond)
					call.HangUp()
				}
				require.NoError(t, call.Wait(t.Context()))
				require.Eventually(t, func() bool { return ended.Load() == 1 }, roomy, time.Millisecond)
			}
			require.NoError(t, tw.Close())
		}
		run(2) // opens the connections
		n := cost(func() { run(calls) })
		require.NoError(t, srv.Shutdown(context.Background()))
		t.Logf("%s: %d calls, %d round trips", name, calls, n)
		require.LessOrEqual(t, n, test.most*calls, name)
	}
}
