package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/policy"
)

// StoreAnswered measures a question to the store that instances share; give it to
// policy.StoreOptions.OnAnswer.
func (m *Metrics) StoreAnswered(took time.Duration, _ error) { m.storeLatency.Observe(took.Seconds()) }

// WatchStore exports how a store is that instances share. One in memory has no series.
func (m *Metrics) WatchStore(s *policy.Store) {
	if s.Shared() {
		m.store.Store(s)
	}
}

var (
	storeUp        = prometheus.NewDesc("twilio_store_up", "1 while the shared store answers, 0 while this instance decides by itself", nil, nil)
	storeQuestions = prometheus.NewDesc("twilio_store_questions_total", "Total questions to the shared store", []string{"result"}, nil)
	storeAlone     = prometheus.NewDesc("twilio_store_fallbacks_total", "Total operations that this instance decided without the shared store", nil, nil)
	storeLate      = prometheus.NewDesc("twilio_store_late", "Operations that wait for the shared store to be back", nil, nil)
)

// storeCollector reads a store at each scrape.
type storeCollector struct{ m *Metrics }

func (c storeCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storeUp, storeQuestions, storeAlone, storeLate} {
		to <- d
	}
}

func (c storeCollector) Collect(to chan<- prometheus.Metric) {
	s := c.m.store.Load()
	if s == nil {
		return
	}
	stats, up := s.Stats(), 0.0
	if stats.Up {
		up = 1
	}
	to <- prometheus.MustNewConstMetric(storeUp, prometheus.GaugeValue, up)
	to <- prometheus.MustNewConstMetric(storeQuestions, prometheus.CounterValue, float64(stats.Asked-stats.Failed), "ok")
	to <- prometheus.MustNewConstMetric(storeQuestions, prometheus.CounterValue, float64(stats.Failed), "failed")
	to <- prometheus.MustNewConstMetric(storeAlone, prometheus.CounterValue, float64(stats.Alone))
	to <- prometheus.MustNewConstMetric(storeLate, prometheus.GaugeValue, float64(stats.Late))
}
