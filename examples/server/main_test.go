package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/vad"
	"agentos.dev/dialtone/voice/voicetest"
)

// asProgram in the environment makes the test binary the server itself, for tests
// of what is in the process around it.
const asProgram = "DIALTONE_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	leak.Main(m)
}

// program returns the command that runs the server as a process.
func program(t *testing.T, addr string, environment ...string) *exec.Cmd {
	t.Helper()
	file, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(file, "-addr", addr)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "METRICS_ADDR=public")
	cmd.Env = append(cmd.Env, environment...)
	return cmd
}

// What waits for something waits so long, and looks so often.
const (
	patience = 10 * time.Second
	tick     = 10 * time.Millisecond
)

// environment returns a getenv with the given variables.
func environment(pairs ...string) func(string) string {
	set := make(map[string]string)
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	return func(name string) string { return set[name] }
}

func TestConfigurationReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := configFromEnv(environment(
		"CALLS_PER_HOUR_LIMIT=ten", "MAX_CONCURRENT_CALLS=-1", "MAX_CALL_DURATION=5", "BUSINESS_HOURS=always",
		"BUSINESS_TZ=Mars/Olympus", "TWILIO_RECORD_CALLS=maybe", "OUTBOUND_CPS=x", "SESSION_KEYS=short", "STT=magic",
		"LOG_FORMAT=xml", "LOG_NUMBERS=some", "TRUSTED_PROXIES=10.0.0.0", "BLOCKED_NUMBERS=12", "TWILIO_API_KEY=SK1",
		"BUDGET=NaN", "RATES=inbound=cheap", "ADMIN_ADDR=here", "METRICS_ADDR=9464",
		"STT_WORKERS=-1", "VAD_THRESHOLD=1", "VAD_SILENCE=1h", "LOG_LEVEL=loud",
		"JOURNAL_DIR=main.go", "JOURNAL_KEEP=audio,everything", "JOURNAL_FILES=0",
	))
	require.Error(t, err)
	for _, name := range []string{
		"TWILIO_AUTH_TOKEN", "PUBLIC_URL", "CALLS_PER_HOUR_LIMIT", "MAX_CONCURRENT_CALLS", "MAX_CALL_DURATION", "BUSINESS_TZ",
		"TWILIO_RECORD_CALLS", "OUTBOUND_CPS", "SESSION_KEYS", "STT", "LOG_FORMAT", "LOG_NUMBERS", "TRUSTED_PROXIES", "BLOCKED_NUMBERS",
		"TWILIO_API_KEY", "BUDGET", "RATES", "ADMIN_ADDR", "METRICS_ADDR", "STT_WORKERS", "VAD_THRESHOLD", "VAD_SILENCE", "LOG_LEVEL",
		"JOURNAL_DIR", "JOURNAL_KEEP", "JOURNAL_FILES",
	} {
		require.ErrorContains(t, err, name+": ")
	}
	require.NotContains(t, err.Error(), "short", "a key must not get into an error")
}

// TestEngineVariables reach the engine, and are told where they have no effect.
func TestEngineVariables(t *testing.T) {
	set := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT_WORKERS=3", "VAD_THRESHOLD=0.4", "VAD_SILENCE=400ms", "LOG_LEVEL=debug"}
	c, err := configFromEnv(environment(set...))
	require.NoError(t, err)
	require.Empty(t, c.doubts)
	require.Equal(t, 3, c.sttWorkers)
	require.Equal(t, stt.Segmentation{VAD: vad.Options{Threshold: 0.4, HangOver: 400 * time.Millisecond}}, c.segmentation())
	var log bytes.Buffer
	c.logger(&log).Debug("audio arrives")
	require.Contains(t, log.String(), "level=DEBUG")
	c, err = configFromEnv(environment(append(set, "STT=off")...))
	require.NoError(t, err)
	require.Len(t, c.doubts, 3)
}

func TestServerRefusesToStart(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), nil, environment(), &out, &out)
	require.ErrorContains(t, err, "nothing was started")
	require.ErrorContains(t, err, "-demo")
}

func TestHelpDocumentsEveryVariable(t *testing.T) {
	var out bytes.Buffer
	require.Error(t, run(t.Context(), []string{"-h"}, environment(), &out, &out))
	for _, v := range variables {
		require.Contains(t, out.String(), v.name)
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\be\.\w+\("([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1) {
			require.Contains(t, out.String(), name[1], "-h leaves out what %s reads", file)
		}
	}
}

func TestDemo(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-demo"}, environment(), &out, &out), "%s", &out)
	for _, want := range []string{
		`transcript: "go forward ten meters"`, `transcript: "book a room"`,
		"interrupts the answer", "word errors  0.0 %", `twilio_calls_total{from_country="US",status="completed"} 1`, "back to 0",
	} {
		require.Contains(t, out.String(), want)
	}
	require.NotContains(t, out.String(), "warning")
}

func TestDemoWithoutEngineFails(t *testing.T) {
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-demo"}, environment("STT=off"), &out, &out), "speech engine")
}

// TestPrivateAddresses: what administrators and Prometheus see is not where callers are
// answered, unless that is asked for.
func TestPrivateAddresses(t *testing.T) {
	const no, yes, guarded = http.StatusNotFound, http.StatusOK, http.StatusUnauthorized
	for name, tt := range map[string]struct {
		environment []string // ADMIN and METRICS are the test's addresses
		public      [2]int   // what /metrics and /admin/calls answer there
		admin       [2]int   // 0 = nobody listens
		metrics     [2]int
	}{
		"metrics alone":                 {[]string{"METRICS_ADDR=METRICS"}, [2]int{no, guarded}, [2]int{}, [2]int{yes, no}},
		"metrics beside the calls":      {[]string{"METRICS_ADDR=public"}, [2]int{yes, guarded}, [2]int{}, [2]int{}},
		"no metrics":                    {[]string{"METRICS_ADDR=off"}, [2]int{no, guarded}, [2]int{}, [2]int{}},
		"both for administrators":       {[]string{"ADMIN_ADDR=ADMIN"}, [2]int{no, no}, [2]int{yes, guarded}, [2]int{}},
		"both, said twice":              {[]string{"ADMIN_ADDR=ADMIN", "METRICS_ADDR=ADMIN"}, [2]int{no, no}, [2]int{yes, guarded}, [2]int{}},
		"each alone":                    {[]string{"ADMIN_ADDR=ADMIN", "METRICS_ADDR=METRICS"}, [2]int{no, no}, [2]int{no, guarded}, [2]int{yes, no}},
		"only administrators alone":     {[]string{"ADMIN_ADDR=ADMIN", "METRICS_ADDR=public"}, [2]int{yes, no}, [2]int{no, guarded}, [2]int{}},
		"administrators, and no metric": {[]string{"ADMIN_ADDR=ADMIN", "METRICS_ADDR=off"}, [2]int{no, no}, [2]int{no, guarded}, [2]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			public, admins, metrics := freeAddress(t), freeAddress(t), freeAddress(t)
			pairs := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off", "ADMIN_TOKENS=" + admin.Generate()}
			for _, pair := range tt.environment {
				pairs = append(pairs, strings.NewReplacer("=ADMIN", "="+admins, "=METRICS", "="+metrics).Replace(pair))
			}
			ctx, stop := context.WithCancel(t.Context())
			stopped := make(chan error, 1)
			go func() { stopped <- run(ctx, []string{"-addr", public}, environment(pairs...), io.Discard, io.Discard) }()
			require.Eventually(t, func() bool { return status("http://"+public+"/livez") == http.StatusOK }, patience, tick)
			for address, want := range map[string][2]int{public: tt.public, admins: tt.admin, metrics: tt.metrics} {
				require.Equal(t, want, [2]int{status("http://" + address + "/metrics"), status("http://" + address + "/admin/calls")}, address)
				if want != [2]int{} {
					require.Equal(t, http.StatusOK, status("http://"+address+"/livez"))
					require.Equal(t, http.StatusOK, status("http://"+address+"/readyz"))
				}
				require.Equal(t, address == public, status("http://"+address+"/api/voice/health") == http.StatusOK)
			}
			stop()
			require.NoError(t, <-stopped)
		})
	}
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9464", c.metricsAddr, "on loopback unless told otherwise")
	taken := httptest.NewServer(nil)
	defer taken.Close()
	require.ErrorContains(t, run(t.Context(), []string{"-addr", freeAddress(t)}, environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL,
		"STT=off", "METRICS_ADDR="+taken.Listener.Addr().String()), io.Discard, io.Discard), "METRICS_ADDR: ")
}

// TestMetricsOfASecondInstance: where the usual address is taken, as by another instance
// on the machine, calls are answered all the same and the log names where the metrics are.
func TestMetricsOfASecondInstance(t *testing.T) {
	if first, err := net.Listen("tcp", "127.0.0.1:9464"); err == nil { // else somebody has it already
		defer first.Close()
	}
	log, writer := io.Pipe()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	stopped := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", freeAddress(t)}, environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off"), io.Discard, writer)
		writer.Close()
		stopped <- err
	}()
	warned, lines := false, bufio.NewScanner(log)
	for lines.Scan() {
		warned = warned || strings.Contains(lines.Text(), "METRICS_ADDR is not set")
		if address := regexp.MustCompile(`readers of the metrics.* addr=(\S+)`).FindStringSubmatch(lines.Text()); address != nil {
			require.True(t, warned)
			require.Equal(t, http.StatusOK, status("http://"+address[1]+"/metrics"))
			stop()
		}
	}
	require.NoError(t, <-stopped)
	require.ErrorIs(t, ctx.Err(), context.Canceled, "the log names no address")
}

// TestListsBeginWithAMark: a byte order mark, which editors put before what is pasted
// into a service's unit or a file, changes nothing.
func TestListsBeginWithAMark(t *testing.T) {
	phrases := filepath.Join(t.TempDir(), "phrases.txt")
	require.NoError(t, os.WriteFile(phrases, []byte("\ufeffbook a room\r\ncancel\r\n"), 0o600))
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN=\ufeff"+voicetest.AuthToken+",\u00a0"+strings.Repeat("b", 32)+",", "PUBLIC_URL=\ufeff"+voicetest.PublicURL,
		"BLOCKED_NUMBERS=\ufeff+14155550100, +1900*,", "OUTBOUND_COUNTRIES=\ufeffUS , CA,", "TRUSTED_PROXIES=\ufeff10.0.0.0/8 ,", "BUSINESS_HOURS=\ufeffMon–Fri 09:00–17:00;",
		"OUTBOUND_CAPS=\ufeff*=60/600,", "STT_PHRASES="+phrases, "TWILIO_API_KEY=SK1", "TWILIO_API_SECRET=s", "TWILIO_ACCOUNT_SID="+voicetest.AccountSID, "TWILIO_NUMBER=\ufeff+14155550199"))
	require.NoError(t, err)
	require.Equal(t, []string{voicetest.AuthToken, strings.Repeat("b", 32)}, c.authTokens)
	require.Equal(t, voicetest.PublicURL, c.publicURL)
	require.Equal(t, 2, c.blocked.Len())
	require.Equal(t, []string{"US", "CA"}, c.outboundTo)
	require.Len(t, c.proxies, 1)
	require.Equal(t, []string{"book a room", "cancel"}, c.phrases)
}

// TestServerStopsOnSignal runs the real program: it serves, drains on SIGTERM
// while a call is up, and a second signal makes it exit at once.
func TestServerStopsOnSignal(t *testing.T) {
	for name, signals := range map[string]int{"drains": 1, "exits at once": 2} {
		t.Run(name, func(t *testing.T) {
			addr := freeAddress(t)
			cmd := program(t, addr)
			var log bytes.Buffer
			cmd.Stderr = &log
			require.NoError(t, cmd.Start())
			exited := make(chan error, 1)
			go func() { exited <- cmd.Wait() }()
			target := "http://" + addr
			require.Eventually(t, func() bool { return status(target+"/livez") == http.StatusOK }, patience, tick)
			require.Equal(t, http.StatusOK, status(target+"/readyz"))
			require.Equal(t, http.StatusOK, status(target+"/api/voice/health"))

			tw := voicetest.New(t, nil, voicetest.Config{Target: target})
			call := tw.Dial("+14155550100", "+14155550199")
			require.Eventually(t, func() bool { return strings.Contains(page(target+"/metrics"), "twilio_active_calls 1") }, patience, tick)
			for range signals {
				require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
				require.Eventually(t, func() bool { return status(target+"/readyz") != http.StatusOK }, patience, tick)
			}
			if signals == 1 {
				require.Equal(t, "in-progress", call.Status())
				call.HangUp()
				require.NoError(t, <-exited, log.String())
				require.Contains(t, log.String(), "every call has ended")
				require.Contains(t, log.String(), "Twilio inbound call from=+14155550100")
			} else {
				require.Error(t, <-exited)
			}
		})
	}
}

func TestLogSpellsWarningAsTheRunbookDoes(t *testing.T) {
	for format, want := range map[string]string{"text": "level=WARNING", "json": `"level":"WARNING"`} {
		c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN=0123456789abcdef", "PUBLIC_URL=https://calls.example.com", "LOG_FORMAT="+format))
		require.NoError(t, err)
		var out bytes.Buffer
		c.logger(&out).Warn("Rate limit exceeded from_number=+14155550100")
		require.Contains(t, out.String(), want)
	}
}

// newTestApp puts a server together that a fake Twilio can call.
func newTestApp(t *testing.T, engine stt.Engine) *app {
	t.Helper()
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "METRICS_ADDR=public"))
	require.NoError(t, err)
	a := &app{engine: engine, log: c.logger(io.Discard), metrics: prometheus.NewRegistry()}
	require.NoError(t, a.build(c, nil))
	t.Cleanup(a.close)
	return a
}

// asked is a speech engine that is down, and knows how often it was asked.
type asked struct {
	stt.EngineFunc
	times int
}

func (a *asked) Check(context.Context) error { a.times++; return stt.ErrUnavailable }

// TestReadiness: a server is ready until it drains. Whether its speech service
// answers is not asked: a probe that waits for a slow one would take every
// instance out of service at once.
func TestReadiness(t *testing.T) {
	engine := &asked{}
	a := newTestApp(t, engine)
	get := func(path string) int {
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	require.Equal(t, http.StatusOK, get("/readyz"))
	require.Zero(t, engine.times, "the probe asks the speech service")
	require.Equal(t, http.StatusServiceUnavailable, get("/api/voice/health"))
	require.Equal(t, 1, engine.times)
	require.NoError(t, a.voice.Shutdown(context.Background()))
	require.Equal(t, http.StatusServiceUnavailable, get("/readyz"))
	require.Equal(t, http.StatusOK, get("/livez"))
}

// TestGoodbyeWithoutSpeechService: a caller who cannot be heard is told so much,
// and the call counts as failed.
func TestGoodbyeWithoutSpeechService(t *testing.T) {
	a := newTestApp(t, stt.EngineFunc(func(context.Context, stt.Config) (stt.Stream, error) { return nil, stt.ErrUnavailable }))
	answer, err := newReceptionist(a.log, false)
	require.NoError(t, err)
	call := voicetest.New(t, a.handler).Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"))
	require.NoError(t, call.Hears(answer.goodbye, patience))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, "1", scrape(a.handler)[`twilio_calls_total{from_country="US",status="failed"}`])
}

func freeAddress(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(nil)
	defer server.Close()
	return server.Listener.Addr().String()
}

func status(url string) int {
	response, err := http.Get(url)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func page(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}
