package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// TestRollingRestarts restarts one of two instances after the other, and reloads the proxies,
// while callers call at five a second through proxies with their configurations of
// examples/deploy: none is lost. The gate has the three in front of the same instances; the
// whole, one by one, is
//
//	DIALTONE_ROLLING=500 go test -run TestRollingRestarts -timeout 20m -v ./examples/server
func TestRollingRestarts(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: short")
	}
	calls, hold := 30, 5*time.Second
	names := slices.Sorted(maps.Keys(proxies))
	legs := [][]string{names}
	if n, err := strconv.Atoi(os.Getenv("DIALTONE_ROLLING")); err == nil {
		calls, hold = n, 15*time.Second
		legs = slices.Collect(slices.Chunk(names, 1))
	}
	for _, names := range legs {
		t.Run(strings.Join(names, "-"), func(t *testing.T) {
			m := startInstances(t, 2)
			var ways []*voicetest.Twilio
			var reloads []func()
			for _, name := range names {
				p := startProxy(t, name, m.addrs[0], m.addrs[1])
				tw, err := voicetest.Start(voicetest.Config{Target: "https://" + p.addr, Pace: 0.25})
				require.NoError(t, err)
				ways, reloads = append(ways, tw), append(reloads, p.reload)
			}
			begun := time.Now()
			called := callAtFive(ways, calls, hold)
			time.Sleep(time.Second)
			var made, lost []*voicetest.Call
			var slowest time.Duration
			restarts := 0
			for made == nil {
				slowest = max(slowest, m.restart(restarts%2))
				restarts++
				for _, reload := range reloads {
					reload()
				}
				select {
				case all := <-called:
					made, lost = all[true], all[false]
				case <-time.After(2 * time.Second): // in which the proxies find it ready
				}
			}
			moves := 0
			for _, call := range slices.Concat(made, lost) {
				moves += len(call.Silences())
			}
			for _, call := range lost[:min(3, len(lost))] {
				m.tell(call, "was lost")
			}
			for _, tw := range ways {
				require.NoError(t, tw.Close())
			}
			t.Logf("%v: %d of %d callers lost, %d restarts in %v, the slowest %v, calls went on elsewhere %d times", names, len(lost), len(made)+len(lost),
				restarts, time.Since(begun).Round(time.Second), slowest.Round(time.Millisecond), moves)
			require.Empty(t, lost)
			require.Len(t, made, calls)
		})
	}
}

// callAtFive places calls, five a second, by one way after the other. Each is hung up on after a while, and returned by
// whether it was up until then.
func callAtFive(ways []*voicetest.Twilio, calls int, hold time.Duration) <-chan map[bool][]*voicetest.Call {
	done := make(chan map[bool][]*voicetest.Call, 1)
	go func() {
		made := make(map[bool][]*voicetest.Call)
		var mu sync.Mutex
		var callers sync.WaitGroup
		for n := range calls {
			callers.Go(func() {
				call := ways[n%len(ways)].Dial(fmt.Sprintf("+1415%07d", n), "+14155550199")
				time.Sleep(hold + rand.N(hold))
				for begun := time.Now(); call.Status() == "ringing" && time.Since(begun) < 6*patience; {
					time.Sleep(tick)
				}
				up := call.Status() == "in-progress"
				call.HangUp()
				mu.Lock()
				defer mu.Unlock()
				made[up] = append(made[up], call)
			})
			time.Sleep(time.Second / 5)
		}
		callers.Wait()
		done <- made
	}()
	return done
}
