package metrics

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/wer"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
)

func TestMain(m *testing.M) { leak.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

var someCall = voice.Info{Call: policy.Call{SID: "CA00000000000000000000000000000001", From: "+14155550100", Country: "US"}}

// fill reports one of everything.
func fill(m *Metrics) {
	trace := m.Trace()
	trace.Signature(signature.Result{Key: 0})
	trace.Signature(signature.Result{Key: -1, Reason: signature.ReasonMismatch})
	trace.Signature(signature.Result{Key: 0, SharedKey: "webhooks_sharedkey_1"})
	trace.Signature(signature.Result{Key: -1, SharedKey: "webhooks_sharedkey_1", Reason: signature.ReasonMismatch})
	trace.Decision(someCall, policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonRateLimit})
	trace.StreamStarted(someCall, 200*time.Millisecond)
	trace.FrameReceived()
	trace.FramesDropped("slow_consumer", 2)
	trace.TranscodingError("base64")
	trace.TranscodingError("made up by a caller")
	trace.WebSocketError("disconnect")
	trace.STTEvent(someCall, stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "book a room"}, Timing: stt.Timing{Latency: 250 * time.Millisecond, Valid: true}})
	trace.STTEvent(someCall, stt.Event{Kind: stt.Final, Timing: stt.Timing{Latency: -time.Second}})
	trace.STTEvent(someCall, stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnEnd}, Transcript: stt.Transcript{Text: "book a room"}}) // is no utterance
	trace.STTEvent(someCall, stt.Event{Kind: stt.Degraded, Err: stt.ErrOverrun})
	trace.STTError(someCall, "timeout")
	trace.Spoken(someCall, voice.Spoken{Length: time.Second, Survived: []string{"timeout", "a new kind"}})
	trace.Spoken(someCall, voice.Spoken{Failed: "auth"})
	trace.Spoken(someCall, voice.Spoken{Interrupted: true})
	trace.Answered(someCall, 900*time.Millisecond)
	trace.BargeIn(someCall, voice.BargeIn{Step: voice.BargeInPaused})
	trace.BargeIn(someCall, voice.BargeIn{Step: voice.BargeInTakenBack, Cause: voice.CauseBackchannel})
	trace.Silent(someCall, voice.SilentOnce)
	trace.StreamEnded(someCall, voice.End{Duration: 42 * time.Second})
	trace.CallFinished(someCall, "completed")
	trace.CallFinished(voice.Info{Call: policy.Call{Country: "ZZ"}}, "failed")
}

// TestSharedKeysAreBounded: a host that goes through many keys does not fill the
// registry with their series.
func TestSharedKeysAreBounded(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	trace := m.Trace()
	for range 2 {
		for i := range 60 {
			trace.Signature(signature.Result{SharedKey: fmt.Sprint("key", i)})
		}
	}
	require.Equal(t, 51, testutil.CollectAndCount(m.signatures))
	require.Equal(t, 2.0, testutil.ToFloat64(m.signatures.WithLabelValues("valid", "key49")))
	require.Equal(t, 20.0, testutil.ToFloat64(m.signatures.WithLabelValues("valid", other)))
}

// TestLabelsOfOtherPackagesAreKnown: what other packages name is counted under
// its own name, and exists from the start.
func TestLabelsOfOtherPackagesAreKnown(t *testing.T) {
	for _, kind := range []mediastream.ErrorType{mediastream.ErrorHandshake, mediastream.ErrorAuth, mediastream.ErrorTimeout, mediastream.ErrorDisconnect,
		mediastream.ErrorProtocol, mediastream.ErrorOversize, mediastream.ErrorSlowConsumer, mediastream.ErrorWrite} {
		require.Contains(t, webSocketErrors, string(kind))
	}
	for _, err := range []error{context.Canceled, stt.ErrClosed, stt.ErrTimeout, stt.ErrOverloaded, stt.ErrQuota, stt.ErrAuth, stt.ErrUnavailable,
		stt.ErrBadAudio, stt.ErrPanic, stt.ErrRefused, stt.ErrOverrun, errors.New("new")} {
		require.Contains(t, sttErrors, stt.Reason(err))
	}
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	count := func() int {
		n, err := testutil.GatherAndCount(reg, "twilio_policy_decisions_total")
		require.NoError(t, err)
		return n
	}
	before := count()
	for _, reason := range policy.Reasons() {
		m.Trace().Decision(someCall, policy.Decision{Verdict: policy.Reject, Reason: reason})
	}
	require.Equal(t, before, count())
}

// reporting is an engine that knows its load.
type reporting struct{ stt.EngineFunc }

func (reporting) Status() stt.Status {
	return stt.Status{Engine: "fake", Model: "base.en", Ready: true, Workers: 2, Busy: 2, Queued: 5}
}

func TestGoldenPage(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, &Options{Countries: []string{"DE", "US"}, ConcurrentCallsLimit: 100, Version: "v1.2.3",
		Budget: capacity.NewBudget(500, capacity.USRates(), nil)})
	require.NoError(t, err)
	fill(m)
	m.WatchEngine(reporting{})
	m.CountWords(wer.Compare("book a room", "look a room"))

	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)

	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	const golden = "testdata/metrics.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, w.Body.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), w.Body.String())
}

func TestTwoServersInOneRegistryNeedALabel(t *testing.T) {
	reg := prometheus.NewRegistry()
	one, two := prometheus.Labels{"server": "one"}, prometheus.Labels{"server": "two"}
	_, err := New(prometheus.WrapRegistererWith(one, reg), nil)
	require.NoError(t, err)
	_, err = New(prometheus.WrapRegistererWith(one, reg), nil)
	var already prometheus.AlreadyRegisteredError
	require.True(t, errors.As(err, &already))
	_, err = New(prometheus.WrapRegistererWith(two, reg), nil)
	require.NoError(t, err)
}

func TestMiddlewareLabelsComeFromClosedSets(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/voice/twilio/inbound", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	handler := m.Middleware(mux)
	for _, request := range []*http.Request{
		httptest.NewRequest(http.MethodPost, "/api/voice/twilio/inbound", nil),
		httptest.NewRequest(http.MethodPost, "/no/such/path", nil),
		httptest.NewRequest("BREW", "/api/voice/twilio/inbound", nil),
	} {
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	require.ElementsMatch(t, []string{"403 /api/voice/twilio/inbound POST", "404 other POST", "405 other other"}, requestLabels(t, reg))
}

// TestPanicsCountAsFailures: net/http answers a panic by cutting the connection,
// which Twilio takes for a failure as it does a 500.
func TestPanicsCountAsFailures(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /before", func(http.ResponseWriter, *http.Request) { panic("before the answer") })
	mux.HandleFunc("POST /after", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "half"); panic("in it") })
	handler := m.Middleware(mux)
	for _, path := range []string{"/before", "/after"} {
		require.Panics(t, func() { handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil)) })
	}
	require.ElementsMatch(t, []string{"500 /before POST", "500 /after POST"}, requestLabels(t, reg))
}

// TestOwnRequests: a host may have a series of that name already.
func TestOwnRequests(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds"}, []string{"route"}))
	_, err := New(reg, nil)
	require.ErrorContains(t, err, "http_request_duration_seconds")

	reg = prometheus.NewPedanticRegistry()
	reg.MustRegister(prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds"}, []string{"route"}))
	m, err := New(reg, &Options{OwnRequests: true})
	require.NoError(t, err)
	recorder := httptest.NewRecorder()
	m.Middleware(http.NotFoundHandler()).ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusNotFound, recorder.Code)
}

// requestLabels returns code, endpoint and method of every series of requests.
func requestLabels(t *testing.T, reg *prometheus.Registry) []string {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	var labels []string
	for _, family := range families {
		if family.GetName() == "http_request_duration_seconds" {
			for _, metric := range family.GetMetric() {
				var values []string
				for _, label := range metric.GetLabel() {
					values = append(values, label.GetValue())
				}
				labels = append(labels, strings.Join(values, " "))
			}
		}
	}
	return labels
}

// TestEngine shows that the gauges of speech recognition exist only for an engine
// that knows its load.
func TestEngine(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	m.WatchEngine(nil)
	m.WatchEngine(stt.EngineFunc(nil))
	count, err := testutil.GatherAndCount(reg, "twilio_stt_queue_depth", "twilio_stt_workers_busy", "twilio_stt_model_ready")
	require.NoError(t, err)
	require.Zero(t, count)
	m.WatchEngine(reporting{})
	count, err = testutil.GatherAndCount(reg, "twilio_stt_queue_depth", "twilio_stt_workers_busy", "twilio_stt_model_ready")
	require.NoError(t, err)
	require.Equal(t, 3, count)
}

// TestCost: what calls cost is counted by direction, from 0, if there is a budget.
func TestCost(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	_, err := New(reg, nil)
	require.NoError(t, err)
	series, err := testutil.GatherAndCount(reg, "twilio_cost_dollars_total", "twilio_budget_dollars")
	require.NoError(t, err)
	require.Zero(t, series)

	reg = prometheus.NewPedanticRegistry()
	budget := capacity.NewBudget(1, capacity.Rates{Inbound: 0.01, Outbound: 0.02, Stream: 0.004, Transcription: 0.02, Recording: 0.006}, nil)
	m, err := New(reg, &Options{Budget: budget})
	require.NoError(t, err)
	series, err = testutil.GatherAndCount(reg, "twilio_cost_dollars_total", "twilio_budget_dollars")
	require.NoError(t, err)
	require.Equal(t, 3, series)
	ended := func(direction string, length time.Duration) {
		m.Trace().StreamEnded(voice.Info{Call: policy.Call{Direction: direction}}, voice.End{Duration: length})
	}
	ended("inbound", 90*time.Second)
	require.InDelta(t, 0.065, testutil.ToFloat64(m.cost.inbound), 1e-12, "two minutes begun, one and a half of the rest")
	require.Zero(t, testutil.ToFloat64(m.cost.outbound))
	ended("outbound-api", time.Minute)
	ended("outbound-dial", time.Minute)
	require.InDelta(t, 0.1, testutil.ToFloat64(m.cost.outbound), 1e-12)
	require.InDelta(t, 0.165, budget.Share(time.Time{}), 1e-12)

	m, err = New(prometheus.NewRegistry(), &Options{Budget: capacity.NewBudget(1, capacity.Rates{Inbound: -1}, nil)})
	require.NoError(t, err)
	ended("inbound", time.Minute) // at a rate that no counter can take
}

// TestCountryExistsBeforeItsFirstFailure: a counter that is born at 1 shows no
// increase.
func TestCountryExistsBeforeItsFirstFailure(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, nil)
	require.NoError(t, err)
	trace := m.Trace()
	calls := func() int {
		count, err := testutil.GatherAndCount(reg, "twilio_calls_total")
		require.NoError(t, err)
		return count
	}
	require.Equal(t, 5, calls(), "other, in five statuses")
	trace.Decision(someCall, policy.Decision{})
	require.Equal(t, 10, calls())
	trace.Decision(voice.Info{Call: policy.Call{Country: "X1"}}, policy.Decision{})
	trace.CallFinished(someCall, "invented")
	require.Equal(t, 10, calls())
	trace.CallFinished(someCall, "failed")
	require.Equal(t, 1.0, testutil.ToFloat64(m.calls.WithLabelValues("failed", "US")))
	trace.StreamStarted(voice.Info{Call: policy.Call{Country: "DE"}}, time.Second) // another instance had the webhook
	require.Equal(t, 15, calls())
}

// TestOptionsThatCannotWork are refused, all at once.
func TestOptionsThatCannotWork(t *testing.T) {
	for _, reg := range []prometheus.Registerer{nil, (*prometheus.Registry)(nil)} {
		_, err := New(reg, &Options{Countries: []string{"us", "DE", "USA"}, ConcurrentCallsLimit: -1})
		for _, want := range []string{"registry is nil", `"us"`, `"USA"`, "ConcurrentCallsLimit is negative"} {
			require.ErrorContains(t, err, want)
		}
		require.NotContains(t, err.Error(), "DE")
	}
}

// TestNamedCountries: a host's own list is the set, whatever the standard says.
func TestNamedCountries(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, &Options{Countries: []string{"US", "XK"}})
	require.NoError(t, err)
	for _, country := range []string{"US", "XK", "DE", ""} {
		m.Trace().CallFinished(voice.Info{Call: policy.Call{Country: country}}, "completed")
	}
	for country, calls := range map[string]float64{"US": 1, "XK": 1, "other": 2} {
		require.Equal(t, calls, testutil.ToFloat64(m.calls.WithLabelValues("completed", country)), country)
	}
	series, err := testutil.GatherAndCount(reg, "twilio_calls_total")
	require.NoError(t, err)
	require.Equal(t, 15, series)
}

// scrapeAs returns a page of /metrics as a scraper gets it that accepts a type.
func scrapeAs(reg *prometheus.Registry, accept string) string {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, r)
	return w.Body.String()
}

// TestExemplars shows that latencies name the call's trace, and that labels which
// Prometheus does not take are left out instead of breaking the call.
func TestExemplars(t *testing.T) {
	reg := prometheus.NewRegistry()
	labels := prometheus.Labels{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
	m, err := New(reg, &Options{Exemplar: func(voice.Info) prometheus.Labels { return labels }})
	require.NoError(t, err)
	fill(m)
	page := scrapeAs(reg, "application/openmetrics-text")
	require.Contains(t, page, `twilio_stt_latency_seconds_bucket{le="0.5"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.25`)
	require.Contains(t, page, `twilio_e2e_latency_seconds_bucket{le="0.3"} 1 # {trace_id=`)
	for _, labels = range []prometheus.Labels{nil, {"a b": "c"}, {"trace_id": strings.Repeat("x", 128)}, {"trace_id": "\xff"}} {
		fill(m)
	}
	require.Contains(t, scrapeAs(reg, "application/openmetrics-text"), "twilio_stt_latency_seconds_count 5")
}

// TestNativeHistograms: they come to a scraper that takes protobuf, next to the
// classic buckets that the alerts need.
func TestNativeHistograms(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := New(reg, &Options{NativeHistograms: true})
	require.NoError(t, err)
	fill(m)
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == "twilio_stt_latency_seconds" {
			h := family.GetMetric()[0].GetHistogram()
			require.Len(t, h.GetBucket(), 6)
			require.NotEmpty(t, h.GetPositiveSpan())
		}
	}
	require.Contains(t, scrapeAs(reg, ""), `twilio_stt_latency_seconds_bucket{le="0.5"} 1`)
}

func TestRulesForAnotherJob(t *testing.T) {
	rules, err := Rules("phone-1")
	require.NoError(t, err)
	require.Contains(t, string(rules), `up{job="phone-1"} == 0`)
	require.NotContains(t, string(rules), defaultJob)
	for _, bad := range []string{"", `x"} or vector(1) #`} {
		_, err = Rules(bad)
		require.Error(t, err)
	}
	own, err := RulesFor(RuleOptions{Runbook: "https://wiki.example.com/calls?page=7"})
	require.NoError(t, err)
	require.Contains(t, string(own), "runbook_url: https://wiki.example.com/calls?page=7#webhook-down\n")
	require.NotContains(t, string(own), defaultRunbook)
	require.Contains(t, string(own), defaultJob)
	for _, bad := range []string{"wiki", "https://x/#top", "https://x/\ny: z", "https://x/{{ 1 }}", `https://x/"`} {
		_, err = RulesFor(RuleOptions{Runbook: bad})
		require.ErrorContains(t, err, "runbook", bad)
	}
	same, err := Rules(defaultJob)
	require.NoError(t, err)
	embedded, err := fs.ReadFile(Files(), "rules/voice.rules.yml")
	require.NoError(t, err)
	require.Equal(t, string(embedded), string(same))
}

func TestFramesCostNothing(t *testing.T) {
	m, err := New(prometheus.NewRegistry(), nil)
	require.NoError(t, err)
	trace := m.Trace()
	require.Zero(t, testing.AllocsPerRun(1000, trace.FrameReceived))
}
