// Package metrics measures what counting costs on the path of every 20 ms frame.
package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/voice"
)

// budget is what a frame may cost, in nanoseconds of CPU time. A race build is
// another program, so only the uninstrumented one is held to it.
const budget = 30

func TestFrame(t *testing.T) {
	m, err := metrics.New(prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	trace := m.Trace()
	joined := trace.Join(&voice.Trace{})
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frames_total", Help: "frames"}, []string{"track"})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "frame_seconds", Help: "frames", Buckets: []float64{.1, .2, .5, 1, 2, 5}})
	results := bench.Report(t, "count a frame",
		contestant("voice.Trace.FrameReceived of metrics", trace.FrameReceived),
		contestant("the same, joined with a host's trace", joined.FrameReceived),
		contestant("a counter found by its label each time", func() { vec.WithLabelValues("inbound").Inc() }),
		contestant("a histogram of 6 buckets", func() { histogram.Observe(0.02) }),
	)
	if got := results[0].P10; got > budget {
		t.Errorf("a frame costs %.1f ns, more than %d", got, budget)
	}
	if n := testing.AllocsPerRun(1000, joined.FrameReceived); n != 0 {
		t.Errorf("a frame allocates %v times", n)
	}
}

func contestant(name string, f func()) bench.Contestant {
	return bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			f()
		}
	}}
}
