package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/voicetest"
)

// plan is the size of a run. The gate runs a small one; the whole is
//
//	DIALTONE_MOVE="calls=500 instances=5 restarts=50 kills=50 stores=2 pace=0.2" go test -run TestCallsMove -timeout 60m -v ./examples/server
type movePlan struct {
	calls, instances, restarts, kills, stores int
	pace                                      float64
}

func movePlanOf(t *testing.T, p movePlan) movePlan {
	for _, setting := range strings.Fields(os.Getenv("DIALTONE_MOVE")) {
		name, value, _ := strings.Cut(setting, "=")
		n, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err, setting)
		switch name {
		case "calls":
			p.calls = int(n)
		case "instances":
			p.instances = int(n)
		case "restarts":
			p.restarts = int(n)
		case "kills":
			p.kills = int(n)
		case "stores":
			p.stores = int(n)
		case "pace":
			p.pace = n
		default:
			t.Fatalf("DIALTONE_MOVE: %s", setting)
		}
	}
	return p
}

// machines are processes of the server behind a real nginx, which share a real Redis.
type machines struct {
	t     *testing.T
	nginx string // URL
	redis *exec.Cmd
	port  string // of Redis
	addrs []string
	procs []*exec.Cmd
	logs  []string          // files, one a process that was started
	log   []int             // by instance, the number of its process's
	died  map[int]time.Time // by the number of its log, when a process was killed
	env   []string          // beside that of every test
	mu    sync.Mutex
}

func startMachines(t *testing.T, n int, env ...string) *machines {
	nginx := apt.Need(t, "nginx", "nginx-light")
	m := startInstances(t, n, env...)
	m.startNginx(nginx)
	return m
}

// startInstances starts them without a proxy.
func startInstances(t *testing.T, n int, env ...string) *machines {
	m := &machines{t: t, died: make(map[int]time.Time), env: env}
	redis := apt.Need(t, "redis-server", "redis-server")
	_, m.port, _ = strings.Cut(steadyAddress(t), ":")
	m.startRedis(redis)
	t.Cleanup(func() { m.redis.Process.Kill(); m.redis.Wait() })
	for range n {
		m.addrs, m.procs, m.log = append(m.addrs, steadyAddress(t)), append(m.procs, nil), append(m.log, 0)
	}
	for i := range n {
		m.start(i)
	}
	t.Cleanup(func() {
		for _, cmd := range m.procs {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return m
}

func (m *machines) startRedis(path string) {
	m.redis = exec.Command(path, "--port", m.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	require.NoError(m.t, m.redis.Start())
	waitDial(m.t, "127.0.0.1:"+m.port)
}

// restartRedis kills the store, which forgets everything, and starts it again.
func (m *machines) restartRedis() {
	path := m.redis.Path
	m.redis.Process.Kill()
	m.redis.Wait()
	time.Sleep(500 * time.Millisecond)
	m.startRedis(path)
}

func waitDial(t *testing.T, addr string) {
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 6*patience, tick)
}

// start starts instance i.
func (m *machines) start(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	file := filepath.Join(m.t.TempDir(), fmt.Sprint("log", len(m.logs)))
	log, err := os.Create(file)
	require.NoError(m.t, err)
	defer log.Close()
	cmd := program(m.t, m.addrs[i], append([]string{"REDIS_URL=redis://127.0.0.1:" + m.port, fmt.Sprint("INSTANCES=", len(m.addrs)), "LOG_FORMAT=json",
		"CALLS_PER_HOUR_LIMIT=0", "MAX_CONCURRENT_CALLS=10000", "MAX_CALL_DURATION=30m"}, m.env...)...)
	cmd.Stderr = log
	require.NoError(m.t, cmd.Start())
	m.procs[i], m.log[i] = cmd, len(m.logs)
	m.logs = append(m.logs, file)
	require.Eventually(m.t, func() bool { return status("http://"+m.addrs[i]+"/livez") == http.StatusOK }, 6*patience, tick)
}

// restart stops instance i as a deployment does, and starts it again. It returns how long
// the process took to end.
func (m *machines) restart(i int) time.Duration {
	begun := time.Now()
	require.NoError(m.t, m.procs[i].Process.Signal(syscall.SIGTERM))
	require.NoError(m.t, m.procs[i].Wait())
	took := time.Since(begun)
	m.start(i)
	return took
}

// kill ends instance i as the kernel does that has no memory left, and starts it again.
func (m *machines) kill(i int) {
	m.died[m.log[i]] = time.Now()
	require.NoError(m.t, m.procs[i].Process.Kill())
	m.procs[i].Wait()
	m.start(i)
}

func (m *machines) startNginx(path string) {
	addr := freeAddress(m.t)
	dir := m.t.TempDir()
	var upstream strings.Builder
	for _, a := range m.addrs {
		fmt.Fprintf(&upstream, "server %s max_fails=0; ", a)
	}
	config := fmt.Sprintf(`daemon off; pid %s/pid; error_log stderr crit; worker_processes 1;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  upstream voice { %s }
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen %s;
    location / {
      proxy_pass http://voice; proxy_http_version 1.1; proxy_connect_timeout 2s; proxy_read_timeout 3600s; proxy_next_upstream error timeout http_503 non_idempotent;
      proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }
  }
}`, dir, upstream.String(), addr)
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(m.t, os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.Command(path, "-p", dir, "-c", file)
	cmd.Stderr = os.Stderr
	require.NoError(m.t, cmd.Start())
	m.t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); cmd.Wait() })
	waitDial(m.t, addr)
	m.nginx = "http://" + addr
}

// events are lines of the logs.
type moveEvent struct {
	Time   time.Time
	Msg    string
	SID    string `json:"call_sid"`
	Stream string `json:"stream_sid"`
	Leg    int
	Words  int
	Status string
	Reason string

	process int // the number of its log
}

func (m *machines) events() (all []moveEvent) {
	for i, file := range m.logs {
		text, err := os.ReadFile(file)
		require.NoError(m.t, err)
		for line := range bytes.Lines(text) {
			e := moveEvent{process: i}
			if json.Unmarshal(line, &e) == nil {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b moveEvent) int { return a.Time.Compare(b.Time) })
	return all
}

// counted returns the events, and how often each call was counted.
func (m *machines) counted() (all []moveEvent, times map[string]int) {
	all, times = m.events(), make(map[string]int)
	for _, e := range all {
		if e.Msg == "call counted" {
			times[e.SID]++
		}
	}
	return all, times
}

// countedAll is counted when n calls have been, or after a while: another instance counts a
// call whose instance has gone.
func (m *machines) countedAll(n int) (all []moveEvent, times map[string]int) {
	all, times = m.counted()
	for begun := time.Now(); len(times) < n && time.Since(begun) < 2*time.Minute; time.Sleep(time.Second) {
		all, times = m.counted()
	}
	return all, times
}

// lines returns what the instances have logged of a call.
func (m *machines) lines(callSID string) (all []string) {
	for i, file := range m.logs {
		text, err := os.ReadFile(file)
		require.NoError(m.t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, callSID) {
				all = append(all, fmt.Sprint("process ", i, " ", strings.TrimSpace(line)))
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(after(a, `"time":`), after(b, `"time":`)) })
	return all
}

// tell logs what became of a call, as its caller and the instances saw it.
func (m *machines) tell(call *voicetest.Call, what string, args ...any) {
	m.t.Logf("%s %s: %s %v", call.SID, fmt.Sprintf(what, args...), call.Status(), call.Said())
	for _, e := range call.Events() {
		m.t.Logf("%.120s", e)
	}
	for _, line := range m.lines(call.SID) {
		m.t.Log(line)
	}
}

func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}

// crowd are callers who call again and again.
type crowd struct {
	tw      *voicetest.Twilio
	stop    atomic.Bool
	callers sync.WaitGroup
	mu      sync.Mutex
	made    []*voicetest.Call
	hungUp  map[*voicetest.Call]bool // by the caller
}

// call has caller i call, hold the line for a while and hang up, and call again.
func (c *crowd) call(i int, least, more time.Duration, options ...func() []voicetest.Option) {
	c.callers.Go(func() {
		for n := 0; !c.stop.Load(); n++ {
			var chosen []voicetest.Option
			for _, option := range options {
				chosen = append(chosen, option()...)
			}
			call := c.tw.Dial(fmt.Sprintf("+1415%07d", i*100+n%100), "+14155550199", chosen...)
			c.mu.Lock()
			c.made = append(c.made, call)
			c.mu.Unlock()
			hold, cancel := context.WithTimeout(context.Background(), least+rand.N(more))
			for hold.Err() == nil && !c.stop.Load() && call.Status() == "in-progress" {
				time.Sleep(50 * time.Millisecond)
			}
			cancel()
			if c.stop.Load() {
				return
			}
			if call.Status() != "in-progress" { // lost, or not answered
				time.Sleep(time.Second)
			} else {
				c.mu.Lock()
				c.hungUp[call] = true
				c.mu.Unlock()
				call.HangUp()
			}
		}
	})
}

// leave has no caller call again, and returns the calls, the last of which are up, and those
// that were hung up on by their callers.
func (c *crowd) leave() (made []*voicetest.Call, hungUp map[*voicetest.Call]bool) {
	c.stop.Store(true)
	c.callers.Wait()
	return c.made, c.hungUp
}

// TestCallsMove keeps calls up while instances are restarted and killed: none is lost, none
// is on two instances at a moment, and each is counted once.
func TestCallsMove(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: short")
	}
	p := movePlanOf(t, movePlan{calls: 12, instances: 3, restarts: 2, kills: 2, pace: 0.25})
	m := startMachines(t, p.instances)
	tw, err := voicetest.Start(voicetest.Config{Target: m.nginx, Pace: p.pace})
	require.NoError(t, err)

	c := &crowd{tw: tw, hungUp: make(map[*voicetest.Call]bool)}
	for i := range p.calls {
		c.call(i, 15*time.Second, 30*time.Second)
	}
	require.Eventually(t, func() bool { return tw.Calls() >= p.calls }, 6*patience, tick)
	time.Sleep(2 * time.Second)

	deeds := slices.Concat(slices.Repeat([]string{"restart"}, p.restarts), slices.Repeat([]string{"kill"}, p.kills), slices.Repeat([]string{"store"}, p.stores))
	rand.Shuffle(len(deeds), func(i, j int) { deeds[i], deeds[j] = deeds[j], deeds[i] })
	var slowest time.Duration
	for i, deed := range deeds {
		switch deed {
		case "restart":
			slowest = max(slowest, m.restart(i%p.instances))
		case "kill":
			m.kill(i % p.instances)
		case "store":
			m.restartRedis()
		}
		time.Sleep(time.Second)
	}
	time.Sleep(2 * time.Second)
	made, hungUp := c.leave()

	lost, shown := 0, make(map[string]int)
	tell := func(call *voicetest.Call, what string, args ...any) {
		if shown[what]++; shown[what] <= 5 {
			m.tell(call, what, args...)
		}
	}
	var silences []time.Duration
	for _, call := range made {
		if call.Status() != "in-progress" && !hungUp[call] {
			lost++
			tell(call, "was lost")
		}
		silences = append(silences, call.Silences()...)
		if s := call.Silences(); len(s) > 0 && slices.Max(s) > 30*time.Second {
			tell(call, "was silent for %v", slices.Max(s))
		}
	}
	require.NoError(t, tw.Close()) // hangs up
	check, counted := m.countedAll(len(made))
	twice := 0
	for _, n := range counted {
		if n > 1 {
			twice++
		}
	}
	uncounted := 0
	for _, call := range made {
		switch n := counted[call.SID]; {
		case n == 0:
			uncounted++
			tell(call, "was not counted")
		case n > 1:
			tell(call, "was counted %d times", n)
		}
	}
	slices.Sort(silences)
	quantile := func(q float64) time.Duration {
		if len(silences) == 0 {
			return 0
		}
		return silences[int(q*float64(len(silences)-1))]
	}
	t.Logf("%d calls, %d lost, %d moves, silence p50 %v p99 %v max %v, %d not counted, %d counted twice, slowest SIGTERM to exit %v",
		len(made), lost, len(silences), quantile(0.5), quantile(0.99), quantile(1), uncounted, twice, slowest)
	require.Zero(t, lost)
	require.Zero(t, uncounted)
	require.LessOrEqual(t, twice, p.stores*len(made)/100)
	require.NotEmpty(t, silences)
	m.requireOneOwner(check)
}

// TestShutdownHandsOver stops an instance that holds every call, while another has just
// come up: no call is lost, and the process ends within seconds. The whole is
//
//	DIALTONE_DRAIN=200 go test -run TestShutdownHandsOver -v ./examples/server
func TestShutdownHandsOver(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: short")
	}
	calls, whole := 10, false
	if n, err := strconv.Atoi(os.Getenv("DIALTONE_DRAIN")); err == nil {
		calls, whole = n, true
	}
	m := startMachines(t, 2)
	m.procs[1].Process.Kill()
	m.procs[1].Wait()
	tw, err := voicetest.Start(voicetest.Config{Target: m.nginx, Pace: 0.25})
	require.NoError(t, err)
	var made []*voicetest.Call
	for i := range calls {
		made = append(made, tw.Dial(fmt.Sprintf("+1415%07d", i), "+14155550199"))
	}
	active := func(i, n int) func() bool {
		return func() bool {
			return strings.Contains(page("http://"+m.addrs[i]+"/metrics"), fmt.Sprintf("\ntwilio_active_calls %d\n", n))
		}
	}
	require.Eventually(t, active(0, calls), 6*patience, tick)
	m.start(1)
	begun := time.Now()
	require.NoError(t, m.procs[0].Process.Signal(syscall.SIGTERM))
	require.NoError(t, m.procs[0].Wait())
	took := time.Since(begun)
	require.Eventually(t, active(1, calls), 6*patience, tick)
	var silences []time.Duration
	for _, call := range made {
		require.Equal(t, "in-progress", call.Status(), call.SID)
		silences = append(silences, call.Silences()...)
	}
	slices.Sort(silences)
	require.NotEmpty(t, silences)
	t.Logf("%d calls: SIGTERM to exit %v, silence p50 %v max %v", calls, took, silences[len(silences)/2], silences[len(silences)-1])
	if whole {
		require.Less(t, took, 10*time.Second)
	}
	require.NoError(t, tw.Close())
	m.start(0) // its end is that of the test
	m.requireOneOwner(m.events())
}

// requireOneOwner checks the event log: a stream of a call begins when the one before has
// ended, as its instance says, or when that was killed.
func (m *machines) requireOneOwner(events []moveEvent) {
	streams := make(map[string][]moveEvent) // by CallSid, in the order of time
	ended := make(map[string]time.Time)     // by StreamSid
	for _, e := range events {
		switch e.Msg {
		case "stream started":
			streams[e.SID] = append(streams[e.SID], e)
		case "stream ended, the call may go on", "call ended", "call failed":
			ended[e.Stream] = e.Time
		}
	}
	for sid, all := range streams {
		for i, e := range all[1:] {
			before := all[i]
			end, said := ended[before.Stream]
			if !said {
				end = m.died[before.process]
			}
			if end.IsZero() || e.Time.Before(end) {
				for _, line := range m.lines(sid) {
					m.t.Log(line)
				}
				m.t.Errorf("%s: stream %d of process %d began at %v, before stream %d of process %d had ended at %v", sid, e.Leg, e.process, e.Time, before.Leg, before.process, end)
			}
		}
	}
}
