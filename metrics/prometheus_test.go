package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/wer"
	"agentos.dev/dialtone/voice/voicetest"
)

// haste is how many times faster than in production the windows and durations of
// the rules pass in the drills: 5 minutes take 15 seconds. Where an alert waits for
// an hour, a quarter of one has to do.
const haste = 20

// hasty renders the rules with shorter windows. What they compare with past
// weeks stays a week old.
func hasty(rules string) string {
	rules = strings.ReplaceAll(rules, "for: 1h", "for: 15m")
	return regexp.MustCompile(`(\[|for: )(\d+)([mhd])\b`).ReplaceAllStringFunc(rules, func(found string) string {
		m := regexp.MustCompile(`(\[|for: )(\d+)([mhd])`).FindStringSubmatch(found)
		n, _ := strconv.Atoi(m[2])
		unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[3]]
		return m[1] + strconv.Itoa(int((time.Duration(n) * unit / haste).Seconds())) + "s"
	})
}

// drill is a way to fail, and the alerts that tell of it.
type drill struct {
	job    string
	what   behaviour
	alerts []string
}

// callEvery is the pace of a service's calls: 2400 an hour.
const callEvery = 1500 * time.Millisecond

// reference is the job of the reference server, which fails in no way.
const reference = "reference"

func drills() []drill {
	badFrame, lostFrame, badWebhook := every(40), every(2), every(4)
	media := func(edit func(voicetest.Message) []voicetest.Message) func() []voicetest.Option {
		return func() []voicetest.Option {
			return []voicetest.Option{voicetest.EditMessage(func(event string, m voicetest.Message) []voicetest.Message {
				if event == "media" {
					return edit(m)
				}
				return []voicetest.Message{m}
			})}
		}
	}
	payload := regexp.MustCompile(`"payload":"[^"]*"`)
	return []drill{
		{job: reference},
		{job: "stt_slow", what: behaviour{recognise: func() error { time.Sleep(1500 * time.Millisecond); return nil }},
			alerts: []string{"TwilioElevatedEndToEndLatency", "TwilioHighEndToEndLatency", "TwilioHighLatency", "TwilioLatencyBudgetBurn", "TwilioLatencyBudgetBurnSlow"}},
		{job: "stt_failing", what: behaviour{recognise: func() error { return &stt.Error{Op: "recognize", Kind: stt.ErrUnavailable} }},
			alerts: []string{"TwilioSTTErrors"}},
		{job: "corrupt_audio", what: behaviour{options: media(func(m voicetest.Message) []voicetest.Message {
			if badFrame() {
				m.Data = payload.ReplaceAll(m.Data, []byte(`"payload":"!!! not base64 !!!"`))
			}
			return []voicetest.Message{m}
		})}, alerts: []string{"TwilioTranscodingErrors"}},
		{job: "webhook_5xx", what: behaviour{deaf: true, webhook: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if badWebhook() {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				next.ServeHTTP(w, r)
			})
		}}, alerts: []string{"TwilioWebhookErrors"}},
		{job: "wrong_token", what: behaviour{deaf: true, token: "0123456789abcdef0123456789abcdef"}, alerts: []string{"TwilioSignaturesRefused"}},
		{job: "streams_refused", what: behaviour{deaf: true, options: func() []voicetest.Option {
			return []voicetest.Option{voicetest.Unsigned(voicetest.Handshake)}
		}}, alerts: []string{"TwilioStreamsMissing"}},
		{job: "over_budget", what: behaviour{deaf: true, budget: 0.05}, alerts: []string{"TwilioBudgetNearlySpent", "TwilioBudgetSpent"}},
		{job: "instance_down", what: behaviour{deaf: true}, alerts: []string{"TwilioWebhookInstanceDown"}},
		{job: "calls_81", what: behaviour{deaf: true}, alerts: []string{"TwilioHighConcurrentCalls"}},
		{job: "audio_stalled", what: behaviour{deaf: true, options: media(func(m voicetest.Message) []voicetest.Message {
			if lostFrame() {
				return nil
			}
			return []voicetest.Message{m}
		})}, alerts: []string{"TwilioAudioStalled"}},
	}
}

// TestPrometheus has a real Prometheus scrape the reference server and ten
// services that fail in one way each, under load: of each way its alerts tell and
// no others. And every panel of the dashboard and every recorded series of the
// reference server has data.
//
// Under DIALTONE_TEST=all the load lasts two minutes, otherwise as long as the
// slowest alert needs.
//
// It goes by the clock, so it runs beside no other test of the package.
func TestPrometheus(t *testing.T) {
	program := apt.Need(t, "prometheus", "prometheus")
	if testing.Short() {
		t.Skip("left out with -short: it takes a minute of real time")
	}
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	t.Cleanup(func() { stop(); load.Wait() })

	targets := make(map[string][]string)
	all := drills()
	samples, countWords := newSamples(t)
	for _, d := range all {
		var s *service
		if d.job == reference {
			s = newReference(t, d.job)
		} else {
			s = newService(t, d.job, d.what)
		}
		targets[d.job] = []string{s.target}
		switch d.job {
		case reference:
			targets[d.job] = append(targets[d.job], samples)
		case "instance_down":
			targets[d.job] = append(targets[d.job], unusedAddress(t))
		}
		load.Go(func() {
			if d.job == "calls_81" {
				s.hold(ctx, 81)
				return
			}
			s.load(ctx, callEvery, d.what)
		})
	}
	began := time.Now()
	p := startPrometheus(t, program, targets, "instance_down")

	require.Eventually(t, func() bool { return len(p.query(t, `twilio_stt_words_total{instance="`+samples+`"}`)) > 0 }, 20*time.Second, 100*time.Millisecond)
	countWords(wer.Errors{Words: 2000, Substitutions: 60}) // after the scrape of the zero

	const patience = 100 * time.Second
	for deadline := began.Add(patience); ; {
		time.Sleep(2 * time.Second)
		if silent := p.missing(t, all); len(silent) == 0 && p.ready(t) {
			break
		} else if time.Now().After(deadline) {
			t.Errorf("after %v not everything was there; these have not fired: %v", patience, silent)
			break
		}
	}
	if os.Getenv("DIALTONE_TEST") == "all" {
		time.Sleep(time.Until(began.Add(2 * time.Minute)))
	}

	fired := p.fired(t)
	for _, d := range all {
		require.ElementsMatch(t, d.alerts, fired[d.job], "alerts of the service %s", d.job)
	}
	for _, m := range regexp.MustCompile(`- record: (\S+)`).FindAllStringSubmatch(shippedRules(t), -1) {
		require.NotEmpty(t, p.query(t, m[1]+`{job="reference"}`), "recorded series %s is empty", m[1])
	}
	queries := panelQueries(t)
	require.Greater(t, len(queries), 30)
	for _, e := range queries {
		e.text = strings.NewReplacer("$job", reference, "$__rate_interval", "15s").Replace(e.text)
		require.NotEmpty(t, p.query(t, e.text), "panel %q shows nothing for %s", e.panel, e.text)
	}
}

// prometheusServer is a running Prometheus.
type prometheusServer struct{ url string }

// startPrometheus starts Prometheus on loopback, with the rules for a job and
// four weeks of history of the reference server.
func startPrometheus(t *testing.T, program string, targets map[string][]string, job string) prometheusServer {
	t.Helper()
	dir := t.TempDir()
	rules, err := metrics.Rules(job)
	require.NoError(t, err)
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n")
	for job, addresses := range targets {
		fmt.Fprintf(&config, "  - job_name: %s\n    static_configs: [{targets: ['%s']}]\n", job, strings.Join(addresses, "', '"))
	}
	text := strings.ReplaceAll(hasty(string(rules)), "interval: 1m", "interval: 1s")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config.String()), 0o600))
	backfill(t, dir)

	address := unusedAddress(t)
	command := exec.Command(program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=60d",
		"--web.listen-address="+address, "--log.level=warn")
	command.Dir = dir
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // Wait tells
		command.Wait()                          //nolint:errcheck // by a signal
		if t.Failed() {
			t.Log(log.String())
		}
	})
	p := prometheusServer{"http://" + address}
	require.Eventually(t, func() bool {
		response, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "prometheus: %s", &log)
	return p
}

// backfill writes how many calls an hour the reference server had at this hour of
// past weeks.
func backfill(t *testing.T, dir string) {
	t.Helper()
	var history strings.Builder
	history.WriteString("# TYPE job:twilio_calls:rate1h gauge\n")
	now := time.Now().Truncate(time.Minute)
	for week := 4; week > 0; week-- {
		for minute := -10; minute < 30; minute++ {
			at := now.AddDate(0, 0, -7*week).Add(time.Duration(minute) * time.Minute)
			fmt.Fprintf(&history, "job:twilio_calls:rate1h{job=\"reference\"} 1200 %d\n", at.Unix())
		}
	}
	history.WriteString("# EOF\n")
	file := filepath.Join(dir, "history.txt")
	require.NoError(t, os.WriteFile(file, []byte(history.String()), 0o600))
	out, err := exec.Command(apt.Need(t, "promtool", "prometheus"), "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(dir, "data")).CombinedOutput()
	require.NoError(t, err, string(out))
}

// sample is a series with a value.
type sample struct {
	labels map[string]string
	value  float64
}

// query returns the samples of an expression that are numbers.
func (p prometheusServer) query(t *testing.T, expression string) []sample {
	t.Helper()
	response, err := http.Get(p.url + "/api/v1/query?query=" + url.QueryEscape(expression))
	require.NoError(t, err)
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	require.Empty(t, answer.Error, expression)
	var samples []sample
	for _, r := range answer.Data.Result {
		value, err := strconv.ParseFloat(r.Value[1].(string), 64)
		require.NoError(t, err)
		if !math.IsNaN(value) {
			samples = append(samples, sample{r.Metric, value})
		}
	}
	return samples
}

// fired returns the alerts that have fired so far, by job.
func (p prometheusServer) fired(t *testing.T) map[string][]string {
	t.Helper()
	fired := make(map[string][]string)
	for _, s := range p.query(t, `group by (job, alertname) (last_over_time(ALERTS{alertstate="firing"}[10m]))`) {
		fired[s.labels["job"]] = append(fired[s.labels["job"]], s.labels["alertname"])
	}
	return fired
}

// missing returns the alerts that should have fired and have not.
func (p prometheusServer) missing(t *testing.T, all []drill) []string {
	t.Helper()
	fired := p.fired(t)
	var missing []string
	for _, d := range all {
		for _, alert := range d.alerts {
			if !slices.Contains(fired[d.job], alert) {
				missing = append(missing, d.job+": "+alert)
			}
		}
	}
	return missing
}

// ready reports whether the slowest recorded series is there.
func (p prometheusServer) ready(t *testing.T) bool {
	t.Helper()
	return len(p.query(t, `job:twilio_stt_word_accuracy:ratio1d{job="reference"}`)) > 0
}

type panelQuery struct{ panel, text string }

// panelQueries returns every query of the embedded dashboard.
func panelQueries(t *testing.T) []panelQuery {
	t.Helper()
	text, err := fs.ReadFile(metrics.Files(), "dashboards/voice.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	var all []panelQuery
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			all = append(all, panelQuery{panel.Title, target.Expr})
		}
	}
	return all
}

// unusedAddress returns an address on loopback where nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
