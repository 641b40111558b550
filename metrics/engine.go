package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/stt"
)

// WatchEngine makes the gauges of speech recognition show what e says of itself
// at each scrape. An engine without [stt.Reporter] reports nothing, and the
// series stay away.
func (m *Metrics) WatchEngine(e stt.Engine) {
	if r, ok := e.(stt.Reporter); ok {
		m.engine.reporter.Store(&r)
	}
}

// engine collects the load of a speech engine.
type engine struct {
	reporter atomic.Pointer[stt.Reporter]
}

// The gauges of an engine. The model is the host's choice, not a caller's.
var (
	queueDepth  = prometheus.NewDesc("twilio_stt_queue_depth", "Utterances that wait for a worker of the speech engine", nil, nil)
	workersBusy = prometheus.NewDesc("twilio_stt_workers_busy", "Utterances that are being recognised", nil, nil)
	modelReady  = prometheus.NewDesc("twilio_stt_model_ready", "1 while the speech engine can transcribe", []string{"model"}, nil)
)

// Describe implements prometheus.Collector.
func (e *engine) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{queueDepth, workersBusy, modelReady} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (e *engine) Collect(ch chan<- prometheus.Metric) {
	r := e.reporter.Load()
	if r == nil {
		return
	}
	status := (*r).Status()
	ready := 0.0
	if status.Ready {
		ready = 1
	}
	ch <- prometheus.MustNewConstMetric(queueDepth, prometheus.GaugeValue, float64(status.Queued))
	ch <- prometheus.MustNewConstMetric(workersBusy, prometheus.GaugeValue, float64(status.Busy))
	ch <- prometheus.MustNewConstMetric(modelReady, prometheus.GaugeValue, ready, status.Model)
}
