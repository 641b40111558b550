package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/policy"
)

// Values of the label error_type, by metric.
var (
	transcodingErrors = []string{"base64", "json", "length", "codec", "resample", "other"}
	sttErrors         = []string{"timeout", "unavailable", "rate_limited", "auth", "bad_audio", "canceled", "panic", "other"}
	webSocketErrors   = []string{"handshake", "auth", "timeout", "disconnect", "protocol", "oversize", "slow_consumer", "write", "other"}
)

// statuses are the terminal states of a call.
var statuses = []string{"completed", "failed", "busy", "no-answer", "canceled"}

const other = "other"

// closedSet is a counter per value of one label, all created in advance; what is
// not among them counts as "other".
type closedSet struct {
	counters map[string]prometheus.Counter
}

func newClosedSet(vec *prometheus.CounterVec, values []string) *closedSet {
	s := &closedSet{counters: make(map[string]prometheus.Counter, len(values))}
	for _, value := range values {
		s.counters[value] = vec.WithLabelValues(value)
	}
	return s
}

func (s *closedSet) inc(value string) {
	if c, ok := s.counters[value]; ok {
		c.Inc()
		return
	}
	s.counters[other].Inc()
}

// createAtZero creates the series that are known in advance.
func (m *Metrics) createAtZero(countries []string) {
	for _, status := range statuses {
		for _, country := range append(slices.Clone(countries), other) {
			m.calls.WithLabelValues(status, country)
		}
	}
	for _, reason := range []string{"overrun", "inbox"} {
		m.dropped.WithLabelValues(reason)
	}
	m.decisions.WithLabelValues(policy.Allow.String(), "")
	for _, verdict := range []policy.Verdict{policy.Reject, policy.Challenge} {
		for _, reason := range policy.Reasons() {
			m.decisions.WithLabelValues(verdict.String(), string(reason))
		}
	}
}

// country returns the label value of a country code.
func (m *Metrics) country(code string) string {
	if m.countries[code] {
		return code
	}
	return other
}

func countrySet(codes []string) map[string]bool {
	if codes == nil {
		codes = iso3166
	}
	set := make(map[string]bool, len(codes))
	for _, code := range codes {
		set[code] = true
	}
	return set
}
