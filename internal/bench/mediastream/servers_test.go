// Package mediastream compares servers of Media Streams under the load of a
// second process. Run one of
//
//	go test -v -timeout 30m -run TestServers ./mediastream -calls 500,1000
//	go test -v -timeout 30m -run TestTLS ./mediastream -calls 500,1000
//	go test -v -timeout 30m -run TestOutbound ./mediastream
//	go test -v -timeout 30m -run TestIdle ./mediastream -calls 10000
//	go test -v -timeout 30m -run TestSustained ./mediastream -calls 2000 -window 60s
//
// The Node server takes part when `npm install` has been run in ./mediastream/node.
package mediastream

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	callsFlag  = flag.String("calls", "500", "numbers of calls, with commas")
	roundsFlag = flag.Int("rounds", 20, "interleaved rounds")
	kindsFlag  = flag.String("kinds", "tutorial,gobwas,coder,stream,voice", "servers of ./mediastream/server, with commas; the first is the base")
	buildsFlag = flag.String("builds", "", "other builds of ./mediastream/server to compare with, with commas, each as path:kind")
	windowFlag = flag.Duration("window", time.Second, "what one server is measured for in a round")
)

// setting returns the flags, or with -short what is enough to see that it runs.
func setting(t *testing.T) (calls []int, rounds int, window time.Duration) {
	if testing.Short() {
		return []int{20}, 1, 300 * time.Millisecond
	}
	for s := range strings.SplitSeq(*callsFlag, ",") {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		calls = append(calls, n)
	}
	return calls, *roundsFlag, *windowFlag
}

// TestServers measures CPU per frame from socket to PCM, memory per call and the
// delay from the generator's write to the consumer. "voice" is the whole path of
// a call: session, stream, handler and an engine that decodes.
func TestServers(t *testing.T) {
	bin := build(t)
	calls, rounds, window := setting(t)
	for _, n := range calls {
		var servers []*server
		for kind := range strings.SplitSeq(*kindsFlag, ",") {
			if testing.Short() && kind != "tutorial" && kind != "voice" {
				continue
			}
			servers = append(servers, start(t, kind, bin+"/server", kind))
		}
		if node := nodeCommand(t); node != nil {
			servers = append(servers, start(t, "Node ws", node[0], node[1:]...))
		}
		for build := range strings.SplitSeq(*buildsFlag, ",") {
			if path, kind, ok := strings.Cut(build, ":"); ok {
				servers = append(servers, start(t, filepath.Base(path)+" "+kind, path, kind))
			}
		}
		measure(t, bin, servers, n, rounds, window)
		for _, s := range servers {
			s.end(t)
		}
	}
}

// TestTLS measures what TLS in the process costs.
func TestTLS(t *testing.T) {
	bin := build(t)
	calls, rounds, window := setting(t)
	cert, key := certificate(t)
	for _, n := range calls {
		secure := start(t, "voice TLS", bin+"/server", "voice", cert, key)
		secure.scheme, secure.load = "https", append(secure.load, "-tls")
		servers := []*server{start(t, "voice", bin+"/server", "voice"), secure}
		measure(t, bin, servers, n, rounds, window)
		for _, s := range servers {
			s.end(t)
		}
	}
}

// TestSustained is one server, one long window: how much is lost, how late it is.
func TestSustained(t *testing.T) {
	bin := build(t)
	calls, _, window := setting(t)
	for _, n := range calls {
		s := start(t, "voice", bin+"/server", "voice")
		load := connect(t, bin, s, n)
		warm, _, _ := load.run(t, window/10)
		s.waitFrames(t, warm)
		before := s.stats(t, "?reset")
		sent, late, took := load.run(t, window)
		after := s.waitFrames(t, warm+sent)
		frames := after["frames"] - before["frames"]
		load.stop(t)
		s.waitIdle(t)
		t.Logf("%d calls, %v: %d frames sent in %v, %d received, %d missing by their numbers; the generator was late with %d; "+
			"server %.1f%% of a core, %.2f us CPU a frame; delay p50 %v p99 %v p99.9 %v",
			n, window, sent, took, frames, s.stats(t, "")["lost"], late,
			100*float64(after["cpu"]-before["cpu"])/float64(took), float64(after["cpu"]-before["cpu"])/float64(frames)/1e3,
			time.Duration(after["delay50"]), time.Duration(after["delay99"]), time.Duration(after["delay999"]))
		require.Equal(t, sent, frames, "no frame is lost")
		require.Zero(t, s.stats(t, "")["lost"])
		s.end(t)
	}
}

// TestIdle opens many streams that say nothing, and has others talk beside them.
func TestIdle(t *testing.T) {
	bin := build(t)
	calls, _, window := setting(t)
	for _, n := range calls {
		s := start(t, "stream", bin+"/server", "stream")
		empty := s.stats(t, "?gc")["memory"]
		talking := connect(t, bin, s, 50)
		talking.run(t, window)
		alone := s.stats(t, "?reset")
		idle := connect(t, bin, s, n)
		time.Sleep(2 * time.Second) // until the streams rest
		memory := s.stats(t, "?gc")["memory"] - empty
		before := s.stats(t, "?reset")
		sent, _, _ := talking.run(t, window)
		beside := s.waitFrames(t, before["frames"]+sent)
		t.Logf("%d idle streams: %.1f KiB each; 50 calls: delay p50 %v p99.9 %v alone, %v %v beside them", n, float64(memory)/float64(n)/1024,
			time.Duration(alone["delay50"]), time.Duration(alone["delay999"]), time.Duration(beside["delay50"]), time.Duration(beside["delay999"]))
		require.Equal(t, sent, beside["frames"]-before["frames"], "no frame is lost")
		require.Zero(t, s.stats(t, "")["lost"])
		idle.stop(t)
		talking.stop(t)
		s.waitIdle(t)
		s.end(t)
	}
}

// TestOutbound measures CPU per second of audio sent, by the length of the messages.
func TestOutbound(t *testing.T) {
	bin := build(t)
	calls, rounds, window := setting(t)
	n := calls[0]
	var servers []*server
	for _, kind := range []string{"speak20", "speak100", "speak180", "tick20", "tick100", "silent"} {
		s := start(t, kind, bin+"/server", kind)
		servers = append(servers, s)
	}
	cost := make([][]float64, len(servers))
	for range rounds {
		for i, s := range servers { // a server speaks as long as somebody listens
			load := connect(t, bin, s, n, "-listen")
			load.run(t, time.Second)
			before := s.stats(t, "")
			load.run(t, window)
			after := s.stats(t, "")
			seconds := float64(n) * window.Seconds() // real time: the audio is paced
			cost[i] = append(cost[i], float64(after["cpu"]-before["cpu"])/1e3/seconds)
			load.stop(t)
			s.waitIdle(t)
		}
	}
	none := median(cost[len(servers)-1])
	for i, s := range servers {
		c := median(cost[i])
		t.Logf("%-9s %6.1f us CPU per call and second; above silence %6.1f, %.2f of %s",
			s.name, c, c-none, (c-none)/(median(cost[0])-none), servers[0].name)
		s.end(t)
	}
}

// measure runs the servers in turns and prints their table; the first is the base.
func measure(t *testing.T, bin string, servers []*server, calls, rounds int, window time.Duration) {
	type result struct {
		cpu, user, mallocs, delay50, delay99, delay999 []float64
		memory                                         float64
	}
	results := make([]result, len(servers))
	idle := make([]int64, len(servers))
	for i, s := range servers {
		idle[i] = s.stats(t, "?gc")["memory"]
	}
	// All calls are up all the time, and the servers are fed in turns: short
	// ones, because what else runs on the machine changes within seconds.
	loads := make([]*generator, len(servers))
	for i, s := range servers {
		loads[i] = connect(t, bin, s, calls)
	}
	for range rounds {
		for i, s := range servers {
			for k := range servers {
				loads[k].keep(t) // the others wait for their turn
			}
			loads[i].run(t, window/4)
			before := s.stats(t, "?reset")
			loads[i].run(t, window)
			after := s.stats(t, "")
			frames := float64(after["frames"] - before["frames"])
			require.Positive(t, frames, s.name)
			r := &results[i]
			r.cpu = append(r.cpu, float64(after["cpu"]-before["cpu"])/frames)
			r.user = append(r.user, float64(after["user"]-before["user"])/frames)
			r.mallocs = append(r.mallocs, float64(after["mallocs"]-before["mallocs"])/frames)
			r.delay50 = append(r.delay50, float64(after["delay50"]))
			r.delay99 = append(r.delay99, float64(after["delay99"]))
			r.delay999 = append(r.delay999, float64(after["delay999"]))
		}
	}
	for i, s := range servers {
		loads[i].run(t, window/4)
		results[i].memory = float64(s.stats(t, "?gc")["memory"]-idle[i]) / float64(calls) / 1024
		loads[i].stop(t)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d calls, medians of %d rounds of %v\n  %-10s %9s %7s %9s %9s %9s %9s %9s %9s %10s\n", calls, rounds, window,
		"", "CPU us", "ratio", "at p10", "user us", "mallocs", "p50 ms", "p99 ms", "p99.9 ms", "KiB/call")
	base := results[0].cpu
	for i, r := range results {
		fmt.Fprintf(&b, "  %-10s %9.2f %7.2f %9.2f %9.2f %9.3f %9.2f %9.2f %9.2f %10.1f\n", servers[i].name, median(r.cpu)/1e3, median(r.cpu)/median(base), p10(r.cpu)/p10(base),
			median(r.user)/1e3, median(r.mallocs), median(r.delay50)/1e6, median(r.delay99)/1e6, median(r.delay999)/1e6, r.memory)
	}
	t.Log(b.String())
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// p10 is what a busy machine disturbs least.
func p10(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/10]
}

// compile builds the server and the load generator into a folder, once.
func compile(dir string) func() error {
	return sync.OnceValue(func() error {
		if out, err := exec.Command("go", "build", "-o", dir, "./server", "./load").CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}

var (
	binaries string // the folder
	compiled func() error
)

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "bench"); err != nil {
		log.Fatal(err)
	}
	compiled = compile(binaries)
	code := m.Run()
	_ = os.RemoveAll(binaries)
	os.Exit(code)
}

// build returns the folder with the programs.
func build(t *testing.T) (dir string) {
	require.NoError(t, compiled())
	return binaries
}

// nodeCommand returns how to run the Node server; nil if it cannot be run.
func nodeCommand(t *testing.T) []string {
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join("node", "node_modules", "ws")); err != nil || missing != nil {
		t.Log("without the Node server: it needs node, and `npm install` in internal/bench/mediastream/node")
		return nil
	}
	return []string{node, "--expose-gc", "node/server.js"}
}

// certificate makes one for loopback.
func certificate(t *testing.T) (cert, key string) {
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}

// client asks for statistics; it does not look at certificates made for the run.
var client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

// server is a process that is measured.
type server struct {
	name, addr string
	scheme     string
	load       []string // what the generator must know
	cmd        *exec.Cmd
}

func start(t *testing.T, name, command string, args ...string) *server {
	cmd := exec.Command(command, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	s := &server{name: name, addr: strings.TrimSpace(addr), scheme: "http", cmd: cmd}
	if slices.Contains(args, "voice") {
		s.load = []string{"-token", "bench"}
	}
	return s
}

func (s *server) end(t *testing.T) {
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // killed
}

func (s *server) stats(t *testing.T, query string) (m map[string]int64) {
	resp, err := client.Get(s.scheme + "://" + s.addr + "/stats" + query)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&m))
	return m
}

// waitFrames waits until so many frames have come, or for 20 seconds.
func (s *server) waitFrames(t *testing.T, n int64) (m map[string]int64) {
	for range 400 {
		if m = s.stats(t, ""); m["frames"] >= n {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return m
}

// waitIdle waits until all calls have ended, or for 20 seconds.
func (s *server) waitIdle(t *testing.T) {
	for range 400 {
		if s.stats(t, "")["active"] == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: calls do not end", s.name)
}

// generator is the load generator's process.
type generator struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func connect(t *testing.T, bin string, s *server, calls int, args ...string) *generator {
	args = append(append([]string{"-addr", s.addr, "-calls", strconv.Itoa(calls)}, s.load...), args...)
	cmd := exec.Command(bin+"/load", args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	g := &generator{cmd, in, bufio.NewReader(out)}
	require.Equal(t, fmt.Sprintf("up %d\n", calls), g.line(t))
	return g
}

func (g *generator) line(t *testing.T) string {
	line, err := g.out.ReadString('\n')
	require.NoError(t, err)
	return line
}

func (g *generator) run(t *testing.T, d time.Duration) (sent, late int64, took time.Duration) {
	_, err := fmt.Fprintln(g.in, "run", d)
	require.NoError(t, err)
	var ms int64
	_, err = fmt.Sscanf(g.line(t), "ran %d late %d took %d", &sent, &late, &ms)
	require.NoError(t, err)
	return sent, late, time.Duration(ms) * time.Millisecond
}

// keep sends a frame of each call, so that none counts as idle.
func (g *generator) keep(t *testing.T) {
	_, err := fmt.Fprintln(g.in, "keep")
	require.NoError(t, err)
	require.Equal(t, "kept\n", g.line(t))
}

func (g *generator) stop(t *testing.T) {
	_, err := fmt.Fprintln(g.in, "stop")
	require.NoError(t, err)
	require.Equal(t, "stopped\n", g.line(t))
	require.NoError(t, g.cmd.Wait())
}
