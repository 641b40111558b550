package redisstore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// TestThroughput compares decisions with bare PINGs over the same client, in turns,
// and reports the share. It asserts nothing: the machine may be busy.
func TestThroughput(t *testing.T) {
	r := startRedis(t)
	s := connect(t, r.url(), policy.StoreOptions{Wait: roomy})
	limit, places := perCaller(s, 10, time.Hour), concurrent(s, 100_000)
	slice, rounds := 60*time.Millisecond, 30
	if testing.Short() {
		slice, rounds = 10*time.Millisecond, 3
	}
	ctx := context.Background()
	engine, err := Connect(r.url(), Options{})
	require.NoError(t, err)
	defer engine.Close()
	jobs := []func(worker, n int){
		func(int, int) { require.NoError(t, engine.Ping(ctx)) },
		func(w, n int) {
			limit.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", w, "-", n), From: fmt.Sprintf("+1%d%07d", 200+w, n%5000)})
		},
		func(w, n int) {
			sid := fmt.Sprint("CA", w, "-", n)
			places.Decide(ctx, policy.Call{SID: sid})
			ended(places, sid)
		},
	}
	for _, clients := range []int{1, 16} {
		rates := make([][]float64, len(jobs))
		var n [16]int
		for range rounds {
			for j, job := range jobs {
				rates[j] = append(rates[j], rate(clients, slice, func(w int) { n[w]++; job(w, n[w]) }))
			}
		}
		for j := range rates {
			slices.Sort(rates[j])
		}
		median := func(j int) float64 { return rates[j][rounds/2] }
		best := func(j int) float64 { return rates[j][rounds*9/10] }
		t.Logf("%2d clients: PING %.0f/s; caller limit %.2f of that (p90 %.2f); a place taken and released %.2f (p90 %.2f)", clients,
			median(0), median(1)/median(0), best(1)/best(0), median(2)/median(0), best(2)/best(0))
	}
	require.True(t, s.Up())
}

// rate returns how often a second clients do the job.
func rate(clients int, d time.Duration, job func(worker int)) float64 {
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	begin := time.Now()
	for w := range clients {
		wg.Go(func() {
			n := 0
			for time.Since(begin) < d {
				job(w)
				n++
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	wg.Wait()
	return float64(total) / time.Since(begin).Seconds()
}
