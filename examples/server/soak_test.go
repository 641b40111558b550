package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// vitals are what a process holds, as its metrics page says.
type vitals struct {
	at                             time.Duration // since the begin
	bytes, goroutines, descriptors float64
}

func (m *machines) vitals(i int, begun time.Time) (v vitals, ok bool) {
	v.at = time.Since(begun)
	for line := range strings.Lines(page("http://" + m.addrs[i] + "/metrics")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "process_resident_memory_bytes":
			v.bytes = n
		case "go_goroutines":
			v.goroutines, ok = n, true
		case "process_open_fds":
			v.descriptors = n
		}
	}
	return v, ok
}

// slope returns by which part of its mean the memory grows in ten minutes, by a line through
// the second half of the samples.
func slope(samples []vitals) float64 {
	samples = samples[len(samples)/2:]
	var n, t, b, tt, tb float64
	for _, s := range samples {
		x := s.at.Minutes() / 10
		n, t, b, tt, tb = n+1, t+x, b+s.bytes, tt+x*x, tb+x*s.bytes
	}
	return (n*tb - t*b) / (n*tt - t*t) / (b / n)
}

// settles is how long what ended while the store was away may take to be counted. An instance
// that is killed meanwhile counts nothing: faults come one by one.
const settles = 8 * time.Second

// TestSoak keeps callers calling while instances, the store and streams fail at random: each
// call is counted, at most one in a hundred twice as the store forgets, and the instance that
// is never restarted holds at the end what it held at the begin. The whole is
//
//	DIALTONE_SOAK=1h go test -run TestSoak -timeout 80m -v ./examples/server
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: short")
	}
	whole, callers := 15*time.Second, 8
	if d, err := time.ParseDuration(os.Getenv("DIALTONE_SOAK")); err == nil {
		whole, callers = d, 24
	}
	m := startMachines(t, 3, "HISTORY_DAYS=0") // the history grows on purpose, up to 100,000 calls
	tw, err := voicetest.Start(voicetest.Config{Target: m.nginx, Pace: 0.25})
	require.NoError(t, err)
	warm := tw.Dial("+14155559999", "+14155550199")
	require.Eventually(t, func() bool { return warm.Status() == "in-progress" }, 6*patience, tick)
	warm.HangUp()
	time.Sleep(2 * time.Second)
	begun := time.Now()
	rest, ok := m.vitals(0, begun)
	require.True(t, ok)

	c := &crowd{tw: tw, hungUp: make(map[*voicetest.Call]bool)}
	for i := range callers {
		c.call(i, 2*time.Second, 40*time.Second, streamFault)
	}
	faults := map[string]func(i int){
		"restart":        func(i int) { m.restart(1 + i%2) },
		"kill":           func(i int) { m.kill(1 + i%2) },
		"pause":          func(i int) { pause(t, m.procs[i%3].Process, time.Second+rand.N(3*time.Second)) },
		"store restarts": func(int) { m.restartRedis() },
		"store pauses":   func(int) { pause(t, m.redis.Process, rand.N(4*time.Second)) },
	}
	happened := make(map[string]int)
	names := slices.Sorted(maps.Keys(faults))
	var samples []vitals
	for i := 0; time.Since(begun) < whole; i++ {
		if i%len(names) == 0 {
			rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		}
		name := names[i%len(names)]
		faults[name](i)
		happened[name]++
		time.Sleep(rand.N(2 * time.Second))
		if strings.HasPrefix(name, "store") {
			time.Sleep(settles)
		}
		if v, ok := m.vitals(0, begun); ok {
			samples = append(samples, v)
		}
	}
	time.Sleep(2 * time.Second)
	made, _ := c.leave()
	require.NoError(t, tw.Close()) // hangs up
	_, counted := m.countedAll(len(made) + 1)
	uncounted, twice := 0, 0
	for _, call := range made {
		n := counted[call.SID]
		switch {
		case n == 0:
			uncounted++
		case n > 1:
			twice++
		}
		if n != 1 && uncounted+twice <= 5 {
			t.Logf("%s was counted %d times: %s", call.SID, n, call.Status())
			for _, line := range m.lines(call.SID) {
				t.Log(line)
			}
		}
	}
	t.Logf("%v: %d calls, %d not counted, %d counted twice, %v", whole, len(made), uncounted, twice, happened)
	if len(samples) > 100 {
		last := samples[len(samples)-1]
		t.Logf("memory %.1f to %.1f MB, %+.2f %% in ten minutes of the second half", rest.bytes/1e6, last.bytes/1e6, 100*slope(samples))
	}
	// An instance that is killed between its claim in the store and the count counts nothing.
	require.LessOrEqual(t, uncounted, happened["kill"]/100)
	require.LessOrEqual(t, twice, 1+len(made)/100)
	if whole >= time.Hour {
		require.LessOrEqual(t, slope(samples), 0.01)
	}
	var end vitals // with as many connections to the store as its pool keeps
	require.Eventually(t, func() bool {
		end, ok = m.vitals(0, begun)
		return ok && end.goroutines <= rest.goroutines+10 && end.descriptors <= rest.descriptors+30
	}, 3*time.Minute, time.Second)
	t.Logf("goroutines %v, before %v; descriptors %v, before %v", end.goroutines, rest.goroutines, end.descriptors, rest.descriptors)
	for i := range m.addrs {
		require.Contains(t, page("http://"+m.addrs[i]+"/metrics"), "\ntwilio_active_calls 0\n", fmt.Sprint("instance ", i))
	}
}

// streamFault is what goes wrong with the stream of one call in three.
func streamFault() []voicetest.Option {
	n := 5 + rand.IntN(100)
	switch rand.IntN(15) {
	case 0:
		return []voicetest.Option{voicetest.Reset(n)}
	case 1:
		return []voicetest.Option{voicetest.Garbage(n)}
	case 2:
		return []voicetest.Option{voicetest.BadBase64(n)}
	case 3:
		return []voicetest.Option{voicetest.Repeated(2, voicetest.Webhook, voicetest.Callback)}
	case 4:
		return []voicetest.Option{voicetest.Drop("stop")}
	}
	return nil
}
