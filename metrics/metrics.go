// Package metrics exports a voice server's work to Prometheus: the series, with
// the names, labels and buckets, that the operations runbook's alerts and
// dashboard are made of.
//
//	m, err := metrics.New(prometheus.DefaultRegisterer, nil)
//	...
//	srv, err := voice.New(voice.Config{Trace: m.Trace(), ...})
//	...
//	m.Watch(srv)
//	m.WatchEngine(engine)
//	mux.Handle("/api/voice/", m.Middleware(srv))
//
// Labels come from closed sets: nothing that a caller can choose becomes a label
// value. The series of a set that is known in advance exist from the start, at 0,
// so that the first failure is an increase.
//
// [Rules] are the runbook's recording rules and alerts, [Files] holds them and
// the Grafana dashboard.
package metrics

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/stt/wer"
	"agentos.dev/dialtone/voice"
)

// Options tune what is exported. The zero value suits most hosts.
type Options struct {
	// Countries are the values that the label from_country may take, as ISO
	// 3166-1 alpha-2 codes; calls from elsewhere count as "other". nil stands for
	// all of the standard's countries, whose series appear with their first call.
	Countries []string
	// NativeHistograms adds native histograms to the classic ones, for scrapers
	// that ask for protobuf.
	NativeHistograms bool
	// Exemplar, when set, names a call's trace, as {"trace_id": "..."}, next to the
	// latencies of its transcripts; 128 characters at most, in all. Serve them with
	// promhttp.HandlerOpts.EnableOpenMetrics.
	Exemplar func(voice.Info) prometheus.Labels
	// ConcurrentCallsLimit is exported as twilio_concurrent_calls_limit; 0 leaves
	// the series out, and the alerts take the limit to be 100.
	ConcurrentCallsLimit int
	// Budget, when set, is exported as twilio_budget_dollars. Each stream that ends
	// is added to it as a call of that length which was streamed, transcribed and
	// recorded, and what it cost to twilio_cost_dollars_total: leave the rates of
	// what is not done at 0.
	Budget *capacity.Budget
	// OwnRequests leaves out http_request_duration_seconds, for a host whose own
	// series has that name; Middleware then measures nothing. The alerts on webhooks
	// need the labels endpoint and code in it.
	OwnRequests bool
	// Version is exported with twilio_build_info; "" stands for the main module's.
	Version string
}

// Metrics is a set of series in one registry. It is made by [New]; the zero value is not
// usable. Its methods may be called from any goroutine.
type Metrics struct {
	server    atomic.Pointer[voice.Server]
	engine    engine
	cost      *cost // nil without a budget
	countries map[string]*countryCalls
	exemplar  func(voice.Info) prometheus.Labels // may be nil

	keys    *openSet // ids of shared keys
	reasons *openSet // of decisions

	calls       *prometheus.CounterVec
	duration    prometheus.Histogram
	resumed     *closedSet
	gap         prometheus.Histogram
	cut         *closedSet
	chunks      prometheus.Counter
	transcoding *closedSet
	sttLatency  prometheus.Histogram
	e2eLatency  prometheus.Histogram
	answerGap   prometheus.Histogram
	bargeIns    *prometheus.CounterVec
	silences    prometheus.Counter
	sttLength   prometheus.Histogram
	sttErrors   *closedSet
	utterances  prometheus.Counter
	ttsErrors   *closedSet
	ttsSurvived *closedSet
	words       prometheus.Counter
	wordErrors  prometheus.Counter
	wsErrors    *closedSet
	wsConnect   prometheus.Histogram
	dropped     *prometheus.CounterVec
	decisions   *prometheus.CounterVec
	signatures  *prometheus.CounterVec
	requests    *prometheus.HistogramVec // nil if the host measures them

	store        atomic.Pointer[policy.Store] // nil if none is watched
	storeLatency prometheus.Histogram
}

// New creates the series and registers them, or returns everything that is wrong: without
// a registry or with options that cannot be meant nothing is registered.
func New(reg prometheus.Registerer, options *Options) (*Metrics, error) {
	if options == nil {
		options = &Options{}
	}
	if err := options.check(reg); err != nil {
		return nil, err
	}
	m := &Metrics{exemplar: options.Exemplar, keys: newOpenSet(maxSharedKeys, nil), reasons: newOpenSet(maxReasons, reasonNames())}
	f := &factory{reg: reg, native: options.NativeHistograms}

	m.calls = f.counters("twilio_calls_total", "Total Twilio voice calls", "status", "from_country")
	m.duration = f.histogram("twilio_call_duration_seconds", "Call duration in seconds", 10, 30, 60, 120, 300, 600)
	m.resumed = f.set("twilio_calls_resumed_total", "Total streams that went on with a call", "cause", resumeCauses)
	m.gap = f.histogram("twilio_call_resume_gap_seconds", "Time without a stream until a call went on", 0.1, 0.25, 0.5, 1, 2, 5, 10)
	m.cut = f.set("twilio_calls_cut_total", "Total calls that neither side ended", "reason", cutReasons)
	m.chunks = f.counter("twilio_audio_chunks_received_total", "Total audio chunks received from Twilio")
	m.transcoding = f.set("twilio_transcoding_errors_total", "Total audio transcoding errors", "error_type", transcodingErrors)
	m.sttLatency = f.histogram("twilio_stt_latency_seconds", "STT transcription latency, from the caller's last word", 0.1, 0.2, 0.5, 1, 2, 5)
	m.e2eLatency = f.histogram("twilio_e2e_latency_seconds", "Time from the caller's last word until the handler can have the transcript", 0.1, 0.2, 0.3, 0.5, 0.6, 1, 2, 5)
	m.answerGap = f.histogram("twilio_answer_gap_seconds", "Time from the caller's last word until the caller begins to hear the answer", 0.2, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10)
	m.bargeIns = f.counters("twilio_barge_ins_total", "Total steps of interruptions by callers", "step", "cause")
	m.silences = f.counter("twilio_caller_silences_total", "Total times that a caller said nothing after having heard everything")
	m.sttLength = f.histogram("twilio_stt_transcript_length_chars", "Length of transcribed text in characters", 10, 50, 100, 200, 500)
	m.sttErrors = f.set("twilio_stt_errors_total", "Total speech recognition errors", "error_type", sttErrors)
	m.utterances = f.counter("twilio_tts_utterances_total", "Total texts that were to be said, those that failed and those that callers interrupted among them")
	m.ttsErrors = f.set("twilio_tts_errors_total", "Total texts that could not be said to their end", "error_type", ttsErrors)
	m.ttsSurvived = f.set("twilio_tts_failovers_total", "Total failures of synthesisers after which another one went on, or the same one again", "error_type", ttsErrors)
	m.words = f.counter("twilio_stt_words_total", "Total words said in checked samples of speech")
	m.wordErrors = f.counter("twilio_stt_word_errors_total", "Total words substituted, deleted or inserted in checked samples of speech")
	m.wsErrors = f.set("twilio_websocket_errors_total", "Total WebSocket errors", "error_type", webSocketErrors)
	m.wsConnect = f.histogram("twilio_websocket_connect_seconds", "Time from the WebSocket handshake to the start of the stream", 0.1, 0.25, 0.5, 1, 2, 5, 10)
	m.dropped = f.counters("twilio_audio_frames_dropped_total", "Total audio frames that were dropped", "reason")
	m.decisions = f.counters("twilio_policy_decisions_total", "Total decisions about inbound calls", "decision", "reason")
	m.signatures = f.counters("twilio_signature_checks_total", "Total signature checks", "result", "key")
	if !options.OwnRequests {
		m.requests = f.histograms("http_request_duration_seconds", "Duration of HTTP requests",
			[]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 15}, "endpoint", "method", "code")
	}

	f.gauge("twilio_active_calls", "Currently active Twilio calls", func(s voice.Stats) float64 { return float64(s.ActiveCalls) }, m)
	f.gauge("twilio_websocket_connections", "Currently connected Twilio WebSockets", func(s voice.Stats) float64 { return float64(s.ActiveCalls) }, m)
	f.gauge("twilio_draining", "1 while the server refuses new streams", func(s voice.Stats) float64 {
		if s.Draining {
			return 1
		}
		return 0
	}, m)
	f.register("twilio_log_lines_dropped_total", prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "twilio_log_lines_dropped_total", Help: "Total log lines of the voice server that the log did not take in time",
	}, m.stat(func(s voice.Stats) float64 { return float64(s.LogDropped) })))
	if options.ConcurrentCallsLimit > 0 {
		f.constant("twilio_concurrent_calls_limit", "Limit of concurrent calls of the account", float64(options.ConcurrentCallsLimit), nil)
	}
	if options.Budget != nil {
		m.cost = newCost(f, options.Budget)
	}
	f.constant("twilio_build_info", "The version of the program, as a label", 1, prometheus.Labels{"version": version(options.Version)})
	f.register("twilio_stt_queue_depth", &m.engine)
	m.storeLatency = f.histogram("twilio_store_latency_seconds", "How long questions to the shared store took", 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
	f.register("twilio_store_up", storeCollector{m})
	m.createAtZero(options.Countries)
	return m, errors.Join(f.errs...)
}

// check returns everything that is wrong with the options or the registry.
func (o *Options) check(reg prometheus.Registerer) error {
	var errs []error
	if option.Nil(reg) {
		errs = append(errs, errors.New("metrics: the registry is nil"))
	}
	for _, code := range o.Countries {
		if len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			errs = append(errs, fmt.Errorf("metrics: Countries: %.20q is not a code of two capital letters, as calls have them", code))
		}
	}
	if err := option.Count("metrics: ConcurrentCallsLimit", o.ConcurrentCallsLimit); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Watch makes the gauges show what srv is doing. They are read at each scrape,
// so they cannot drift.
func (m *Metrics) Watch(srv *voice.Server) { m.server.Store(srv) }

// CountWords adds the errors of a sample of speech whose words are known, as
// package wer finds them: the alerts on recognition accuracy live on that.
func (m *Metrics) CountWords(e wer.Errors) {
	m.words.Add(float64(e.Words))
	m.wordErrors.Add(float64(e.Total()))
}

func version(configured string) string {
	if configured != "" {
		return configured
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// factory creates and registers series, and keeps the errors.
type factory struct {
	reg    prometheus.Registerer
	native bool
	errs   []error
}

func (f *factory) register(name string, c prometheus.Collector) {
	if err := f.reg.Register(c); err != nil {
		f.errs = append(f.errs, fmt.Errorf("metrics: %s: %w", name, err))
	}
}

func (f *factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	f.register(name, c)
	return c
}

func (f *factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	f.register(name, c)
	return c
}

func (f *factory) set(name, help, label string, values []string) *closedSet {
	return newClosedSet(f.counters(name, help, label), values)
}

func (f *factory) histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	opts := prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}
	if f.native {
		opts.NativeHistogramBucketFactor = 1.1
		opts.NativeHistogramMaxBucketNumber = 100
	}
	return opts
}

func (f *factory) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(f.histogramOpts(name, help, buckets))
	f.register(name, h)
	return h
}

func (f *factory) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(f.histogramOpts(name, help, buckets), labels)
	f.register(name, h)
	return h
}

func (f *factory) gauge(name, help string, value func(voice.Stats) float64, m *Metrics) {
	f.register(name, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, m.stat(value)))
}

// stat returns a function of what the server is doing, which is 0 without one.
func (m *Metrics) stat(value func(voice.Stats) float64) func() float64 {
	return func() float64 {
		if srv := m.server.Load(); srv != nil {
			return value(srv.Stats())
		}
		return 0
	}
}

func (f *factory) constant(name, help string, value float64, labels prometheus.Labels) {
	f.register(name, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
		func() float64 { return value }))
}
