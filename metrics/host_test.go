package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vad"
	"agentos.dev/dialtone/stt/wer"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// service is a host of dialtone in one job of Prometheus, with its callers.
type service struct {
	job    string
	target string // host:port of /metrics
	twilio *voicetest.Twilio
}

// behaviour is what goes wrong in a service.
type behaviour struct {
	recognise func() error // before each transcript; nil = at once, without a failure
	deaf      bool         // no speech recognition at all
	token     string       // that Twilio signs with; "" = the service's
	budget    float64      // dollars a month; 0 = none
	webhook   func(next http.Handler) http.Handler
	options   func() []voicetest.Option // of each call
}

// hearing recognises the same words in every utterance.
type hearing struct{ before func() error }

func (h hearing) Recognize(context.Context, []byte, stt.Config) (stt.Transcript, error) {
	if h.before != nil {
		if err := h.before(); err != nil {
			return stt.Transcript{}, err
		}
	}
	return stt.Transcript{Text: "book a room"}, nil
}

func (hearing) Status() stt.Status { return stt.Status{Engine: "fake", Model: "fake", Ready: true} }

// newService puts the packages together as the reference server does.
func newService(t *testing.T, job string, b behaviour) *service {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	options := &metrics.Options{ConcurrentCallsLimit: 100}
	if b.budget > 0 {
		options.Budget = capacity.NewBudget(b.budget, capacity.USRates(), nil)
	}
	m, err := metrics.New(registry, options)
	require.NoError(t, err)
	config := voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		Trace:      m.Trace(),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			for range call.Transcripts(ctx) {
			}
			return nil
		}),
	}
	if !b.deaf {
		engine := stt.Segmented(stt.NewPool(hearing{b.recognise}, stt.PoolOptions{Workers: 8}),
			stt.Segmentation{VAD: vad.Options{HangOver: 100 * time.Millisecond}})
		config.STT = engine
		m.WatchEngine(engine)
	}
	server, err := voice.New(config)
	require.NoError(t, err)
	m.Watch(server)
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", server)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	if b.webhook != nil {
		mux.Handle("POST /api/voice/twilio/inbound", b.webhook(server))
	}
	listener := httptest.NewServer(m.Middleware(mux))
	twilio, err := voicetest.Start(voicetest.Config{Target: listener.URL, AuthToken: b.token})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, twilio.Close())
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		listener.Close()
	})
	return &service{job: job, target: listener.Listener.Addr().String(), twilio: twilio}
}

// newReference builds and starts the reference server, with a fake of an
// OpenAI-compatible speech server to listen for it.
func newReference(t *testing.T, job string) *service {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	build := exec.Command("go", "build", "-o", program, "./examples/server")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	speech := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return fakestt.Reply{Body: `{"text":"book a room"}`} })
	address, pages := unusedAddress(t), unusedAddress(t)
	command := exec.Command(program, "-addr", address)
	command.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "METRICS_ADDR="+pages,
		"STT=openai", "STT_URL="+speech.URL, "STT_MODEL=fake", "BUDGET=1000")
	var log lines
	command.Stderr = &log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		command.Process.Signal(syscall.SIGTERM) //nolint:errcheck // Wait tells
		require.NoError(t, command.Wait(), log.String())
	})
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "%s", &log)
	twilio, err := voicetest.Start(voicetest.Config{Target: "http://" + address})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, twilio.Close()) })
	return &service{job: job, target: pages, twilio: twilio}
}

// newSamples serves the counters of checked words, as a node exporter does from
// the file that examples/score writes.
func newSamples(t *testing.T) (target string, count func(wer.Errors)) {
	t.Helper()
	var words, failures, moves atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "twilio_stt_words_total %d\ntwilio_stt_word_errors_total %d\n", words.Load(), failures.Load())
		for _, le := range []string{"0.5", "+Inf"} { // a call that moved, for the panel: one server moves none
			fmt.Fprintf(w, "twilio_call_resume_gap_seconds_bucket{le=%q} %d\n", le, moves.Load())
		}
		moves.Add(1)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func(e wer.Errors) {
		words.Add(int64(e.Words))
		failures.Add(int64(e.Total()))
	}
}

// load has a call come in every so often until ctx ends, each with three words.
func (s *service) load(ctx context.Context, every time.Duration, b behaviour) {
	speech := stttest.Speech(3, codec.Format{Encoding: codec.Mulaw, Rate: 8000})
	var calls sync.WaitGroup
	defer calls.Wait()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		calls.Go(func() {
			options := []voicetest.Option{voicetest.Param("FromCountry", "US")}
			if b.options != nil {
				options = append(options, b.options()...)
			}
			call := s.twilio.Dial(fmt.Sprintf("+1415555%04d", n%10000), "+14155550199", options...)
			if call.SpeakAudio(speech) == nil {
				call.Listen(2 * time.Second) //nolint:errcheck // the call may be over
			}
			call.HangUp()
		})
	}
}

// hold keeps n calls up until ctx ends.
func (s *service) hold(ctx context.Context, n int) {
	for i := range n {
		s.twilio.Dial(fmt.Sprintf("+1415556%04d", i), "+14155550199", voicetest.Param("FromCountry", "US"))
	}
	<-ctx.Done()
}

// every returns a function that is true once in n times.
func every(n int64) func() bool {
	var count atomic.Int64
	return func() bool { return count.Add(1)%n == 0 }
}
